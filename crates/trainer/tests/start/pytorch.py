"""Writes `pytorch.pt`, a checkpoint as training scripts leave it, `pytorch.safetensors`, the same state dict, and `pytorch.json`, images with the scores that PyTorch gives them.

    python -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python pytorch.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()

        def block(inputs, outputs):
            return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

        self.features = nn.Sequential(*block(1, 4), *block(4, 6))
        self.classifier = nn.Linear(24, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


net = Net()
with torch.no_grad():
    for norm in (net.features[1], net.features[5]):
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.5, 2.0)
images = torch.randn(3, 1, 8, 8)
scores = net.eval()(images)
# As of a compiled model in DistributedDataParallel.
state = {f"module._orig_mod.{name}": tensor for name, tensor in net.state_dict().items()}
folder = pathlib.Path(__file__).parent
save_file(state, folder / "pytorch.safetensors")
torch.save({"epoch": 3, "state_dict": state}, folder / "pytorch.pt")
text = json.dumps({"images": images.flatten().tolist(), "scores": scores.flatten().tolist()})
(folder / "pytorch.json").write_text(text + "\n")
