"""Whether Winograd's algorithm would pay for 3×3 convolutions: its rounding, and the least that it takes, in PyTorch.

F(m×m, 3×3) (Lavin and Gray, 2016) computes m×m outputs by (m + 2)² products instead of 9·m², between transforms of
input and output that this measures as PyTorch does them. The products alone, as one batched matrix product on
transformed operands that lie ready, are what no implementation falls below by much.

    python benches/winograd.py [--threads 2] [--seconds 0.5]
"""

import argparse

import torch

import operations

# B and G and A of y = Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]A, for tiles of 2×2 and of 4×4 outputs.
TRANSFORMS = {
    2: (
        [[1, 0, 0, 0], [0, 1, -1, 1], [-1, 1, 1, 0], [0, 0, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 0], [1, 1], [1, -1], [0, -1]],
    ),
    4: (
        [
            [4, 0, 0, 0, 0, 0],
            [0, -4, 4, -2, 2, 4],
            [-5, -4, -4, -1, -1, 0],
            [0, 1, -1, 2, -2, -5],
            [1, 1, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 1],
        ],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [[1, 0, 0, 0], [1, 1, 1, 1], [1, -1, 1, -1], [1, 2, 4, 8], [1, -2, 4, -8], [0, 0, 0, 1]],
    ),
}
# Images, channels before and after, height and width: the widest that residual nets have here.
SHAPES = [(64, 16, 16, 32), (64, 32, 32, 16), (64, 64, 64, 16), (64, 128, 128, 16), (64, 64, 64, 8), (64, 256, 256, 4)]


class Winograd:
    def __init__(self, m, weight):
        before, kernel, after = (torch.tensor(matrix, dtype=weight.dtype) for matrix in TRANSFORMS[m])
        self.m, self.before, self.after = m, before, after
        # [(m + 2)², filters, channels]
        self.weight = torch.einsum("ia,kcab,jb->ijkc", kernel, weight, kernel).flatten(0, 1).contiguous()

    def transformed(self, x):
        """[(m + 2)², channels, tiles of all images]"""
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
        tiles = padded.unfold(2, self.m + 2, self.m).unfold(3, self.m + 2, self.m)
        return torch.einsum("ai,nchwab,bj->ijcnhw", self.before, tiles, self.before).flatten(3).flatten(0, 1).contiguous()

    def products(self, transformed):
        return torch.bmm(self.weight, transformed)

    def __call__(self, x):
        n, _, height, width = x.shape
        m, side = self.m, self.m + 2
        products = self.products(self.transformed(x)).unflatten(0, (side, side)).unflatten(3, (n, height // m, width // m))
        return torch.einsum("ia,ijknhw,jb->nkhawb", self.after, products, self.after).reshape(n, -1, height, width)


def error(y, exact, absolute):
    """The largest, over u·Σ|w·x|, with u = 2⁻²⁴."""
    return float(((y.double() - exact).abs() / (2.0**-24 * absolute)).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    convolve = lambda x, weight: torch.nn.functional.conv2d(x, weight, padding=1)
    print("| y of 64 images, ms | direct | F(2×2): all | its products | F(4×4): all | its products | errors, u·Σ∣w·x∣ |")
    print("|---|---|---|---|---|---|---|")
    for n, channels, filters, size in SHAPES:
        x, weight = torch.randn(n, channels, size, size), torch.randn(filters, channels, 3, 3) / (3 * channels**0.5)
        few = x[:4].double()
        exact, absolute = convolve(few, weight.double()), convolve(few.abs(), weight.double().abs())
        apart = [x.contiguous(memory_format=layout) for layout in (torch.contiguous_format, torch.channels_last)]
        with torch.inference_mode():
            direct = min(operations.median(lambda x=x: convolve(x, weight), arguments.seconds) for x in apart)
            times, errors = [direct], [error(convolve(x[:4], weight), exact, absolute)]
            for m in TRANSFORMS:
                winograd = Winograd(m, weight)
                ready = winograd.transformed(x)
                times.append(operations.median(lambda: winograd(x), arguments.seconds))
                times.append(operations.median(lambda: winograd.products(ready), arguments.seconds))
                errors.append(error(winograd(x[:4]), exact, absolute))
        columns = [f"{channels}→{filters} at {size}×{size}", *(f"{time:.2f}" for time in times)]
        print("| " + " | ".join([*columns, " / ".join(f"{value:.2f}" for value in errors)]) + " |", flush=True)


if __name__ == "__main__":
    main()
