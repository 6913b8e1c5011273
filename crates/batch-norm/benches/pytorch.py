"""Times PyTorch's batch norm in training, forward and backward (dx, dgamma, dbeta), on the shapes of batch_norm.rs.

Run: pip install torch, then python pytorch.py [THREADS]. Prints milliseconds: median and fastest of the runs.
"""

import statistics
import sys
import time

import torch

SHAPES = [(64, 64, 32, 32), (64, 32, 28, 28), (16, 256, 14, 14), (64, 16 * 28 * 28, 1, 1), (4096, 100, 1, 1)]
WARM_UP, RUNS = 20, 100

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
torch.manual_seed(0)


def bench(shape, relu):
    x = torch.randn(shape, requires_grad=True)
    gamma, beta = (torch.randn(shape[1], requires_grad=True) for _ in range(2))
    dy = torch.randn(shape)
    times = []
    for _ in range(WARM_UP + RUNS):
        x.grad = gamma.grad = beta.grad = None
        start = time.perf_counter()
        y = torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True)
        y = torch.nn.functional.relu(y) if relu else y
        y.backward(dy)
        times.append((time.perf_counter() - start) * 1e3)
    return times[WARM_UP:]


print(f"PyTorch {torch.__version__.split('+')[0]}, {torch.get_num_threads()} threads, ms: median (fastest)")
for shape in SHAPES:
    for relu in (False, True):
        times = bench(shape, relu)
        name = "batch norm + relu" if relu else "batch norm"
        print(f"{'x'.join(map(str, shape)):>14} {name:<17} {statistics.median(times):8.3f} ({min(times):.3f})")
