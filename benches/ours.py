"""The programs of this project that are timed: how they are built and asked."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
BENCHES = ["step", "bias", "batch_norm"]
CARGO = os.environ.get("CARGO", "cargo")


def build(profile):
    """Name → path of each program."""
    benches = [word for name in BENCHES for word in ("--bench", name)]
    return _executables("bench", profile, *benches, "--no-run") | _executables("build", profile, "--bin", "untied")


def _executables(verb, profile, *arguments):
    command = [CARGO, verb, "--workspace", "--profile", profile, *arguments, "--message-format", "json"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    messages = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    return {message["target"]["name"]: message["executable"] for message in messages if message.get("executable")}


class Programs:
    def __init__(self, paths, threads, cache):
        self.paths = paths
        # Resized images are kept between two turns, in a folder of their own.
        self.environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "XDG_CACHE_HOME": str(cache)}

    def ask(self, name, *arguments):
        """What a bench answers."""
        return json.loads(self.run(name, "--bench", *map(str, arguments)))

    def run(self, name, *arguments):
        command = [self.paths[name], *arguments]
        run = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"{name} {' '.join(arguments)} failed: {run.stderr.strip()}")
        return run.stdout

    def train(self, row, bias, epochs, steps, test):
        """What training a net costs: see crates/trainer/benches/step.rs."""
        lists = {"channels": row["channels"], "input": row["input"]}
        words = {name: ",".join(map(str, values)) for name, values in lists.items() if values}
        words |= {"batch": row["batch"], "bias": bias, "epochs": epochs, "steps": steps, "test": test}
        return self.ask("step", "--net", row["net"], *(word for name in words for word in (f"--{name}", words[name])))
