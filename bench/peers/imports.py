#!/usr/bin/env python3
"""Imported models beside the libraries that trained them: rows a second of log-densities, and numbers of parameters.

    pip install torch numpy sbi==0.27.0 nflows==0.14 zuko==1.6.0 safetensors
    bench/peers/imports.py --nf bin/nf --nfbench bin/nfbench [--rows 5000] [--seconds 1] [--only maf]

The models are those that sbi makes by default (maf, nsf, zuko_maf, zuko_nsf: 50 hidden units, 5 transforms), untrained and
perturbed, and zuko's small spline flows. Each is imported with a check, so that both compute the same numbers. Times are
medians of calls with one and with two threads; the ratio is of the better ones, above 1 where nf is faster.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import torch
import zuko
from safetensors.torch import save_file
from sbi.neural_nets import posterior_nn

MODELS = [(kind, d, c) for kind in ("maf",) for d, c in ((2, 2), (3, 4), (3, 14), (6, 8), (13, 195), (20, 2), (21, 49), (2, 101))]
MODELS += [(kind, d, c) for kind in ("nsf", "zuko_maf", "zuko_nsf") for d, c in ((3, 14), (13, 195))]
MODELS += [(f"zuko-nsf-{hidden}", 2, 31) for hidden in (13, 41, 61)]
CONFIGS = {"maf": {"library": "nflows", "version": "0.14", "activation": "tanh", "scale_map": "softplus"},
           "nsf": {"library": "nflows", "version": "0.14", "activation": "relu", "tail_bound": 3.0},
           "zuko": {"library": "zuko", "version": "1.6.0", "activation": "relu"}}


def build(kind, d, c):
    torch.manual_seed(d * 1000 + c)
    x, context = torch.randn(1000, d) * 3 + 5, torch.randn(1000, c) * 7 - 2
    if kind.startswith("zuko-nsf-"):
        flow = zuko.flows.NSF(d, c, bins=8, hidden_features=[int(kind[9:])] * 2)
        x, context = torch.randn(1000, d), torch.randn(1000, c)
        return flow, (lambda x, c: flow(c).log_prob(x)), x, context, CONFIGS["zuko"]
    net = posterior_nn(model=kind)(x, context)
    return net, (lambda x, c: net.log_prob(x[None], condition=c)[0]), x, context, CONFIGS[kind.split("_")[0]]


def rate(call, rows, seconds):
    for _ in range(3):
        call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return rows / statistics.median(times)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--nf", default="nf")
    p.add_argument("--nfbench", default="nfbench")
    p.add_argument("--rows", type=int, default=5000)
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--only", default="")
    o = p.parse_args()
    for kind, d, c in MODELS:
        if o.only not in f"{kind}-{d}-{c}":
            continue
        module, log_prob, x, context, config = build(kind, d, c)
        module.eval()
        with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
            for parameter in module.parameters():
                parameter += 0.05 * torch.randn_like(parameter)
            at = lambda name: os.path.join(folder, name)
            np.savez(at("check.npz"), x=x.numpy(), context=context.numpy(), log_prob=log_prob(x, context).numpy())
            save_file({name: v.contiguous().clone() for name, v in module.state_dict().items()}, at("weights.safetensors"))
            with open(at("config.json"), "w") as f:
                json.dump(config | {"features": d, "context": c}, f)
            made = subprocess.run([o.nf, "import", "--weights", at("weights.safetensors"), "--config", at("config.json"), "--check", at("check.npz"),
                                   "--out", at("model.safetensors"), "--json"], capture_output=True, text=True)
            if made.returncode:
                print(f"{kind} D={d} C={c}: {made.stderr.strip()}")
                continue
            parameters = json.loads(made.stdout)["parameters"], sum(v.numel() for v in module.parameters())
            many = x.repeat(o.rows // len(x) + 1, 1)[:o.rows], context.repeat(o.rows // len(x) + 1, 1)[:o.rows]
            peer = []
            for n in (1, 2):
                torch.set_num_threads(n)
                peer.append(rate(lambda: log_prob(*many), o.rows, o.seconds))
            command = [o.nfbench, "score", "--model", at("model.safetensors"), "--rows", str(o.rows), "--time", f"{o.seconds}s", "--json"]
            own = [json.loads(line)["figures"]["rows/s"] for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]
        print(f"{kind} D={d} C={c}: {1e6 / max(own):.2f} µs a row, PyTorch {1e6 / max(peer):.2f} µs, ratio {max(own) / max(peer):.2f}; "
              f"parameters {parameters[0]} of {parameters[1]}, {parameters[0] / parameters[1]:.2f}", flush=True)


if __name__ == "__main__":
    main()
