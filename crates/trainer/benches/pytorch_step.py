"""Milliseconds of a training step in PyTorch, in turns with benches/step.rs.

Blocks of 3x3 convolution, batch norm, ReLU and 2x2 max pooling, then a linear head; batches of 64, SGD with momentum.
An untied bias is added to the convolution's output. A column takes its turn in every round, a time is the median of
means over some 50 steps, and a table's number the median of the rounds. The ratio is ours to PyTorch's best column of
the same round, again the median.

    python3 -m venv venv && venv/bin/pip install torch numpy
    cargo bench --profile dev --workspace --bench step --no-run
    venv/bin/python crates/trainer/benches/pytorch_step.py [--compile] [--ours target/debug/deps/step-...]
"""

import argparse
import os
import statistics
import subprocess
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


def ours(program, line, threads):
    """What the bench prints: "NAME BIAS MEDIAN ms, least LEAST"."""
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    run = subprocess.run([program, "--bench", line], env=environment, capture_output=True, text=True, check=True)
    return float(run.stdout.removeprefix(line).split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which takes minutes to start")
    parser.add_argument("--ours", metavar="PROGRAM", help="the step bench, built")
    parser.add_argument("--only", default="", help="part of a line's name")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    modes = ["contiguous", "channels_last"] + (["compile"] if arguments.compile else [])
    columns = modes + (["untied", "ratio"] if arguments.ours else [])
    print(f"{'':28}", *(f"{column:>14}" for column in columns))
    for name, (shape, channels) in NETS.items():
        for bias in ("tied", "untied"):
            line = f"{name:20} {bias:7}"
            if arguments.only not in line:
                continue
            steps = [trainer(shape, channels, bias, mode) for mode in modes]
            rounds = []
            for _ in range(arguments.rounds):
                times = [milliseconds(step, arguments.seconds) for step in steps]
                if arguments.ours:
                    time_of_ours = ours(arguments.ours, line, arguments.threads)
                    times += [time_of_ours, time_of_ours / min(times)]
                rounds.append(times)
            print(line, *(f"{statistics.median(column):14.2f}" for column in zip(*rounds)), flush=True)


if __name__ == "__main__":
    main()
