"""What is compared, in groups: which rows, the ratio that each aims at, and how each column's turn is taken."""

import dataclasses
import functools
import json
import subprocess
import sys
import tempfile
import time
from typing import Callable

import nets
import operations
import ours

BIASES = ("none", "tied", "untied")
OURS = "untied"  # the column
PEER = str(ours.ROOT / "benches" / "peer.py")


@dataclasses.dataclass
class Case:
    """Rows that are measured together."""

    # Row → the highest ratio that is aimed at.
    aims: dict
    # Makes, for each column, what takes its turn: row → number.
    columns: Callable
    most_rounds: int = 100


@dataclasses.dataclass
class Settings:
    threads: int
    rounds: int
    seconds: float  # of a turn
    quick: bool
    programs: ours.Programs

    def modes(self):
        return nets.MODES[:2] if self.quick else nets.MODES


def groups(settings):
    """Name → title and cases."""
    rows = settings.programs.ask("step", "--list")["rows"]
    blocks = [row for row in rows if row["net"] == "plain"]
    whole = [row for row in rows if row["net"] != "plain"]
    biases = ("none",) if settings.quick else ("none", "untied")
    block_aims = {"tied": 0.65, "untied": 0.6}
    return {
        "steps": ("Training steps, ms", [step(settings, row, *aim) for row in blocks for aim in block_aims.items()]),
        "norms": ("Batch norm, forward and backward, ms", norms(settings)),
        "convolutions": ("Convolutions, forward and backward, ms", convolutions(settings)),
        "nets": ("Whole nets, ms", [net(settings, row, bias) for row in whole for bias in biases]),
        "memory": ("Memory that steps add, MB", [memory(settings, row, bias) for row in whole for bias in biases]),
        "study": ("Study, s, PyTorch's import apart", [study(settings)]),
    }


def step(settings, row, bias, aim):
    name = f"{row['name']}, {bias}"
    return Case({name: aim}, functools.partial(training, settings, row, bias, {"step": name}, 0))


def net(settings, row, bias):
    test = 500 if settings.quick else 1000
    names = {"step": f"{row['name']}, {bias}: step", "evaluation": f"{row['name']}, {bias}: evaluation of {test}"}
    columns = functools.partial(training, settings, row, bias, names, test)
    return Case(dict.fromkeys(names.values(), 0.8), columns, most_rounds=3)


def training(settings, row, bias, names, test):
    """Columns of a net's step and, with test images, evaluation; `names` says the rows."""
    seconds, programs = settings.seconds, settings.programs

    def theirs(mode):
        subject = nets.Training(row, bias, mode)
        calls = {"step": subject.step, "evaluation": lambda: subject.evaluate(test)}
        for _ in range(3):
            for what in names:
                calls[what]()
        return lambda: {name: nets.milliseconds(calls[what], seconds) for what, name in names.items()}

    rough = programs.train(row, bias, epochs=2, steps=5, test=64)["step"]
    # Of three epochs after the first.
    steps = min(max(int(1e3 * seconds / 3 / rough), 2), 50)

    def own():
        cost = programs.train(row, bias, epochs=4, steps=steps, test=test or 64)
        return {name: cost[what] for what, name in names.items()}

    return {mode: theirs(mode) for mode in settings.modes()} | {OURS: own}


def memory(settings, row, bias):
    """Each column in a process of its own."""
    name = f"{row['name']}, {bias}"
    grown = lambda cost: {name: (cost["peak"] - cost["before"]) / 1e6}

    def theirs(mode):
        command = [sys.executable, PEER, "--threads", str(settings.threads)]
        command += ["--memory-of", json.dumps([row, bias, mode])]
        return grown(json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout))

    def columns():
        # What torch.compile adds is mostly the compiler.
        modes = {mode: functools.partial(theirs, mode) for mode in operations.LAYOUTS}
        return modes | {OURS: lambda: grown(settings.programs.train(row, bias, epochs=1, steps=3, test=64))}

    return Case({name: 1.0}, columns, most_rounds=1)


def norms(settings):
    aims = [0.2, 0.25, 0.25, 0.5, 0.5]
    shapes = settings.programs.ask("batch_norm", "--list")
    return [norm(settings, *row) for row in zip(range(len(shapes)), shapes, aims, strict=True)]


def norm(settings, index, shape, aim):
    name = "×".join(str(size) for size in shape if size > 1)
    seconds = settings.seconds / 2

    def theirs(mode):
        step = operations.batch_norm(shape, mode)
        return lambda: {name: operations.median(step, seconds)}

    def columns():
        own = lambda: {name: settings.programs.ask("batch_norm", "--row", index, "--seconds", seconds)}
        return {mode: theirs(mode) for mode in settings.modes()} | {OURS: own}

    return Case({name: aim}, columns)


def convolutions(settings):
    return [convolution(settings, *row) for row in enumerate(settings.programs.ask("bias", "--list"))]


def convolution(settings, index, shape):
    names = {bias: f"{convolution_name(*shape)}, {bias}" for bias in BIASES}
    seconds = settings.seconds / 6

    def theirs(layout):
        steps = {name: operations.convolution(shape, bias, layout) for bias, name in names.items()}
        return lambda: {name: operations.median(step, seconds) for name, step in steps.items()}

    def own():
        times = settings.programs.ask("bias", "--row", index, "--seconds", 3 * seconds)
        return {name: times[bias] for bias, name in names.items()}

    aims = {name: convolution_aim(bias, *shape) for bias, name in names.items()}
    return Case(aims, lambda: {layout: theirs(layout) for layout in operations.LAYOUTS} | {OURS: own})


def convolution_name(n, before, after, size, kernel, stride, groups):
    depthwise = " depthwise" if groups == before > 1 else ""
    stride = f", stride {stride}" if stride > 1 else ""
    return f"{n}, {before}→{after} at {size}×{size}, {kernel}×{kernel}{depthwise}{stride}"


def convolution_aim(bias, n, before, after, size, kernel, stride, groups):
    """The 3×3 convolutions that residual nets spend their time on, those with an untied bias, and the others."""
    residual = before == after and kernel == 3 and stride == groups == 1 and size >= 16
    return 0.7 if residual else 0.8 if bias == "untied" else 0.9


def study(settings):
    def theirs():
        command = [sys.executable, str(ours.ROOT / "benches" / "quickstart.py"), str(settings.threads)]
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return {"quickstart": json.loads(run.stdout)["study"]}

    def own():
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            options = ["--out", f"{folder}/quickstart", "--fresh", "--jobs", str(settings.threads)]
            settings.programs.run("untied", "run", "configs/quickstart.toml", *options)
            return {"quickstart": time.perf_counter() - start}

    most_rounds = 1 if settings.quick else 3
    return Case({"quickstart": 0.35}, lambda: {"contiguous": theirs, OURS: own}, most_rounds)
