"""Writes pytorch.json: convolutions with every bias mode, forward and gradients, by PyTorch in f64.

Run: pip install torch, then python generate.py. The committed file was written by the version that it names.
"""

import json
import pathlib

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

CASES = [
    # name, x shape, weight shape, bias spatial shape, stride, (top, left, bottom, right), dilation, groups
    ("tied", (2, 3, 5, 6), (4, 3, 3, 3), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ("none", (2, 3, 5, 6), (4, 3, 3, 3), None, (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ("untied_same", (2, 2, 5, 6), (3, 2, 3, 3), (5, 6), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    ("untied_stride", (2, 2, 7, 8), (3, 2, 3, 3), (3, 4), (2, 2), (0, 1, 0, 1), (1, 1), 1),
    ("untied_rows_dilated", (1, 2, 9, 9), (2, 2, 3, 2), (5, 1), (1, 1), (0, 0, 0, 0), (2, 3), 1),
    ("untied_columns_groups", (2, 4, 4, 5), (6, 2, 2, 2), (1, 4), (1, 1), (0, 0, 0, 0), (1, 1), 2),
    ("depthwise", (2, 3, 4, 4), (3, 1, 3, 3), (4, 4), (1, 1), (1, 1, 1, 1), (1, 1), 3),
    ("stride_over_kernel", (1, 1, 8, 8), (2, 1, 2, 2), (2, 2), (5, 5), (0, 0, 0, 0), (1, 1), 1),
    ("asymmetric_padding", (1, 2, 4, 4), (2, 2, 3, 3), (5, 3), (1, 1), (0, 1, 3, 0), (1, 1), 1),
]


def case(name, x_shape, w_shape, b_spatial, stride, padding, dilation, groups):
    x = torch.randn(x_shape, requires_grad=True)
    w = torch.randn(w_shape, requires_grad=True)
    top, left, bottom, right = padding
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(x, (left, right, top, bottom)), w, None, stride, 0, dilation, groups
    )
    leaves = {"x": x, "w": w}
    if b_spatial is not None:
        leaves["b"] = torch.randn((w_shape[0], *b_spatial), requires_grad=True)
        y = y + leaves["b"]
    dy = torch.randn(y.shape)
    gradients = torch.autograd.grad((y * dy).sum(), list(leaves.values()))
    tensors = leaves | {"y": y, "dy": dy} | {f"d{key}": value for key, value in zip(leaves, gradients)}
    return {
        "name": name,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "tensors": {k: {"shape": list(v.shape), "values": v.detach().flatten().tolist()} for k, v in tensors.items()},
    }


path = pathlib.Path(__file__).with_name("pytorch.json")
path.write_text(json.dumps({"torch": torch.__version__, "cases": [case(*c) for c in CASES]}) + "\n")
