"""The quickstart study (configs/quickstart.toml) in PyTorch: 6 variants x 5 seeds on the digits, in two processes.

Prints the seconds until both processes have imported PyTorch, those until they have read the data, and those of the
study. Its own weights and shuffles; no certificates, no report: only the training and the accuracy of every epoch.

    venv/bin/python crates/trainer/benches/pytorch_quickstart.py
    time untied run configs/quickstart.toml --out /tmp/quickstart --fresh
"""

import gzip
import itertools
import multiprocessing
import pathlib
import statistics
import time

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "digits"


def images(name):
    import numpy

    with gzip.open(DATA / f"{name}-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16)
    with gzip.open(DATA / f"{name}-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
    return pixels.reshape(len(labels), 1, 8, 8).astype("float32"), labels.astype("int64")


def start(together):
    """Imports PyTorch in a process of its own, and reads the data."""
    global data
    import torch

    torch.set_num_threads(1)
    together.wait()
    (x, labels), test = [[torch.tensor(array) for array in images(name)] for name in ("train", "t10k")]
    mean, deviation = x.mean(), x.std()
    data = ((x - mean) / deviation, labels), ((test[0] - mean) / deviation, test[1])
    together.wait()


def block(channels_in, channels_out, size, norm, bias):
    from torch import nn
    import torch

    class Untied(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(channels_out, size, size))

        def forward(self, x):
            return x + self.bias

    layers = [nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=bias == "tied")]
    layers += [Untied()] if bias == "untied" else []
    layers += [nn.BatchNorm2d(channels_out)] if norm == "batch" else []
    return layers + [nn.ReLU(), nn.MaxPool2d(2)]


def train(cell):
    import torch
    from torch import nn

    norm, bias, seed = cell
    torch.manual_seed(seed)
    (x, labels), (test_x, test_labels) = data
    net = nn.Sequential(
        *block(1, 16, 8, norm, bias), *block(16, 32, 4, norm, bias), nn.Flatten(), nn.Linear(128, 10)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    accuracy = 0.0
    for _ in range(10):
        net.train()
        order = torch.randperm(len(x))
        for batch in order[: len(x) // 64 * 64].split(64):
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(net(x[batch]), labels[batch]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            accuracy = (net(test_x).argmax(1) == test_labels).double().mean().item()
    return norm, bias, accuracy


def main():
    begin = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(3)
    with context.Pool(2, start, [together]) as pool:
        together.wait()
        imported = time.perf_counter()
        together.wait()
        read = time.perf_counter()
        cells = list(itertools.product(["none", "batch"], ["none", "tied", "untied"], range(5)))
        results = pool.map(train, cells, chunksize=1)
        end = time.perf_counter()
    for key, group in itertools.groupby(results, key=lambda result: result[:2]):
        print(*key, f"{statistics.mean(result[2] for result in group):.4f}")
    print(f"start and import {imported - begin:.1f} s, data {read - imported:.2f} s, study {end - read:.1f} s")


if __name__ == "__main__":
    main()
