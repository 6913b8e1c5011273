"""The study configs/resnet8_cifar10.toml in PyTorch: the same net, data and rule, with weights and orders of its own.

    python benches/twin_resnet8.py part FOLDER PART.npz        a part of a folder train/CLASS/*, test/CLASS/* of images
    python benches/twin_resnet8.py twin PART.npz TWIN.json     trains the twin
    python benches/twin_resnet8.py compare RESULTS.json TWIN.json

Needs torch, numpy and, for `part`, pillow. `compare` takes seeds as replicates: for each curve and epoch, Welch's t test of
the two groups of seeds, at 5 % over all of them (Bonferroni). It ends with code 1 where one finds a difference.
"""

import json
import math
import pathlib
import statistics
import sys

TRAIN, TEST = 200, 100  # images a class
SEEDS, EPOCHS, BATCH = 5, 8, 64
RATE, MOMENTUM, DECAY, MILESTONE = 0.05, 0.9, 5e-4, 6
CURVES = ["train_loss", "test_loss", "test_accuracy"]


def part(folder, out):
    """The first images of every class, in the order of their names."""
    import numpy
    from PIL import Image

    arrays = {}
    for split, count in (("train", TRAIN), ("test", TEST)):
        classes = sorted(path for path in (pathlib.Path(folder) / split).iterdir() if path.is_dir())
        files = [(label, file) for label, path in enumerate(classes) for file in sorted(path.iterdir())[:count]]
        pixels = [numpy.asarray(Image.open(file).convert("RGB")) for _, file in files]
        arrays[f"x_{split}"] = numpy.stack(pixels)
        arrays[f"y_{split}"] = numpy.array([label for label, _ in files], "uint8")
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    numpy.savez(out, **arrays)


def train(torch, seed, x, labels, test_x, test_labels):
    from nets import build

    loss_of = torch.nn.functional.cross_entropy
    torch.manual_seed(seed)
    model = build("resnet8", [16, 32, 64], x.shape[1:], "none")
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [MILESTONE])
    curves = {name: [] for name in CURVES}
    for _ in range(EPOCHS):
        model.train()
        losses = []
        for batch in torch.randperm(len(x))[: len(x) // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(model(x[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        model.eval()
        with torch.no_grad():
            scores = torch.cat([model(part) for part in test_x.split(250)])
        curves["train_loss"].append(statistics.mean(losses))
        curves["test_loss"].append(loss_of(scores, test_labels).item())
        curves["test_accuracy"].append((scores.argmax(1) == test_labels).double().mean().item())
    print(f"seed {seed}: accuracy {curves['test_accuracy'][-1]:.4f}", flush=True)
    return curves


def twin(data, out):
    import numpy
    import torch

    arrays = numpy.load(data)
    x, test_x = (torch.tensor(arrays[f"x_{split}"]).permute(0, 3, 1, 2).float() for split in ("train", "test"))
    mean, deviation = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), unbiased=False, keepdim=True)
    x, test_x = (((images - mean) / deviation).contiguous() for images in (x, test_x))
    labels, test_labels = (torch.tensor(arrays[f"y_{split}"]).long() for split in ("train", "test"))
    runs = [train(torch, seed, x, labels, test_x, test_labels) for seed in range(SEEDS)]
    pathlib.Path(out).write_text(json.dumps({"torch": torch.__version__, "runs": runs}))


def betainc(a, b, x):
    """The regularised incomplete beta function, by its integral in 20,000 midpoints of sin²."""
    steps = 20_000
    density = lambda angle: math.sin(angle) ** (2 * a - 1) * math.cos(angle) ** (2 * b - 1)
    area = lambda end: sum(density((step + 0.5) * end / steps) for step in range(steps)) * end / steps
    return area(math.asin(math.sqrt(x))) / area(math.pi / 2)


def welch(a, b):
    """The two-sided p-value of Welch's t test."""
    va, vb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    t = (statistics.mean(a) - statistics.mean(b)) / math.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    return betainc(freedom / 2, 0.5, freedom / (freedom + t * t))


def compare(results, twin):
    cells = [cell for cell in json.loads(pathlib.Path(results).read_text())["cells"] if cell["status"] == "finished"]
    ours = [cell["curves"] for cell in cells]
    theirs = json.loads(pathlib.Path(twin).read_text())["runs"]
    level = 0.05 / (len(CURVES) * EPOCHS)
    found = False
    print("curve          epoch   untied            PyTorch           p")
    for name in CURVES:
        for epoch in range(EPOCHS):
            a, b = ([run[name][epoch] for run in runs] for runs in (ours, theirs))
            p = welch(a, b)
            spread = [f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}" for values in (a, b)]
            print(f"{name:<14} {epoch + 1:>5}   {spread[0]}   {spread[1]}   {p:.3f}{' !' if p < level else ''}")
            found |= p < level
    print(f"{len(ours)} and {len(theirs)} seeds; a difference has p below {level:.4f}: {'found' if found else 'none'}")
    return 1 if found else 0


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    sys.exit({"part": part, "twin": twin, "compare": compare}[verb](*arguments))
