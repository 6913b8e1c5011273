"""Milliseconds of one convolution in PyTorch, forward and backward given dy, beside benches/conv.rs (shapes: benches/step/mod.rs).

An untied bias is added to the convolution's output.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python crates/conv/benches/pytorch.py
"""

import argparse
import statistics
import time

import torch

# Images, channels in and out, height and width, kernel size, groups.
SHAPES = [
    (64, 1, 16, 28, 3, 1),
    (64, 16, 32, 14, 3, 1),
    (64, 32, 64, 7, 3, 1),
    (64, 3, 32, 32, 3, 1),
    (64, 64, 128, 8, 3, 1),
    (64, 64, 64, 16, 1, 1),
    (64, 64, 64, 16, 3, 64),  # depthwise
]


def milliseconds(shape, bias, layout, seconds):
    n, channels_in, channels_out, size, kernel, groups = shape
    x = torch.randn(n, channels_in, size, size).to(memory_format=layout).requires_grad_()
    weight = torch.randn(channels_out, channels_in // groups, kernel, kernel)
    weight = weight.to(memory_format=layout).requires_grad_()
    dy = torch.randn(n, channels_out, size, size).to(memory_format=layout)
    tied = torch.randn(channels_out, requires_grad=True) if bias == "tied" else None
    untied = torch.randn(channels_out, size, size, requires_grad=True) if bias == "untied" else None
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        y = torch.nn.functional.conv2d(x, weight, tied, padding=kernel // 2, groups=groups)
        if untied is not None:
            y = y + untied
        inputs = [tensor for tensor in (x, weight, tied, untied) if tensor is not None]
        torch.autograd.grad(y, inputs, dy)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for bias in ("none", "tied", "untied"):
        for shape in SHAPES:
            for name, layout in (("contiguous", torch.contiguous_format), ("channels_last", torch.channels_last)):
                median, least = milliseconds(shape, bias, layout, arguments.seconds)
                print(f"{bias:7} {str(shape):26} {name:14} {median:7.3f} ms, least {least:.3f}", flush=True)


if __name__ == "__main__":
    main()
