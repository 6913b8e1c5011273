"""Writes pytorch.json: batch norm in training and evaluation, forward, gradients and running statistics, in f64.

Run: pip install torch, then python generate.py. The committed file was written by the version that it names.
"""

import json
import pathlib

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

NORMS = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
CASES = [
    # name, shape, epsilon, momentum, affine
    ("rank2", (5, 3), 1e-5, 0.1, True),
    ("rank3", (3, 2, 4), 1e-5, 0.1, True),
    ("rank4", (2, 3, 3, 2), 1e-5, 0.1, True),
    ("rank5", (2, 2, 2, 1, 3), 1e-5, 0.1, True),
    ("large_epsilon", (4, 2), 0.5, 0.1, True),
    ("fast_momentum", (4, 2), 1e-5, 0.9, True),
    ("cumulative", (4, 2), 1e-5, None, True),
    ("without_affine", (4, 2, 3), 1e-5, 0.1, False),
]


def case(name, shape, epsilon, momentum, affine):
    norm = NORMS[len(shape)](shape[1], eps=epsilon, momentum=momentum, affine=affine)
    if affine:
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)
    first, x = torch.randn(shape) * 2 + 1, torch.randn(shape, requires_grad=True)
    norm(first)  # so that the running statistics see two batches
    y = norm(x)
    dy = torch.randn(shape)
    leaves = {"x": x} | ({"gamma": norm.weight, "beta": norm.bias} if affine else {})
    gradients = torch.autograd.grad((y * dy).sum(), list(leaves.values()))
    running = {"running_mean": norm.running_mean.clone(), "running_var": norm.running_var.clone()}
    norm.eval()
    tensors = leaves | running | {"first": first, "y": y, "dy": dy, "y_evaluated": norm(x)}
    tensors |= {f"d{key}": value for key, value in zip(leaves, gradients)}
    return {
        "name": name,
        "epsilon": epsilon,
        "momentum": momentum,
        "affine": affine,
        "tensors": {k: {"shape": list(v.shape), "values": v.detach().flatten().tolist()} for k, v in tensors.items()},
    }


path = pathlib.Path(__file__).with_name("pytorch.json")
path.write_text(json.dumps({"torch": torch.__version__, "cases": [case(*c) for c in CASES]}) + "\n")
