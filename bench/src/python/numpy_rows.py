"""The rows in numpy: each function takes the inputs and parameters of a row and gives back what is timed."""

import sys

import numpy as np


def versions():
    return {"python": sys.version.split()[0], "numpy": np.__version__}


def array(values):
    return values


def product(inputs, parameters):
    a = inputs["a"].T if parameters["transposeA"] else inputs["a"]
    b = inputs["b"].T if parameters["transposeB"] else inputs["b"]
    return lambda: a @ b


def chain(inputs, parameters):
    a, b, c, d = (inputs[name] for name in "abcd")
    return lambda: np.tanh(a * b + c) * d


def total(inputs, parameters):
    a = inputs["a"]
    return lambda: np.sum(a)


def softmax(inputs, parameters):
    a = inputs["a"]

    def run():
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return run


def addition(inputs, parameters):
    a, b = inputs["a"], inputs["b"]
    return lambda: a + b


def knorm_gradient(inputs, parameters):
    w, k, weight = inputs["w"], inputs["k"], np.float32(parameters["lambda"])
    column = w[:, :, None]
    if parameters["from"] == "rows":
        x, y = inputs["x"], inputs["y"]
        xt = x.transpose(0, 2, 1)
        return lambda: 2 * (xt @ (x @ column - y))[:, :, 0] + weight * (k @ w)
    blocks, targets = inputs["blocks"], inputs["targets"]
    return lambda: 2 * (blocks @ column - targets)[:, :, 0] + weight * (k @ w)


def knorm_fit(inputs, parameters):
    """Gram matrices, then conjugate gradients, as the JavaScript peers do."""
    x, y, weight = inputs["x"], inputs["y"], parameters["lambda"]
    share = parameters["tasks"] + parameters["shrinkage"]

    def run():
        xt = x.transpose(0, 2, 1)
        blocks = 2 * (xt @ x)
        residual = 2 * (xt @ y)
        w = np.zeros_like(residual)
        direction = residual
        square = np.vdot(residual, residual)
        goal = 1e-18 * square
        for _ in range(500):
            if square <= goal:
                break
            image = blocks @ direction + weight * (direction - direction.sum(axis=0) / share)
            length = square / np.vdot(direction, image)
            w = w + length * direction
            residual = residual - length * image
            following = np.vdot(residual, residual)
            direction = residual + (following / square) * direction
            square = following
        return w

    return run


def multi_task_lasso(inputs, parameters):
    """scikit-learn's own solver, where it is installed."""
    from sklearn.linear_model import MultiTaskLasso

    x, y = np.asfortranarray(inputs["x"]), np.asfortranarray(inputs["y"])

    def run():
        model = MultiTaskLasso(parameters["alpha"], fit_intercept=False, tol=parameters["tolerance"])
        return model.fit(x, y).coef_.T

    return run


ROWS = {
    "product": product,
    "tanh(a·b+c)·d": chain,
    "sum": total,
    "softmax": softmax,
    "a+b": addition,
    "K-norm gradient": knorm_gradient,
    "K-norm fit": knorm_fit,
    "multi-task lasso": multi_task_lasso,
}
