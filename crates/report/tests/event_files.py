"""Reads the event files of a study by TensorBoard's own reader, and compares them with its results.

    python -m venv venv && venv/bin/pip install tensorboard
    untied report STUDY --tensorboard CURVES
    venv/bin/python event_files.py STUDY/results.json CURVES
"""

import json
import math
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

CURVES = {
    "loss/train": "train_loss",
    "loss/test": "test_loss",
    "accuracy/test": "test_accuracy",
    "loss/validation": "validation_loss",
    "accuracy/validation": "validation_accuracy",
}


def main():
    results, folder, compared = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]), 0
    for cell in results["cells"]:
        events = EventAccumulator(str(folder / cell["id"]))
        events.Reload()
        expected = {tag: cell["curves"].get(name, []) for tag, name in CURVES.items()}
        expected = {tag: curve for tag, curve in expected.items() if curve}
        assert set(events.Tags()["scalars"]) == set(expected), (cell["id"], events.Tags())
        for tag, curve in expected.items():
            found = events.Scalars(tag)
            assert [event.step for event in found] == list(range(1, len(curve) + 1)), (cell["id"], tag)
            for event, value in zip(found, curve):
                assert math.isclose(event.value, value, rel_tol=1e-6), (cell["id"], tag, event, value)
                compared += 1
    assert compared > 0
    print(f"{compared} numbers of {len(results['cells'])} cells, as TensorBoard reads them")


if __name__ == "__main__":
    main()
