"""Runs the models that `examples/exported.rs` wrote in onnxruntime, and compares the scores.

    python -m venv venv && venv/bin/pip install onnx onnxruntime numpy
    cargo run -p untied-trainer --example exported -- FOLDER
    venv/bin/python onnxruntime_agrees.py FOLDER
"""

import pathlib
import sys

import numpy
import onnx
import onnxruntime

# Rounding in f32, through at most 20 layers.
TOLERANCE = 1e-4


def main():
    folder, largest, compared = pathlib.Path(sys.argv[1]), 0.0, 0
    for path in sorted(folder.glob("*.onnx")):
        name = path.with_suffix(".txt").read_text()
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        [given] = session.get_inputs()
        images = numpy.fromfile(path.with_suffix(".images")).reshape(-1, *given.shape[1:]).astype("float32")
        scores = numpy.fromfile(path.with_suffix(".scores")).reshape(len(images), -1)
        # All images at once, and the first alone: any number of them goes in.
        for count in (len(images), 1):
            [found] = session.run(None, {given.name: images[:count]})
            assert found.shape == scores[:count].shape, (name, found.shape)
            difference = abs(found - scores[:count]).max() / max(1.0, abs(scores).max())
            assert difference <= TOLERANCE, f"{name}\n{difference}"
            largest = max(largest, difference)
        assert session.get_modelmeta().custom_metadata_map["classes"] == str(scores.shape[1]), name
        compared += 1
    assert compared > 100, compared
    print(f"{compared} models: scores in onnxruntime {onnxruntime.__version__} differ by {largest:.1e} at most")


if __name__ == "__main__":
    main()
