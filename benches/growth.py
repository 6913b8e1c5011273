"""How time and memory of training grow: with the batch, the channels, the images' size, and a study's number of cells.

The net is three blocks of 3×3 convolution, batch norm, ReLU and max pooling, 3×32×32 images, 32-64-128 channels,
batches of 64; one of these is varied at a time. A slope is that of the last doubling on logarithmic axes: 1 is linear.

    python3 -m venv venv && venv/bin/pip install matplotlib
    venv/bin/python benches/growth.py --plot growth.svg --json growth.json
    venv/bin/python benches/growth.py --from growth.json --plot growth.svg    # draws it again

Prints the numbers as Markdown. Needs Cargo; see benches/peer.py for --profile, --build and --programs.
"""

import argparse
import importlib.util
import json
import math
import os
import pathlib
import sys
import tempfile
import time

import ours

NET = {"net": "plain", "channels": [32, 64, 128], "input": [3, 32, 32], "batch": 64}
BIASES = ("none", "untied")
# What is varied → its label and values, and how a net gets one of them.
NETS = {
    "batch": ("images a batch", [8, 16, 32, 64, 128, 256], lambda batch: {"batch": batch}),
    "channels": ("channels of the first block", [8, 16, 32, 64, 128], lambda c: {"channels": [c, 2 * c, 4 * c]}),
    "size": ("height and width of the images", [8, 16, 32, 64, 128], lambda side: {"input": [3, side, side]}),
}
CELLS = ("cells of a study", [6, 12, 24, 48, 96])
VARIANTS = 6  # of the quickstart
STEPS = 6


def of_nets(programs):
    for axis, (_, values, change) in NETS.items():
        for bias in BIASES:
            for value in values:
                cost = programs.train(NET | change(value), bias, epochs=4, steps=STEPS, test=64)
                memory = (cost["peak"] - cost["before"]) / 1e6 if cost["peak"] else None
                yield {"axis": axis, "value": value, "line": bias, "time": cost["step"], "memory": memory}


def of_cells(programs):
    """The quickstart with two epochs and ever more seeds, as a program of its own with its workers."""
    for cells in CELLS[1]:
        with tempfile.TemporaryDirectory() as folder:
            change = ["--set", f"vary.seeds={cells // VARIANTS}", "--set", "train.epochs=2"]
            command = [programs.paths["untied"], "run", "configs/quickstart.toml", "--out", folder + "/study", *change]
            start = time.perf_counter()
            peak = peak_of(command, programs.environment)
            yield {"axis": "cells", "value": cells, "line": "study", "time": time.perf_counter() - start, "memory": peak}


def peak_of(command, environment):
    """The megabytes that the program itself, not its workers, had at most."""
    silent = os.open(os.devnull, os.O_RDWR)
    child = os.fork()
    if child == 0:
        for stream in (1, 2):
            os.dup2(silent, stream)
        os.chdir(ours.ROOT)
        os.execve(command[0], command, environment)
    _, status, usage = os.wait4(child, 0)
    os.close(silent)
    if status != 0:
        sys.exit(f"error: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1e3


def slope(points, quantity):
    """Of the last two values, on logarithmic axes."""
    (x0, y0), (x1, y1) = [(point["value"], point[quantity]) for point in points[-2:]]
    return math.log(y1 / y0) / math.log(x1 / x0)


def lines(points):
    """Axis and line → its points."""
    table = {}
    for point in points:
        table.setdefault((point["axis"], point["line"]), []).append(point)
    return table


def report(points):
    for (axis, line), of_line in lines(points).items():
        unit = "s" if axis == "cells" else "ms a step"
        label = CELLS[0] if axis == "cells" else f"{NETS[axis][0]}, bias {line}"
        print(f"\n**{label}**\n\n| | {' | '.join(str(point['value']) for point in of_line)} | slope |")
        print("|---" * (len(of_line) + 2) + "|")
        for quantity, name in (("time", unit), ("memory", "MB")):
            if all(point[quantity] for point in of_line):
                values = " | ".join(f"{point[quantity]:.3g}" for point in of_line)
                print(f"| {name} | {values} | {slope(of_line, quantity):.2f} |")


def plot(points, file):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "untied", "font.size": 9, "font.family": "sans-serif"}
    from matplotlib import pyplot

    labels = {axis: label for axis, (label, _, _) in NETS.items()} | {"cells": CELLS[0]}
    figure, panels = pyplot.subplots(2, len(labels), figsize=(12, 5), layout="constrained")
    for column, (axis, label) in enumerate(labels.items()):
        for row, quantity in enumerate(("time", "memory")):
            panel = panels[row][column]
            for (of, line), of_line in lines(points).items():
                if of == axis and all(point[quantity] for point in of_line):
                    draw(panel, of_line, quantity, line)
            panel.set_xscale("log", base=2)
            panel.set_yscale("log", base=2)
            panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            unit = "MB" if row else "s" if axis == "cells" else "ms a step"
            panel.set(xlabel=label if row else "", ylabel=unit)
            panel.grid(alpha=0.3)
            panel.legend(frameon=False, title="slope at the end")
    figure.savefig(file, metadata={"Date": None})


def draw(panel, points, quantity, line):
    x, y = zip(*((point["value"], point[quantity]) for point in points))
    name = "" if line == "study" else f"{line}: "
    (own,) = panel.plot(x, y, marker="o", markersize=4, label=f"{name}{slope(points, quantity):.2f}")
    linear = [y[-1] * value / x[-1] for value in x]
    panel.plot(x, linear, linestyle=":", color=own.get_color(), linewidth=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE.svg")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="the numbers")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE", help="numbers of --json: nothing is measured")
    parser.add_argument("--only", choices=[*NETS, "cells"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", default="dev")
    parser.add_argument("--programs", type=pathlib.Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.plot and importlib.util.find_spec("matplotlib") is None:
        sys.exit(f"error: {sys.executable} has no matplotlib, which --plot needs (pip install matplotlib)")
    points = json.loads(arguments.source.read_text())["points"] if arguments.source else measure(arguments)
    report(points)
    if arguments.plot:
        plot(points, arguments.plot)


def measure(arguments):
    paths = json.loads(arguments.programs.read_text()) if arguments.programs else ours.build(arguments.profile)
    with tempfile.TemporaryDirectory() as cache:
        programs = ours.Programs(paths, arguments.threads, cache)
        head = programs.ask("step", "--list")["head"]
        axes = [of_cells(programs)] if arguments.only == "cells" else [of_nets(programs), of_cells(programs)]
        points = [point for axis in axes for point in axis]
    if arguments.json:
        arguments.json.write_text(json.dumps({**head, "threads": arguments.threads, "points": points}, indent=1) + "\n")
    return points


if __name__ == "__main__":
    main()
