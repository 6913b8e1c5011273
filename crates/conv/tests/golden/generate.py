"""Writes what PyTorch computes in f64 for the tests: pytorch.json (convolutions of every rank with every bias mode,
forward and gradients), resized.json (interpolated biases), and the state dicts conv.pt and conv.safetensors with
what the layers in them compute (state_dict.json).

Run: pip install torch safetensors, then python generate.py. The committed files were written by the version that
they name.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
F = torch.nn.functional
HERE = pathlib.Path(__file__).parent

CASES = [
    # name, x shape, weight shape, bias spatial shape, stride, padding (before, after) per axis, dilation, groups
    ("none", (2, 3, 9), (4, 3, 3), None, 1, [(0, 0)], 1, 1),
    ("tied", (2, 3, 9), (4, 3, 3), [1], 1, [(1, 1)], 1, 1),
    ("untied", (2, 2, 7), (3, 2, 4), [7], 1, [(1, 2)], 1, 1),
    ("untied, stride and dilation", (2, 2, 11), (3, 2, 3), [4], 2, [(0, 0)], 2, 1),
    ("groups, a stride that leaves a rest", (2, 4, 8), (6, 2, 3), [1], 2, [(0, 0)], 1, 2),
    ("depthwise", (1, 5, 6), (10, 1, 3), [6], 1, [(1, 1)], 1, 5),
    ("stride over kernel", (1, 2, 13), (2, 2, 2), [3], 5, [(0, 0)], 1, 1),
    ("asymmetric padding", (1, 2, 5), (2, 2, 3), [6], 1, [(0, 3)], 1, 1),
    ("kernel of one", (3, 3, 4), (5, 3, 1), [4], 1, [(0, 0)], 1, 1),
    ("tied", (2, 3, 5, 6), (4, 3, 3, 3), [1, 1], 1, [(0, 0), (0, 0)], 1, 1),
    ("none", (2, 3, 5, 6), (4, 3, 3, 3), None, 1, [(0, 0), (0, 0)], 1, 1),
    ("untied, same", (2, 2, 5, 6), (3, 2, 3, 3), [5, 6], 1, [(1, 1), (1, 1)], 1, 1),
    ("untied, stride", (2, 2, 7, 8), (3, 2, 3, 3), [3, 4], 2, [(0, 0), (1, 1)], 1, 1),
    ("untied rows, dilated", (1, 2, 9, 9), (2, 2, 3, 2), [5, 1], 1, [(0, 0), (0, 0)], (2, 3), 1),
    ("untied columns, groups", (2, 4, 4, 5), (6, 2, 2, 2), [1, 4], 1, [(0, 0), (0, 0)], 1, 2),
    ("depthwise", (2, 3, 4, 4), (3, 1, 3, 3), [4, 4], 1, [(1, 1), (1, 1)], 1, 3),
    ("stride over kernel", (1, 1, 8, 8), (2, 1, 2, 2), [2, 2], 5, [(0, 0), (0, 0)], 1, 1),
    ("asymmetric padding", (1, 2, 4, 4), (2, 2, 3, 3), [5, 3], 1, [(0, 3), (1, 0)], 1, 1),
    ("kernel of one, stride", (2, 3, 5, 5), (4, 3, 1, 1), [3, 2], (2, 3), [(0, 0), (0, 0)], 1, 1),
    ("none", (2, 2, 3, 4, 3), (2, 2, 2, 3, 2), None, 1, [(0, 0)] * 3, 1, 1),
    ("tied", (1, 2, 3, 4, 3), (3, 2, 2, 3, 2), [1, 1, 1], 1, [(1, 1)] * 3, 1, 1),
    ("untied", (2, 2, 3, 3, 4), (2, 2, 2, 3, 3), [3, 3, 4], 1, [(0, 1), (1, 1), (1, 1)], 1, 1),
    ("untied along depth", (1, 2, 4, 3, 3), (2, 2, 3, 2, 2), [2, 1, 1], 1, [(0, 0)] * 3, 1, 1),
    ("untied along height and width", (1, 2, 3, 4, 5), (2, 2, 2, 2, 2), [1, 3, 4], 1, [(0, 0)] * 3, 1, 1),
    ("groups, stride and dilation", (2, 4, 5, 4, 6), (4, 2, 2, 2, 2), [2, 1, 2], (2, 3, 2), [(0, 0)] * 3, (2, 1, 3), 2),
    ("depthwise", (1, 3, 3, 3, 3), (3, 1, 2, 2, 2), [3, 3, 3], 1, [(1, 0)] * 3, 1, 3),
    ("stride over kernel", (2, 1, 7, 3, 5), (2, 1, 1, 2, 1), [2, 1, 2], (4, 3, 3), [(0, 0), (1, 0), (0, 0)], 1, 1),
    ("asymmetric padding", (1, 2, 3, 2, 4), (2, 2, 2, 2, 2), [4, 1, 4], 1, [(2, 0), (0, 1), (1, 0)], 1, 1),
]


def per_axis(number, rank):
    return (number,) * rank if isinstance(number, int) else number


def padded(x, padding):
    return F.pad(x, [side for axis in reversed(padding) for side in axis])


def tensors(named):
    return {k: {"shape": list(v.shape), "values": v.detach().flatten().tolist()} for k, v in named.items()}


def case(name, x_shape, w_shape, b_size, stride, padding, dilation, groups):
    rank = len(padding)
    conv = [F.conv1d, F.conv2d, F.conv3d][rank - 1]
    stride, dilation = per_axis(stride, rank), per_axis(dilation, rank)
    leaves = {"x": torch.randn(x_shape, requires_grad=True), "w": torch.randn(w_shape, requires_grad=True)}
    y = conv(padded(leaves["x"], padding), leaves["w"], None, stride, 0, dilation, groups)
    if b_size is not None:
        leaves["b"] = torch.randn((w_shape[0], *b_size), requires_grad=True)
        y = y + leaves["b"]
    dy = torch.randn(y.shape)
    gradients = torch.autograd.grad((y * dy).sum(), list(leaves.values()))
    named = leaves | {"y": y, "dy": dy} | {f"d{key}": value for key, value in zip(leaves, gradients)}
    return {
        "name": f"{rank}d {name}",
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "tensors": tensors(named),
    }


def resized(old, new, mode):
    bias = torch.randn((2, *old))
    options = {} if mode == "nearest-exact" else {"align_corners": False}
    to = F.interpolate(bias[None], size=new, mode=mode, **options)[0]
    return {"mode": mode, **tensors({"from": bias, "to": to})}


RESIZED = [
    resized(old, new, mode)
    for linear, old, new in [
        ("linear", [5], [9]),
        ("linear", [9], [4]),
        ("bilinear", [3, 4], [6, 8]),
        ("bilinear", [7, 5], [3, 11]),
        ("bilinear", [1, 4], [3, 4]),
        ("trilinear", [2, 3, 4], [4, 5, 3]),
    ]
    for mode in [linear, "nearest-exact"]
]


def write(name, content):
    (HERE / name).write_text(json.dumps({"torch": torch.__version__, **content}) + "\n")


def state_dicts():
    torch.set_default_dtype(torch.float32)
    conv = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3, padding=1), torch.nn.Conv2d(3, 4, (2, 3), groups=1, bias=False))
    state = {f"{name}.{key}": v for name, layer in zip(["first", "second"], conv) for key, v in layer.state_dict().items()}
    x = torch.randn(2, 2, 5, 6)
    torch.save(state, HERE / "conv.pt")
    save_file(state, HERE / "conv.safetensors")
    write("state_dict.json", tensors({"x": x, "y": conv(x)}))


write("pytorch.json", {"cases": [case(*c) for c in CASES]})
write("resized.json", {"cases": RESIZED})
state_dicts()
