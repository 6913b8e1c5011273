"""The nets of the comparison in PyTorch, as configs of the same name build them, and what training them costs."""

import resource
import time

import torch
from torch import nn
from torch.nn import functional

MODES = ("contiguous", "channels_last", "compile")
EVALUATED = 250  # images at once, as in ours


class Convolution(nn.Module):
    """With an untied bias, that is added to the output."""

    def __init__(self, before, after, size, bias, kernel=3, stride=1, groups=1):
        super().__init__()
        tied = bias == "tied"
        self.convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=tied)
        size = [(side - 1) // stride + 1 for side in size]
        self.untied = nn.Parameter(torch.zeros(after, *size)) if bias == "untied" else None
        self.size = size

    def forward(self, x):
        y = self.convolution(x)
        return y if self.untied is None else y + self.untied


class Block(nn.Module):
    """A residual block; where it changes the shape, the shortcut drops locations and adds channels of zeros."""

    def __init__(self, before, after, size, bias):
        super().__init__()
        self.stride, self.more = (2, after - before) if after > before else (1, 0)
        self.first = Convolution(before, after, size, bias, stride=self.stride)
        self.second = Convolution(after, after, self.first.size, bias)
        self.norm1, self.norm2 = nn.BatchNorm2d(after), nn.BatchNorm2d(after)

    def forward(self, x):
        y = functional.relu(self.norm1(self.first(x)))
        y = self.norm2(self.second(y))
        if self.more:
            x = x[:, :, :: self.stride, :: self.stride]
            x = functional.pad(x, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return functional.relu(y + x)


def followed(convolution, norm="batch"):
    norms = [nn.BatchNorm2d(convolution.convolution.out_channels)] if norm == "batch" else []
    return [convolution, *norms, nn.ReLU()]


def plain(channels, size, before, bias, norm="batch"):
    layers = []
    for after in channels:
        layers += [*followed(Convolution(before, after, size, bias), norm), nn.MaxPool2d(2)]
        before, size = after, [side // 2 for side in size]
    return layers, before * size[0] * size[1]


def resnet(blocks):
    def layers(channels, size, before, bias):
        layers, before = followed(Convolution(before, channels[0], size, bias)), channels[0]
        for after in channels:
            for _ in range(blocks):
                layers.append(Block(before, after, size, bias))
                before, size = after, layers[-1].second.size
        return [*layers, nn.AdaptiveAvgPool2d(1)], before

    return layers


def mobilenet_small(channels, size, before, bias):
    layers, before = followed(Convolution(before, channels[0], size, bias)), channels[0]
    for stage, after in enumerate(channels[1:]):
        for index in range(2):
            stride = 2 if stage > 0 and index == 0 else 1
            depthwise = Convolution(before, before, size, bias, stride=stride, groups=before)
            size = depthwise.size
            layers += followed(depthwise) + followed(Convolution(before, after, size, bias, kernel=1))
            before = after
    return [*layers, nn.AdaptiveAvgPool2d(1)], before


NETS = {"plain": plain, "resnet8": resnet(1), "resnet20": resnet(3), "mobilenet_small": mobilenet_small}


def build(net, channels, shape, bias, **options):
    """Images of `shape` channels, height and width → ten scores."""
    layers, features = NETS[net](channels, list(shape[1:]), shape[0], bias, **options)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 10))


class Training:
    """One net in one mode: steps on a batch that stays, SGD with momentum; and evaluation."""

    def __init__(self, row, bias, mode):
        torch.manual_seed(0)
        model = build(row["net"], row["channels"], row["input"], bias)
        layout = torch.channels_last if mode == "channels_last" else torch.contiguous_format
        self.model = model.to(memory_format=layout)
        self.run = self.model
        if mode == "compile":
            # What earlier nets were compiled to counts against a limit, beyond which a net just runs as it is.
            torch.compiler.reset()
            self.run = torch.compile(self.model)
        images = lambda count: torch.randn(count, *row["input"]).to(memory_format=layout)
        self.x, self.labels = images(row["batch"]), torch.randint(0, 10, (row["batch"],))
        self.test, self.test_labels = images(EVALUATED), torch.randint(0, 10, (EVALUATED,))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)

    def step(self, count=None):
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.run(self.x[:count]), self.labels[:count])
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self, images):
        self.model.eval()
        with torch.inference_mode():
            for _ in range(images // EVALUATED):
                scores = self.run(self.test)
                functional.cross_entropy(scores, self.test_labels).item()
                (scores.argmax(1) == self.test_labels).sum().item()


def milliseconds(call, seconds, parts=3):
    """The median of the means over parts of the time."""
    means = []
    for _ in range(parts):
        start, count = time.perf_counter(), 0
        while count == 0 or time.perf_counter() - start < seconds / parts:
            call()
            count += 1
        means.append(1e3 * (time.perf_counter() - start) / count)
    return sorted(means)[parts // 2]


def memory(row, bias, mode):
    """Bytes of this process before the first whole step, all libraries loaded, and at most in three steps."""
    training = Training(row, bias, mode)
    training.step(2)
    training.optimizer = torch.optim.SGD(training.model.parameters(), lr=0.01, momentum=0.9)
    training.optimizer.zero_grad(set_to_none=True)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    with open("/proc/self/statm") as file:
        before = int(file.read().split()[1]) * resource.getpagesize()
    for _ in range(3):
        training.step()
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return {"before": before, "peak": 1024 * peak}
