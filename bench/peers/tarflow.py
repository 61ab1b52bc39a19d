#!/usr/bin/env python3
"""A TarFlow beside the same computation in PyTorch, of the same weights: scoring, training and cached sampling.

    pip install torch numpy safetensors
    bench/peers/tarflow.py --nf bin/nf --nfbench bin/nfbench [--events 64] [--rounds 3] [--threads 1,2]

The model is as large as that of the authors' notebook on MNIST (28 x 28 pixels in patches of 4, 4 blocks of 4 layers with
128 columns, 10 classes: 3.2 million parameters). It is imported with a check, so that both compute the same numbers. PyTorch has
its own kernel of attention, a cache of keys and values in sampling, and AdamW. Runs alternate; each figure is the best round
of the better number of threads, and the ratio is above 1 where nf is faster.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../flow/interop/testdata"))
import make_tarflow


def attend(self, h, mask=None):
    n, t, width = h.shape
    q, k, v = (part.view(n, t, -1, self.head).transpose(1, 2) for part in self.qkv(self.norm(h)).chunk(3, -1))
    if mask is None:
        self.keys = k if self.keys is None else torch.cat([self.keys, k], 2)
        self.values = v if self.values is None else torch.cat([self.values, v], 2)
        out = F.scaled_dot_product_attention(q, self.keys, self.values)
    else:
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return self.proj(out.transpose(1, 2).reshape(n, t, width))


def peer(model, n):
    """What is measured, each as a function of nothing."""
    x, z = torch.rand(n, 1, 28, 28) * 2 - 1, torch.randn(n, model.tokens, model.values)
    c = F.one_hot(torch.arange(n) % 10, 10).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)

    def train():
        optimizer.zero_grad()
        (-model.log_prob(x, c).mean()).backward()
        optimizer.step()

    return {"score": torch.no_grad()(lambda: model.log_prob(x, c)), "train": train, "sample": torch.no_grad()(lambda: model.reverse(z, c))}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--nf", default="nf")
    p.add_argument("--nfbench", default="nfbench")
    p.add_argument("--events", type=int, default=64)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", default="1,2")
    o = p.parse_args()
    best = {}

    def note(who, what, rate):
        best[who, what] = max(rate, best.get((who, what), 0))

    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        subprocess.run([sys.executable, make_tarflow.__file__, "--notebook", folder], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([o.nf, "import", "--weights", at("notebook.safetensors"), "--config", at("notebook.json"), "--check", at("notebook.npz"),
                        "--out", at("model.safetensors")], check=True, stdout=sys.stderr)
        make_tarflow.Attention.forward = attend
        model = make_tarflow.TarFlow(28, 4, 1, 128, 4, 4, classes=10)
        model.load_state_dict(load_file(at("notebook.safetensors")))
        runs = peer(model, o.events)
        for _ in range(o.rounds):
            for threads in map(int, o.threads.split(",")):
                torch.set_num_threads(threads)
                for what, run in runs.items():
                    run()
                    begin = time.perf_counter()
                    run()
                    note("PyTorch", what, o.events / (time.perf_counter() - begin))
                for command in (["sample", "--time", "1s"], ["train"]):
                    full = [o.nfbench, *command, "--model", at("model.safetensors"), "--rows", str(o.events), "--workers", str(threads), "--json"]
                    for line in subprocess.run(full, check=True, capture_output=True, text=True).stdout.splitlines():
                        result = json.loads(line)
                        parts = result["name"].split("/")
                        note("nf", parts[0] if parts[0] == "train" else parts[2], result["figures"]["rows/s"])
    for what in runs:
        a, b = best["nf", what], best["PyTorch", what]
        print(f"{what}: nf {a:.1f} events/s, PyTorch {b:.1f}, ratio {a / b:.2f}")


if __name__ == "__main__":
    main()
