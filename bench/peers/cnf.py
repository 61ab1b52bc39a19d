#!/usr/bin/env python3
"""Continuous flows beside zuko, torchdiffeq and torchcfm, with the same weights: rows a second in training and in scoring.

    pip install torch numpy safetensors zuko==1.6.0 torchdiffeq torchcfm
    bench/peers/cnf.py --nf bin/nf --nfbench bin/nfbench [--features 6] [--hidden 64,64,64] [--tolerance 1e-5] [--rows 512] [--rounds 3] [--seconds 2] [--threads 1,2]

By maximum likelihood: a CNF of zuko (ELU, the time by three frequencies, the exact trace) is imported by nf, with a check. PyTorch
computes it as zuko does, and by torchdiffeq's dopri5, whose trace is once that of gradients, once that of tangents by hand, which
is what nf does. nf at 1e-7 and zuko in float64 at 1e-7 must have the same log-densities to 1e-4 before anything is timed; all say how far
they are from those at the tolerance, which is absolute and relative. Their solvers choose one step for all rows, nf's one for each; zuko's does with a
100 times larger error of the trace.

By flow matching: nf trains a velocity for one epoch, PyTorch loads its file and must give the same log-densities (rk4, 20 steps).
A step is torchcfm's independent pairs, one pass and Adam, in nf an epoch's share.

Runs alternate. Each figure is the best round of the better number of threads; the ratio, to the best of PyTorch's ways, is
above 1 where nf is faster.
"""
import argparse
import copy
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import zuko
from safetensors.torch import save_file
from torchcfm.conditional_flow_matching import ConditionalFlowMatcher
from torchdiffeq import odeint

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import format_reader


def normal(z):
    return -0.5 * (z ** 2).sum(-1) - 0.5 * z.shape[-1] * math.log(2 * math.pi)


def by_gradients(f):
    """x -> v and its trace, row by row of the Jacobian."""
    def both(time, state):
        x, create = state[0], torch.is_grad_enabled()
        with torch.enable_grad():
            x = x if create and x.requires_grad else x.detach().requires_grad_()
            v = f(time, x)
        directions = torch.eye(x.shape[1]).expand(len(x), -1, -1).movedim(-1, 0)
        return v, torch.einsum("i...i", torch.autograd.grad(v, x, directions, create_graph=create, is_grads_batched=True)[0])
    return both


def by_tangents(transform):
    """The same by tangents of the layers, of which the first's inputs are times and then x."""
    layers = [m for m in transform.ode if hasattr(m, "weight")]

    def both(time, state):
        x, tau = state[0], transform.freqs * time
        h = torch.cat([torch.cat([tau.cos(), tau.sin()]).expand(len(x), -1), x], 1)
        tangents = layers[0].weight[:, 2 * len(tau):].t().expand(len(x), -1, -1)
        for i, layer in enumerate(layers):
            h = layer(h)
            if i > 0:
                tangents = tangents @ layer.weight.t()
            if i < len(layers) - 1:
                h = torch.nn.functional.elu(h)
                tangents = tangents * torch.where(h > 0, 1, h + 1).unsqueeze(1)
        return h, torch.diagonal(tangents, dim1=1, dim2=2).sum(-1)
    return both


def solved(both, **how):
    def log_prob(x):
        z, trace = odeint(both, (x, torch.zeros(len(x))), torch.tensor([0.0, 1.0]), **how)
        return normal(z[-1]) + trace[-1]
    return log_prob


class Velocity(torch.nn.Module):
    """The velocity of a file of nf, each of whose layers sees the time, without gates."""

    def __init__(self, path):
        super().__init__()
        flow, tensors = format_reader.load(path)
        spec = flow["transforms"][0]["velocity"]
        self.standardize = {k: torch.tensor(v, dtype=torch.float32) for k, v in flow["standardize"].items()}
        tensor = lambda name: torch.nn.Parameter(torch.tensor(tensors["transforms.0.velocity.layers." + name], dtype=torch.float32))
        count = len(spec["hidden"]) + 1
        self.weights, self.times, self.biases = (torch.nn.ParameterList(tensor(f"{i}.{name}") for i in range(count)) for name in ("weight", "time.weight", "time.bias"))
        self.frequencies = math.pi * torch.arange(1, spec["frequencies"] + 1)

    def forward(self, time, x):
        tau = self.frequencies * time.reshape(-1, 1)
        tau = torch.cat([tau.cos(), tau.sin()], 1)
        for i, (w, s, b) in enumerate(zip(self.weights, self.times, self.biases)):
            x = (torch.nn.functional.silu(x) if i else x) @ w + (tau @ s + b)
        return x


def rate(call, rows, seconds):
    call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 2:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return rows / sorted(times)[len(times) // 2]


def step(parameters, loss):
    optimizer = torch.optim.Adam(parameters, lr=1e-6)

    def run():
        optimizer.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5)
        optimizer.step()
    return run


def agree(name, got, want, most=1e-4):
    apart = (np.abs(np.asarray(got, np.float64) - want) / np.maximum(1, np.abs(want))).max()
    print(f"{name}: log-densities of {len(want)} rows are {apart:.1e} apart", flush=True)
    if not apart < most:
        sys.exit("the two are not the same model")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--nf", default="nf")
    p.add_argument("--nfbench", default="nfbench")
    p.add_argument("--features", type=int, default=6)
    p.add_argument("--hidden", default="64,64,64")
    p.add_argument("--tolerance", type=float, default=1e-5)
    p.add_argument("--rows", type=int, default=512)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", default="1,2")
    o = p.parse_args()
    threads = [int(n) for n in o.threads.split(",")]
    hidden = tuple(int(h) for h in o.hidden.split(","))
    torch.manual_seed(1)
    x = torch.randn(o.rows, o.features)
    best = {}

    def note(work, who, figure):
        best.setdefault(work, {}).setdefault(who, []).append(figure)

    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        run = lambda *arguments: subprocess.run(arguments, check=True, capture_output=True, text=True).stdout

        # The CNF of zuko, in nf.
        flow = zuko.flows.CNF(o.features, hidden_features=hidden, atol=o.tolerance, rtol=o.tolerance)
        with torch.no_grad():
            for v in flow.parameters():
                v *= 1.5
        fine = copy.deepcopy(flow).double().eval()
        fine.transform.atol = fine.transform.rtol = 1e-7
        with torch.no_grad():
            z = torch.randn(64, o.features)
            np.savez(at("check.npz"), x=x[:64].numpy(), log_prob=fine().log_prob(x[:64].double()).numpy(), z=z.numpy(), samples=fine().transform.inv(z.double()).numpy())
        save_file({k: v.contiguous() for k, v in flow.state_dict().items()}, at("weights.safetensors"))
        for name, tolerance in ("tight", 1e-7), ("cnf", o.tolerance):
            with open(at("config.json"), "w") as f:
                json.dump({"library": "zuko", "version": zuko.__version__, "features": o.features, "tolerance": tolerance}, f)
            run(o.nf, "import", "--weights", at("weights.safetensors"), "--config", at("config.json"), "--check", at("check.npz"), "--out", at(f"{name}.safetensors"))
        np.save(at("rows.npy"), x[:64].numpy())
        score = lambda model: np.genfromtxt(at("scores.csv"), skip_header=1) if run(o.nf, "score", "--model", at(model), "--data", at("rows.npy"), "--out", at("scores.csv"), "--quiet") is not None else None
        how = dict(method="dopri5", atol=o.tolerance, rtol=o.tolerance)
        ways = {"zuko": lambda x: flow().log_prob(x), "torchdiffeq, gradients": solved(by_gradients(flow.transform.f), **how), "torchdiffeq, tangents": solved(by_tangents(flow.transform), **how)}
        with torch.no_grad():
            exact = fine().log_prob(x[:64].double()).numpy()
            agree("nf at 1e-7 and zuko in float64 at 1e-7", score("tight.safetensors"), exact)
            agree(f"nf at {o.tolerance}", score("cnf.safetensors"), exact, 1e-2)
            for who, log_prob in ways.items():
                agree(f"{who} at {o.tolerance}", log_prob(x[:64]).numpy(), exact, 1e-2)

        # A velocity of nf, in PyTorch.
        velocity = lambda epochs, out, workers: run(o.nf, "train", "--flow", "flow-matching", "--data", at("many.npy"), "--hidden", o.hidden, "--epochs", str(epochs), "--batch", str(o.rows),
                                                    "--schedule", "constant", "--pairing", "independent", "--workers", str(workers), "--out", at(out))
        np.save(at("many.npy"), np.random.RandomState(2).standard_normal((64 * o.rows, o.features)).astype(np.float32))
        velocity(1, "matching.safetensors", 1)
        peer = Velocity(at("matching.safetensors"))
        mean, std = peer.standardize["mean"], peer.standardize["std"]
        fixed = solved(by_gradients(peer), method="rk4", options={"step_size": 1 / 20})
        with torch.no_grad():
            agree("torchdiffeq, rk4", (fixed((x[:64] - mean) / std) - std.log().sum()).numpy(), score("matching.safetensors"))
        matcher = ConditionalFlowMatcher(sigma=0.0)

        def matching():
            t, middle, toward = matcher.sample_location_and_conditional_flow(x, torch.randn_like(x))
            return ((peer(t, middle) - toward) ** 2).mean()

        for _ in range(o.rounds):
            for n in threads:
                torch.set_num_threads(n)
                for who, log_prob in ways.items():
                    with torch.no_grad():
                        note("scoring", who, rate(lambda: log_prob(x), o.rows, o.seconds))
                    flow.train()
                    note("training by likelihood", who, rate(step(list(flow.parameters()), lambda: -log_prob(x).mean()), o.rows, o.seconds))
                    flow.eval()
                note("training by matching", "torchcfm", rate(step(list(peer.parameters()), matching), o.rows, o.seconds))
                measure = lambda *arguments: max(json.loads(line)["figures"]["rows/s"] for line in run(o.nfbench, *arguments, "--model", at("cnf.safetensors"), "--rows", str(o.rows), "--workers", str(n), "--json").splitlines())
                note("scoring", "nf", measure("score", "--time", f"{o.seconds}s"))
                note("training by likelihood", "nf", measure("train"))
                note("training by matching", "nf", max(float(v) for v in re.findall(r"rows_per_second=(\d+)", velocity(3, "again.safetensors", n))))
    for work, speeds in best.items():
        speeds = {who: max(v) for who, v in speeds.items()}
        own = speeds.pop("nf")
        who = max(speeds, key=speeds.get)
        for name, v in speeds.items():
            print(f"  {work}: {name}: {v:.0f} rows/s")
        print(f"{work}: nf {own:.0f} rows/s, the best of PyTorch {speeds[who]:.0f} ({who}), ratio {own / speeds[who]:.2f}")


if __name__ == "__main__":
    main()
