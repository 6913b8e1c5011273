"""Single operations in PyTorch, forward and backward given dy: convolutions and batch norm. Medians in milliseconds."""

import statistics
import time

import torch
from torch.nn import functional

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
WARM_UP = 10


def convolution(shape, bias, layout):
    """An untied bias is added to the output."""
    n, before, after, size, kernel, stride, groups = shape
    layout = LAYOUTS[layout]
    size_out = (size + 2 * (kernel // 2) - kernel) // stride + 1
    x = torch.randn(n, before, size, size).to(memory_format=layout).requires_grad_()
    weight = torch.randn(after, before // groups, kernel, kernel).to(memory_format=layout).requires_grad_()
    dy = torch.randn(n, after, size_out, size_out).to(memory_format=layout)
    tied = torch.randn(after, requires_grad=True) if bias == "tied" else None
    untied = torch.randn(after, size_out, size_out, requires_grad=True) if bias == "untied" else None
    inputs = [tensor for tensor in (x, weight, tied, untied) if tensor is not None]

    def step():
        y = functional.conv2d(x, weight, tied, stride, kernel // 2, groups=groups)
        torch.autograd.grad(y if untied is None else y + untied, inputs, dy)

    return step


def batch_norm(shape, mode):
    rank4 = mode == "channels_last" and shape[2] * shape[3] > 1
    layout = torch.channels_last if rank4 else torch.contiguous_format
    x = torch.randn(shape).to(memory_format=layout).requires_grad_()
    gamma, beta = (torch.randn(shape[1], requires_grad=True) for _ in range(2))
    dy = torch.randn(shape).to(memory_format=layout)

    def forward(x, gamma, beta):
        return functional.batch_norm(x, None, None, gamma, beta, training=True)

    run = forward
    if mode == "compile":
        # As for nets.
        torch.compiler.reset()
        run = torch.compile(forward)

    def step():
        torch.autograd.grad(run(x, gamma, beta), (x, gamma, beta), dy)

    return step


def median(step, seconds):
    times, end = [], time.perf_counter() + seconds
    while len(times) < WARM_UP + 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[WARM_UP:])
