"""The rows in PyTorch, on one thread: each function takes a row's inputs and parameters and gives back what is timed."""

import sys

import torch

torch.set_num_threads(1)


def versions():
    return {"python": sys.version.split()[0], "torch": torch.__version__}


def array(values):
    return torch.from_numpy(values)


def product(inputs, parameters):
    a = inputs["a"].T if parameters["transposeA"] else inputs["a"]
    b = inputs["b"].T if parameters["transposeB"] else inputs["b"]
    return lambda: a @ b


def chain(inputs, parameters):
    a, b, c, d = (inputs[name] for name in "abcd")
    return lambda: torch.tanh(a * b + c) * d


def total(inputs, parameters):
    a = inputs["a"]
    return lambda: torch.sum(a)


def softmax(inputs, parameters):
    a = inputs["a"]
    return lambda: torch.softmax(a, dim=1)


def addition(inputs, parameters):
    a, b = inputs["a"], inputs["b"]
    return lambda: a + b


ROWS = {
    "product": product,
    "tanh(a·b+c)·d": chain,
    "sum": total,
    "softmax": softmax,
    "a+b": addition,
}
