"""untied beside PyTorch, the whole table in one go: training steps, batch norm, convolutions, whole nets, a study.

A column takes its turn in every round, since a machine's speed wanders: contiguous, channels_last and torch.compile of
PyTorch, then ours. A column's number is the median of its rounds; the ratio, the median over rounds, is that of ours to
PyTorch's fastest column of the same round. Rows are printed as Markdown when they are done.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python benches/peer.py --json table.json                    # on a machine with nothing else to do
    venv/bin/python benches/peer.py --simd avx2 --json table_avx2.json   # both sides without AVX-512
    venv/bin/python benches/peer.py --quick --only resnet                # roughly, without torch.compile

Needs Cargo (what is timed of ours is built first, with the profile `dev` unless --profile says else) and, for
torch.compile, a C++ compiler. See benches/README.md for what each group measures.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import ours

GROUPS = ("steps", "norms", "convolutions", "nets", "memory", "study")
COLUMNS = ("contiguous", "channels_last", "compile", "untied")
# PyTorch's kernels, oneDNN's and MKL's.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


def chosen(groups, only):
    """Title and case of each whose group is meant, or who has a row with the text in its name."""
    for name, (title, cases) in groups.items():
        for case in cases:
            if only == name or only not in GROUPS and any(only in row for row in case.aims):
                yield title, case


def measure(group, case, rounds):
    """A row of the table for each row of the case."""
    turns = case.columns()
    rounds = [{column: turn() for column, turn in turns.items()} for _ in range(min(rounds, case.most_rounds))]
    for row, aim in case.aims.items():
        numbers = [{column: turn[row] for column, turn in a_round.items()} for a_round in rounds]
        best = lambda a_round: min(number for column, number in a_round.items() if column != COLUMNS[-1])
        ratios = sorted(a_round[COLUMNS[-1]] / best(a_round) for a_round in numbers)
        ratio = statistics.median(ratios)
        columns = {column: statistics.median(a_round[column] for a_round in numbers) for column in turns}
        yield {
            "group": group,
            "row": row,
            "columns": columns,
            "ratio": ratio,
            "least_ratio": ratios[0],
            "greatest_ratio": ratios[-1],
            "aim": aim,
            "met": ratio <= aim,
            "rounds": numbers,
        }


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def print_row(row):
    spread = f" ({row['least_ratio']:.2f}–{row['greatest_ratio']:.2f})" if len(row["rounds"]) > 1 else ""
    columns = [number(row["columns"][column]) if column in row["columns"] else "" for column in COLUMNS]
    cells = [row["row"], *columns, f"{row['ratio']:.2f}{spread}", f"{row['aim']:.2f}", "yes" if row["met"] else "no"]
    print("|", " | ".join(cells), "|", flush=True)


def print_head(group):
    print(f"\n**{group}**\n")
    print("| |", " | ".join([*COLUMNS[:2], "`torch.compile`", COLUMNS[-1], "ratio", "aim", "met"]), "|")
    print("|---" * (len(COLUMNS) + 4) + "|", flush=True)


def print_bias(rows):
    """What a bias costs of a convolution: ours over ours without one, in the same turns."""
    by_name = {row["row"]: row for row in rows if row["group"].startswith("Convolutions")}
    names = [name.removesuffix(", none") for name in by_name if name.endswith(", none")]
    table = []
    for name in names:
        times = lambda bias: [a_round["untied"] for a_round in by_name[f"{name}, {bias}"]["rounds"]]
        over = lambda bias: statistics.median(b / a for a, b in zip(times("none"), times(bias)))
        of_biases = {"tied_over_none": over("tied"), "untied_over_none": over("untied")}
        table.append({"row": name, "none": statistics.median(times("none"))} | of_biases)
    if table:
        print("\n**What a bias costs of a convolution of ours**\n\n| | none, ms | tied / none | untied / none |")
        print("|---" * 4 + "|")
    for row in table:
        print(f"| {row['row']} | {number(row['none'])} | {row['tied_over_none']:.2f} | {row['untied_over_none']:.2f} |")
    return table


def machine(settings):
    import torch

    git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ours.ROOT, capture_output=True, text=True)
    head = settings.programs.ask("step", "--list")["head"]
    return {
        "machine": head["machine"],
        "system": platform.platform(),
        "registers": head["registers"],
        "pytorch": torch.__version__,
        "pytorch_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": settings.threads,
        "untied": git.stdout.strip(),
    }


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="roughly: two short rounds, without torch.compile")
    parser.add_argument("--simd", choices=["avx2"], help="the widest registers of both sides")
    only = f"a group ({', '.join(GROUPS)}) or a part of rows' names"
    parser.add_argument("--only", default="", metavar="TEXT", help=only)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a turn")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="every round's numbers too")
    parser.add_argument("--profile", default="dev", help="of Cargo")
    parser.add_argument("--build", type=pathlib.Path, metavar="FILE", help="build ours, write the paths and end")
    parser.add_argument("--programs", type=pathlib.Path, metavar="FILE", help="as --build wrote it: nothing is built")
    parser.add_argument("--memory-of", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse()
    if arguments.simd == "avx2":
        # Before PyTorch is imported, here and in the processes below.
        os.environ |= AVX2 | {"UNTIED_SIMD": "avx2"}
        # What torch.compile keeps from runs with other registers goes wrong with these.
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(tempfile.gettempdir(), "torchinductor_avx2")
    if arguments.build:
        arguments.build.write_text(json.dumps(ours.build(arguments.profile)))
        return
    if importlib.util.find_spec("torch") is None:
        sys.exit(f"error: {sys.executable} has no PyTorch: expected an environment with it (pip install torch numpy)")
    import torch

    torch.set_num_threads(arguments.threads)
    if arguments.memory_of:
        import nets

        print(json.dumps(nets.memory(*arguments.memory_of)))
        return
    paths = json.loads(arguments.programs.read_text()) if arguments.programs else ours.build(arguments.profile)
    with tempfile.TemporaryDirectory() as cache:
        report(arguments, ours.Programs(paths, arguments.threads, cache))


def report(arguments, programs):
    import cases

    settings = cases.Settings(
        threads=arguments.threads,
        rounds=arguments.rounds or (2 if arguments.quick else 5),
        seconds=arguments.seconds or (0.4 if arguments.quick else 1.2),
        quick=arguments.quick,
        programs=programs,
    )
    head, rows, begin = machine(settings), [], time.perf_counter()
    print("\n".join(f"- {key}: {value}" for key, value in head.items()))
    for title, case in chosen(cases.groups(settings), arguments.only):
        if not rows or rows[-1]["group"] != title:
            print_head(title)
        for row in measure(title, case, settings.rounds):
            print_row(row)
            rows.append(row)
    if not rows:
        sys.exit(f"error: --only: no group and no row has `{arguments.only}` in its name")
    bias = print_bias(rows)
    print(f"\n{sum(row['met'] for row in rows)} of {len(rows)} aims met; {time.perf_counter() - begin:.0f} s.")
    if arguments.json:
        arguments.json.write_text(json.dumps({**head, "rows": rows, "bias": bias}, indent=1) + "\n")


if __name__ == "__main__":
    main()
