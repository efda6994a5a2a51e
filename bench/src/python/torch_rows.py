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


def small_gradient(inputs, parameters):
    x = inputs["x"].requires_grad_()

    def run():
        return torch.autograd.grad((x * x).sum(), x)[0]

    return run


def adam(parameters):
    """Adam in one kernel for all parameters, where this version has that for processors (2.4 and later)."""
    try:
        return torch.optim.Adam(parameters, lr=1e-3, fused=True)
    except RuntimeError:
        return torch.optim.Adam(parameters, lr=1e-3)


def mlp_step(inputs, parameters):
    heads = range(parameters["heads"])
    names = ["w1", "b1", "w2", "b2"] + [f"{kind}_{head}" for head in heads for kind in "wb"]
    state = {name: inputs[name].requires_grad_() for name in names}
    optimizer = adam(list(state.values()))
    x = inputs["x"]
    y = [inputs[f"y_{head}"] for head in heads]

    def run():
        h1 = torch.relu(torch.addmm(state["b1"], x, state["w1"]))
        h2 = torch.relu(torch.addmm(state["b2"], h1, state["w2"]))
        loss = sum(
            torch.nn.functional.mse_loss(torch.addmm(state[f"b_{head}"], h2, state[f"w_{head}"]), y[head])
            for head in heads
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return [loss.detach(), *(value.detach() for value in state.values())]

    return run


def cnn_step(inputs, parameters):
    names = ["f1", "c1", "f2", "c2", "w", "b", "w_0", "b_0", "w_1", "b_1"]
    state = {name: inputs[name].requires_grad_() for name in names}
    optimizer = adam(list(state.values()))
    functional = torch.nn.functional

    def run():
        p = state
        p1 = functional.max_pool2d(torch.relu(functional.conv2d(inputs["x"], p["f1"], p["c1"])), 2)
        p2 = functional.max_pool2d(torch.relu(functional.conv2d(p1, p["f2"], p["c2"])), 2)
        h = torch.relu(torch.addmm(p["b"], p2.flatten(1), p["w"]))
        loss = sum(
            functional.cross_entropy(torch.addmm(p[f"b_{head}"], h, p[f"w_{head}"]), inputs[f"y_{head}"])
            for head in (0, 1)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return [loss.detach(), *(value.detach() for value in state.values())]

    return run


def knorm_gradient(inputs, parameters):
    w, k, weight = inputs["w"], inputs["k"], parameters["lambda"]
    column = w[:, :, None]
    if parameters["from"] == "rows":
        x, y = inputs["x"], inputs["y"]
        xt = x.transpose(1, 2)
        return lambda: 2 * (xt @ (x @ column - y))[:, :, 0] + weight * (k @ w)
    blocks, targets = inputs["blocks"], inputs["targets"]
    return lambda: 2 * (blocks @ column - targets)[:, :, 0] + weight * (k @ w)


def two_valleys(inputs, parameters):
    floor = 5e-6

    def loss(a, b):
        bend = torch.tanh(-b)
        upper = torch.clamp(torch.tanh(b * 0.5), min=0)
        lower = torch.clamp(torch.tanh(b * -0.5), min=0)
        total = 0
        for slope, shift, centre in ((-7, 0, 7), (3, 2, -7)):
            inside = (slope - a) * 0.5 - bend + shift
            valley = torch.log(torch.clamp(torch.abs(inside), min=floor)) + 6
            bowl = ((centre - a) ** 2 + 0.1 * (-8 - b) ** 2) / 10 - 20
            total = total + valley * upper + bowl * lower
        return total

    def run():
        point = inputs["start"].clone().requires_grad_()
        optimizer = adam([point])
        for _ in range(parameters["steps"]):
            optimizer.zero_grad()
            loss(point[0], point[1]).backward()
            optimizer.step()
        return point.detach()

    return run


ROWS = {
    "product": product,
    "tanh(a·b+c)·d": chain,
    "sum": total,
    "softmax": softmax,
    "a+b": addition,
    "∇ Σ x²": small_gradient,
    "MLP step": mlp_step,
    "CNN step": cnn_step,
    "K-norm gradient": knorm_gradient,
    "two valleys": two_valleys,
}
