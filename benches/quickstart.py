"""The quickstart study (configs/quickstart.toml) in PyTorch: 6 variants x 5 seeds on the digits, in several processes.

Prints as JSON the seconds until the processes have imported PyTorch, and from then to the end of the study, with the
accuracies that it came to. Its own weights and shuffles; no certificates, no report: only the training and the
accuracy of every epoch.

    venv/bin/python benches/quickstart.py [PROCESSES]
"""

import gzip
import itertools
import json
import multiprocessing
import pathlib
import statistics
import sys
import time

DATA = pathlib.Path(__file__).resolve().parents[1] / "crates" / "trainer" / "data" / "digits"


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


def train(cell):
    import torch
    from torch import nn

    from nets import build

    norm, bias, seed = cell
    torch.manual_seed(seed)
    (x, labels), (test_x, test_labels) = data
    net = build("plain", [16, 32], (1, 8, 8), bias, norm=norm)
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
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    begin = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(processes + 1)
    with context.Pool(processes, start, [together]) as pool:
        together.wait()
        imported = time.perf_counter()
        cells = list(itertools.product(["none", "batch"], ["none", "tied", "untied"], range(5)))
        results = pool.map(train, cells, chunksize=1)
        end = time.perf_counter()
    variants = itertools.groupby(results, key=lambda result: result[:2])
    accuracy = {" ".join(key): statistics.mean(result[2] for result in group) for key, group in variants}
    print(json.dumps({"import": imported - begin, "study": end - imported, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
