"""How many cycles the loops of multiply-adds take on processors that aren't at hand, by llvm-mca's models of them.

The loops are those of 8 fused multiply-adds or more, in f32, that the program has outside of Burn's matrix products. A model knows
the processor's units and the latency of what they do; it takes all memory to be in the nearest cache. Models err: LLVM 14's of
Zen 3 has one multiply-add a cycle where the processor has two. The first of `parts` is the loop that peaks are measured with.

    cargo bench --profile dev --workspace --bench parts --no-run      # says where the program is
    python benches/loops.py PROGRAM [--processor znver3 --registers ymm]   # needs objdump and llvm-mca
"""

import argparse
import re
import subprocess

LEAST = 8
LONGEST = 90


def functions(program):
    """The instructions of each function: pairs of an address and a text."""
    listing = subprocess.run(
        ["objdump", "--disassemble", "--no-show-raw-insn", program], capture_output=True, text=True, check=True
    ).stdout
    for function in listing.split("\n\n"):
        head, _, body = function.partition("\n")
        if "pulp" in head or "untied_kernels" in head:
            yield re.findall(r"^ *([0-9a-f]+):\t([^#\n]*)", body, re.MULTILINE)


def loops(instructions):
    """Address and instructions of whatever ends by a jump to its begin."""
    places = {address: at for at, (address, _) in enumerate(instructions)}
    for at, (_, text) in enumerate(instructions):
        target = re.match(r"j\w+ +([0-9a-f]+)", text)
        begin = places.get(target[1]) if target else None
        if begin is not None and 0 < at - begin < LONGEST:
            yield target[1], [text for _, text in instructions[begin : at + 1]]


def cycles(loop, processor):
    """Cycles of one round."""
    lines = [re.sub(r"(j\w+) .*", r"\1 .L", text) for text in loop]
    rounds = 1000
    text = subprocess.run(
        ["llvm-mca", f"-mcpu={processor}", f"-iterations={rounds}"],
        input="\n".join([".L:", *lines, ""]),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return int(re.search(r"Total Cycles: +(\d+)", text)[1]) / rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--processor", default="icelake-server", help="as llvm-mca calls it")
    parser.add_argument("--registers", choices=["zmm", "ymm"], default="zmm", help="those of AVX-512, or of AVX2")
    arguments = parser.parse_args()
    print("| loop at | instructions | multiply-adds | cycles | share of two a cycle |\n|---|---|---|---|---|")
    for instructions in functions(arguments.program):
        for address, loop in loops(instructions):
            count = sum(bool(re.match(rf"vfn?madd\d+ps .*{arguments.registers}", text)) for text in loop)
            if count >= LEAST:
                took = cycles(loop, arguments.processor)
                print(f"| {address} | {len(loop)} | {count} | {took:.2f} | {count / 2 / took:.0%} |")


if __name__ == "__main__":
    main()
