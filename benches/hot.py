"""Which loops of a program its samples lie in, as `sampler.c` counted them.

    python benches/hot.py PROGRAM samples.txt      # the same program, with its symbols; needs objdump

A loop is a stretch of code in which samples lie close to each other. Its multiply-adds tell what it does: a tile of a
convolution has 24 with AVX-512 and 12 with AVX2; padding and packing have none.
"""

import argparse
import bisect
import collections
import re
import subprocess

NEAR = 0x50  # bytes
LEAST = 0.5  # per cent


def disassemble(program):
    """Starts and names of functions, and what stands at each address."""
    text = subprocess.run(
        ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", program], capture_output=True, text=True, check=True
    ).stdout
    functions = [(int(at, 16), name) for at, name in re.findall(r"^([0-9a-f]+) <(.*)>:$", text, re.MULTILINE)]
    code = {int(at, 16): what for at, what in re.findall(r"^ *([0-9a-f]+):\t([^#\n]*)", text, re.MULTILINE)}
    return functions, code


def stretches(samples):
    """First and last address, and samples, of what lies close to each other."""
    found = []
    for at in sorted(samples):
        if found and at - found[-1][1] < NEAR:
            found[-1][1:] = at, found[-1][2] + samples[at]
        else:
            found.append([at, at, samples[at]])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("samples")
    arguments = parser.parse_args()
    functions, code = disassemble(arguments.program)
    starts, addresses = [start for start, _ in functions], sorted(code)
    with open(arguments.samples) as lines:
        samples = {int(at, 16): int(count) for at, count in map(str.split, lines)}
    share = lambda count: 100 * count / sum(samples.values())
    by_function = collections.defaultdict(dict)
    for at, count in samples.items():
        by_function[bisect.bisect(starts, at) - 1 if at else None][at] = count
    print("| samples, % | where | instructions | multiply-adds | most samples at |\n|---|---|---|---|---|")
    for function, samples_of in sorted(by_function.items(), key=lambda item: -sum(item[1].values())):
        if share(sum(samples_of.values())) < LEAST:
            continue
        name = "libraries and kernel" if function is None else functions[function][1][-60:]
        print(f"| {share(sum(samples_of.values())):.1f} | {name} | | | |")
        for first, last, count in sorted(stretches(samples_of), key=lambda stretch: -stretch[2]):
            if share(count) >= LEAST and function is not None:
                loop = [code[at] for at in addresses[bisect.bisect_left(addresses, first) : bisect.bisect(addresses, last)]]
                adds = sum("fmadd" in what for what in loop)
                top = code.get(max((at for at in samples_of if first <= at <= last), key=samples_of.get), "?").strip()
                print(f"| {share(count):.1f} | {first:x} to {last:x} | {len(loop)} | {adds} | `{top}` |")


if __name__ == "__main__":
    main()
