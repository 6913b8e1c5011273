"""Milliseconds of a training step in PyTorch, beside benches/step.rs.

Blocks of 3x3 convolution, batch norm, ReLU and 2x2 max pooling, then a linear head; batches of 64, SGD with momentum.
An untied bias is added to the convolution's output. Medians of means over blocks of 50 steps; the best of three, in
which the columns take turns.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python crates/trainer/benches/pytorch_step.py [--compile] [--seconds 5]
"""

import argparse
import statistics
import time

import torch
from torch import nn

NETS = {
    "1x28x28, 16-32-64": ((1, 28, 28), (16, 32, 64)),
    "3x32x32, 32-64-128": ((3, 32, 32), (32, 64, 128)),
    "1x8x8, 16-32-64": ((1, 8, 8), (16, 32, 64)),
}
STEPS = 50


class Convolution(nn.Module):
    def __init__(self, channels_in, channels_out, size, bias):
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=bias == "tied")
        self.untied = nn.Parameter(torch.zeros(channels_out, *size)) if bias == "untied" else None

    def forward(self, x):
        y = self.convolution(x)
        return y if self.untied is None else y + self.untied


def build(shape, channels, bias):
    layers, (channels_in, height, width) = [], shape
    for channels_out in channels:
        layers += [
            Convolution(channels_in, channels_out, (height, width), bias),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels_in, height, width = channels_out, height // 2, width // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels_in * height * width, 10))


def trainer(shape, channels, bias, mode):
    """One step at each call."""
    torch.manual_seed(0)
    net = build(shape, channels, bias)
    x, labels = torch.randn(64, *shape), torch.randint(0, 10, (64,))
    if mode == "channels_last":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    run = torch.compile(net) if mode == "compile" else net
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(run(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(10):
        step()
    return step


def milliseconds(step, seconds):
    blocks, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(blocks) < 3:
        start = time.perf_counter()
        for _ in range(STEPS):
            step()
        blocks.append(1e3 * (time.perf_counter() - start) / STEPS)
    return statistics.median(blocks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which takes minutes to start")
    parser.add_argument("--only", default="", help="part of a line's name")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    modes = ["contiguous", "channels_last"] + (["compile"] if arguments.compile else [])
    print(f"{'':28}", *(f"{mode:>14}" for mode in modes))
    for name, (shape, channels) in NETS.items():
        for bias in ("tied", "untied"):
            line = f"{name:20} {bias:7}"
            if arguments.only in line:
                steps = [trainer(shape, channels, bias, mode) for mode in modes]
                rounds = [[milliseconds(step, arguments.seconds) for step in steps] for _ in range(3)]
                print(line, *(f"{min(column):14.2f}" for column in zip(*rounds)), flush=True)


if __name__ == "__main__":
    main()
