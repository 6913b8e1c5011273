"""Errors of PyTorch's batch norm in training, forward and gradients, on the cases of tests/numerics.rs.

Run: pip install torch numpy, then python pytorch.py. One line per case and output: max|got - ref| / max|ref|, with the
reference in f64 from the same inputs; `-` where no value of the reference is one of f32.
"""

import numpy as np
import torch

SHAPE = (16, 4, 24, 24)
# name, scale, offset, whether there is a beta, epsilon, type of x, y, dy and dx
CASES = [
    ("ordinary", 1.0, 0.0, True, 1e-5, torch.float32),
    ("mean_1e4_of_spread", 1.0, 1e4, True, 1e-5, torch.float32),
    ("offset_1e8", 100.0, 1e8, True, 1e-5, torch.float32),
    ("spread_1e-6", 1e-6, 0.0, False, 1e-12, torch.float32),
    ("near_overflow", 1e30, 0.0, True, 1e-5, torch.float32),
    ("denormals", 1e-40, 0.0, False, 1e-5, torch.float32),
    ("constant_channel", 1.0, 0.0, True, 1e-5, torch.float32),
    ("large_epsilon", 1.0, 0.0, True, 0.5, torch.float32),
    ("f16", 3.0, 1.0, True, 1e-5, torch.float16),
    ("bf16", 3.0, 1.0, True, 1e-5, torch.bfloat16),
]
OUTPUTS = ["y", "mean", "var", "dx", "dgamma", "dbeta"]


def uniform(count, seed):
    """In [-1, 1), from SplitMix64."""
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def inputs(scale, offset, with_beta, dtype, constant):
    count, channels = int(np.prod(SHAPE)), SHAPE[1]
    x = (uniform(count, 1) * scale + offset).astype(np.float32).reshape(SHAPE)
    if constant:
        x[:, 0] = np.float32(7.3)
    gamma = (uniform(channels, 2) * 0.5 + 1.0).astype(np.float32)
    beta = (uniform(channels, 3) * float(with_beta)).astype(np.float32)
    dy = uniform(count, 4).astype(np.float32).reshape(SHAPE)
    return torch.tensor(x).to(dtype), torch.tensor(gamma), torch.tensor(beta), torch.tensor(dy).to(dtype)


def reference(x, gamma, beta, dy, epsilon):
    x, gamma, beta, dy = (t.double().numpy() for t in (x, gamma, beta, dy))
    axes, spread = (0, 2, 3), lambda t: t[None, :, None, None]
    mean = x.mean(axes)
    mean += (x - spread(mean)).mean(axes)
    centred = x - spread(mean)
    var = (centred**2).mean(axes)
    r = 1 / np.sqrt(var + epsilon)
    x_hat = centred * spread(r)
    along_ones, along_x_hat = spread(dy.mean(axes)), x_hat * spread((dy * x_hat).mean(axes))
    dx = spread(gamma * r) * (dy - along_ones - along_x_hat)
    return [x_hat * spread(gamma) + spread(beta), mean, var, dx, (dy * x_hat).sum(axes), dy.sum(axes)]


def pytorch(x, gamma, beta, dy, epsilon):
    leaves = [t.clone().requires_grad_() for t in (x, gamma, beta)]
    mean, var = torch.zeros(SHAPE[1]), torch.ones(SHAPE[1])
    y = torch.nn.functional.batch_norm(leaves[0], mean, var, *leaves[1:], training=True, momentum=1.0, eps=epsilon)
    y.backward(dy)
    values = x.numel() / SHAPE[1]
    var = var.double() * ((values - 1) / values)  # the running variance is the unbiased one
    return [t.detach().double().numpy() for t in (y, mean, var, *(leaf.grad for leaf in leaves))]


def error(got, ref):
    largest = np.abs(ref).max()
    if not 2.0**-149 <= largest <= np.finfo(np.float32).max:
        return "-"
    return f"{np.abs(got - ref).max() / largest:.1e}"


print(f"| case | output | PyTorch {torch.__version__.split('+')[0]} |\n|---|---|---|")
for name, scale, offset, with_beta, epsilon, dtype in CASES:
    given = inputs(scale, offset, with_beta, dtype, name == "constant_channel")
    for output, got, ref in zip(OUTPUTS, pytorch(*given, epsilon), reference(*given, epsilon)):
        print(f"| {name} | {output} | {error(got, ref)} |")
