"""Runs the modules that `examples/exported.rs` wrote in PyTorch, and compares the scores.

    python -m venv venv && venv/bin/pip install torch safetensors numpy
    cargo run -p untied-trainer --example exported -- FOLDER
    venv/bin/python torch_agrees.py FOLDER
"""

import pathlib
import sys

import numpy
import torch
from safetensors.torch import load_file

# Rounding in f32, through at most 20 layers.
TOLERANCE = 1e-4


def main():
    folder, largest, compared = pathlib.Path(sys.argv[1]), 0.0, 0
    for path in sorted(folder.glob("*.safetensors")):
        name = path.with_suffix(".txt").read_text()
        module = {}
        exec(compile(path.with_suffix(".py").read_text(), name, "exec"), module)
        net = module["Net"]()
        net.load_state_dict(load_file(path))
        state = {key for key in net.state_dict() if not key.endswith("num_batches_tracked")}
        assert state == set(load_file(path)), (name, state ^ set(load_file(path)))
        images = torch.tensor(numpy.fromfile(path.with_suffix(".images")).reshape(-1, 1, 12, 12).astype("float32"))
        scores = torch.tensor(numpy.fromfile(path.with_suffix(".scores")).reshape(len(images), -1))
        with torch.no_grad():
            difference = float((net.eval()(images) - scores).abs().max() / max(1.0, scores.abs().max()))
        assert difference <= TOLERANCE, f"{name}\n{difference}"
        largest, compared = max(largest, difference), compared + 1
    assert compared > 100, compared
    print(f"{compared} models: scores in PyTorch {torch.__version__} differ by {largest:.1e} at most")


if __name__ == "__main__":
    main()
