"""Makes the golden files of TarFlow in flow/interop, with a statement of its own of what the authors' code computes.

    pip install torch numpy safetensors
    python make_tarflow.py                                    writes the golden files beside itself
    python make_tarflow.py --notebook DIRECTORY [--seed 1]    one as large as that of the authors' notebook on MNIST

The code of Zhai et al. (2025), github.com/apple/ml-tarflow, keeps a model as a state dict whose names and shapes the
modules below reproduce. For each model: NAME.safetensors, NAME.json (the config of nf import) and NAME.npz (x, context,
log_prob, z and samples). Weights are random, and large enough for every rule to matter.
"""
import argparse
import json
import math
import os

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, head):
        super().__init__()
        self.norm, self.qkv, self.proj = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.head = head
        self.keys = self.values = None  # of the patches so far, in sampling

    def forward(self, h, mask=None):
        n, t, width = h.shape
        q, k, v = (part.view(n, t, -1, self.head).transpose(1, 2) for part in self.qkv(self.norm(h)).chunk(3, -1))
        if mask is None:
            self.keys = k if self.keys is None else torch.cat([self.keys, k], 2)
            self.values = v if self.values is None else torch.cat([self.values, v], 2)
            k, v = self.keys, self.values
        weights = q @ k.transpose(-2, -1) / math.sqrt(self.head)
        if mask is not None:
            weights = weights.masked_fill(mask == 0, -math.inf)
        return self.proj((weights.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.main = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, h):
        return self.main(self.norm(h))


class Layer(nn.Module):
    def __init__(self, width, head):
        super().__init__()
        self.attention, self.mlp = Attention(width, head), MLP(width)

    def forward(self, h, mask=None):
        h = h + self.attention(h, mask)
        return h + self.mlp(h)


class Block(nn.Module):
    def __init__(self, tokens, values, width, layers, head, classes, scales, backwards):
        super().__init__()
        self.proj_in, self.proj_out = nn.Linear(values, width), nn.Linear(width, values * (2 if scales else 1))
        self.pos_embed = nn.Parameter(torch.randn(tokens, width) * 1e-2)
        if classes:
            self.class_embed = nn.Parameter(torch.randn(classes, 1, width) * 1e-2)
        self.attn_blocks = nn.ModuleList(Layer(width, head) for _ in range(layers))
        self.register_buffer("attn_mask", torch.tril(torch.ones(tokens, tokens)))
        self.classes, self.scales, self.backwards = classes, scales, backwards

    def turn(self, x, dim=1):
        return x.flip(dim) if self.backwards else x

    def embed(self, x, c, positions):
        h = self.proj_in(x) + positions
        return h + torch.einsum("nk,kow->now", c, self.class_embed) if self.classes else h

    def parameters_of(self, h):
        out = self.proj_out(h)
        return out.chunk(2, -1) if self.scales else (torch.zeros_like(out), out)

    def forward(self, x, c):
        """z and the sum of log-scales of an image."""
        x = self.turn(x)
        h = self.embed(x, c, self.turn(self.pos_embed, 0))
        for layer in self.attn_blocks:
            h = layer(h, self.attn_mask)
        a, b = (torch.cat([torch.zeros_like(p[:, :1]), p[:, :-1]], 1) for p in self.parameters_of(h))
        return self.turn((x - b) * torch.exp(-a)), -a.sum((1, 2))

    def reverse(self, z, c):
        """x of z, one patch after the other, with a cache."""
        z, positions = self.turn(z), self.turn(self.pos_embed, 0)
        for layer in self.attn_blocks:
            layer.attention.keys = layer.attention.values = None
        x = [z[:, :1]]
        for i in range(z.shape[1] - 1):
            h = self.embed(x[-1], c, positions[i:i + 1])
            for layer in self.attn_blocks:
                h = layer(h)
            a, b = self.parameters_of(h)
            x.append(z[:, i + 1:i + 2] * torch.exp(a) + b)
        return self.turn(torch.cat(x, 1))


class TarFlow(nn.Module):
    def __init__(self, size, patch, channels, width, blocks, layers, head=64, classes=0, scales=True):
        super().__init__()
        self.tokens, self.values, self.patch, self.size, self.channels = (size // patch) ** 2, channels * patch ** 2, patch, size, channels
        self.blocks = nn.ModuleList(Block(self.tokens, self.values, width, layers, head, classes, scales, b % 2 == 1) for b in range(blocks))
        self.register_buffer("var", torch.ones(self.tokens, self.values))

    def patches(self, x):
        return nn.functional.unfold(x, self.patch, stride=self.patch).transpose(1, 2)

    def forward(self, x, c=None):
        x, total = self.patches(x), 0
        for block in self.blocks:
            x, log_det = block(x, c)
            total = total + log_det
        return x, total

    def log_prob(self, x, c=None):
        z, log_det = self(x, c)
        return log_det - 0.5 * (z ** 2 / self.var + torch.log(2 * math.pi * self.var)).sum((1, 2))

    def reverse(self, z, c=None):
        x = z * self.var.sqrt()
        for block in reversed(self.blocks):
            x = block.reverse(x, c)
        return nn.functional.fold(x.transpose(1, 2), self.size, self.patch, stride=self.patch)


def rows(x):
    """Images [n, channels, height, width] as nf has them."""
    return x.permute(0, 2, 3, 1).flatten(1)


def perturb(model, scale, g):
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if name.endswith("norm.weight"):
                p.copy_(1 + 0.3 * torch.randn(p.shape, generator=g))
            elif name.endswith("embed"):
                p.copy_(torch.randn(p.shape, generator=g) * scale)
            elif p.dim() > 1:
                p.copy_(torch.randn(p.shape, generator=g) * scale / p.shape[-1] ** 0.5)
            else:
                p.copy_(torch.randn(p.shape, generator=g) * scale * 0.3)


def write(path, model, config, n, classes, g):
    x = torch.rand(n, model.channels, model.size, model.size, generator=g) * 2 - 1
    z = torch.randn(n, model.tokens, model.values, generator=g)
    c = nn.functional.one_hot(torch.arange(n) % classes, classes).float() if classes else None
    if classes:
        c[-1] = 1 / classes  # an image without a class has the mean of the embeddings
    with torch.no_grad():
        check = {"x": rows(x), "log_prob": model.double().log_prob(x.double(), c if c is None else c.double()), "z": z.flatten(1),
                 "samples": rows(model.reverse(z.double(), c if c is None else c.double()).float())}
    model.float()
    if classes:
        check["context"] = c
    np.savez(path + ".npz", **{name: v.numpy() for name, v in check.items()})
    save_file({name: v.contiguous().clone() for name, v in model.state_dict().items()}, path + ".safetensors")
    config = {"library": "tarflow", "version": "main", "features": model.channels * model.size ** 2} | ({"context": classes} if classes else {}) | {"tarflow": config}
    with open(path + ".json", "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    print(f"{path}: log_prob {check['log_prob'].min():.4g} to {check['log_prob'].max():.4g}, samples to {check['samples'].abs().max():.4g}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--notebook", default="")
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    g = torch.Generator().manual_seed(o.seed)
    torch.manual_seed(o.seed)
    if o.notebook:
        model = TarFlow(28, 4, 1, 128, 4, 4, classes=10)
        perturb(model, 0.15, g)
        print(sum(p.numel() for p in model.parameters()), "parameters")
        write(os.path.join(o.notebook, "notebook"), model, {"patch": 4, "levels": 256}, 40, 10, g)
        return
    here = os.path.dirname(os.path.abspath(__file__))
    model = TarFlow(4, 2, 3, 8, 2, 2, head=4, classes=3)
    perturb(model, 0.5, g)
    write(os.path.join(here, "tarflow-classes"), model, {"patch": 2, "head_width": 4}, 12, 3, g)
    model = TarFlow(6, 2, 1, 8, 3, 1, head=8, scales=False)
    perturb(model, 0.5, g)
    model.var.copy_(torch.exp(torch.randn(model.var.shape, generator=g)))
    write(os.path.join(here, "tarflow-shifts"), model, {"patch": 2, "head_width": 8}, 12, 0, g)


if __name__ == "__main__":
    main()
