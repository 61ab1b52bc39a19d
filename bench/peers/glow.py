#!/usr/bin/env python3
"""nf's Glow beside the same Glow in PyTorch, with the same weights: images a second in training, in scoring and of one image alone.

    pip install torch numpy
    bench/peers/glow.py --nf bin/nf --nfbench bin/nfbench [--images 1024] [--seconds 2] [--rounds 3] [--scales 2 --layers 8 --width 64]

nf trains a Glow on random images for two epochs; PyTorch loads its file, and must give the same log-densities to 1e-4 before
anything is timed. Then PyTorch is measured eager and compiled (torch.compile, which needs a C++ compiler; --eager leaves it out), with
one and with all threads, in its usual layout and channels_last, and nf, in turns. Each way to run PyTorch has to give the log-densities too.
Training is of batches of 64 with Adam and a clipped gradient in both. The best of PyTorch's eager ways and the best of all of them are
set against nf; above 1 nf is faster.
"""
import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import format_grids
import format_reader

BATCH = 64


class Net(torch.nn.Module):
    """Convolutions with ReLU between them, and a learned scale of the outputs."""

    def __init__(self, spec, tensor):
        super().__init__()
        self.factor, self.kernels = spec["log_scale"], spec["kernels"]
        self.weights, self.biases = torch.nn.ParameterList(), torch.nn.ParameterList()
        for i, k in enumerate(self.kernels):
            w = tensor(f"layers.{i}.weight")
            self.weights.append(w.reshape(k, k, -1, w.shape[1]).permute(3, 2, 0, 1).contiguous())
            self.biases.append(tensor(f"layers.{i}.bias")[0])
        self.log_scale = torch.nn.Parameter(tensor("log_scale").view(1, -1, 1, 1))

    def forward(self, x):
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            x = F.conv2d(torch.relu(x) if i else x, w, b, padding=self.kernels[i] // 2)
        return x * torch.exp(self.factor * self.log_scale)


class Step(torch.nn.Module):
    """One transform of nf's file. Channels are data columns: features are where `columns` says."""

    def __init__(self, t, tensor, columns):
        super().__init__()
        self.kind, self.bound = t["type"], t.get("bound", t.get("univariate", {}).get("bound"))
        if self.kind == "split":
            leave = sorted(columns[f] for f in t["leave"])
            stay = sorted(set(columns) - set(leave))
            self.leave, self.stay = leave, stay
        elif self.kind in ("actnorm", "elementwise"):
            self.constant = torch.nn.Parameter(tensor("constant" if self.kind == "actnorm" else "conditioner.constant").view(2, 1, -1, 1, 1))
        elif self.kind == "matrix":
            self.weight = torch.nn.Parameter(tensor("weight") + torch.eye(len(columns)))
            self.bias = torch.nn.Parameter(tensor("bias")[0])
            self.columns = columns
            self.register_buffer("back", torch.argsort(torch.tensor(columns)))
        elif self.kind == "coupling":
            self.kept, self.changed = (sorted(c for c, m in zip(columns, t["mask"]) if m == want) for want in (False, True))
            self.register_buffer("order", torch.argsort(torch.tensor(self.kept + self.changed)))
            self.net = Net(t["conditioner"], lambda name: tensor("conditioner." + name))

    def scale(self, u):
        return self.bound * torch.tanh(u / self.bound)

    def forward(self, x):
        sites = x.shape[2] * x.shape[3]
        if self.kind in ("actnorm", "elementwise"):
            s = self.scale(self.constant[0])
            return x * torch.exp(s) + self.constant[1], s.sum() * sites
        if self.kind == "matrix":  # of features, whose places are the columns
            w = self.weight[self.back][:, self.back]
            return F.conv2d(x, w.t()[:, :, None, None], self.bias), torch.linalg.slogdet(self.weight)[1] * sites
        kept, changed = x[:, self.kept], x[:, self.changed]
        u, t = self.net(kept).chunk(2, 1)
        s = self.scale(u)
        return torch.cat([kept, changed * torch.exp(s) + t], 1)[:, self.order], s.sum((1, 2, 3))


class Glow(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
        flow, tensors = format_reader.load(path)
        self.steps, columns = torch.nn.ModuleList(), list(range(len(flow["features"])))
        self.mean, self.std = flow["standardize"]["mean"][0], flow["standardize"]["std"][0]
        for i, t in enumerate(flow["transforms"]):
            tensor = lambda name: torch.tensor(tensors[f"transforms.{i}.{name}"], dtype=torch.float32)
            self.steps.append(Step(t, tensor, columns))
            if t["type"] == "squeeze":
                n = len(columns)
                columns = [o // n * n + columns[o % n] for o in t["order"]]
            if t["type"] == "split":
                columns = [self.steps[-1].stay.index(c) for f, c in enumerate(columns) if f not in t["leave"]]

    def in_layout(self, layout):
        for v in self.parameters():
            if v.dim() == 4:
                v.data = v.data.contiguous(memory_format=layout)
        return self

    def forward(self, x):
        """The log-densities of dequantized images [n, C, H, W]."""
        n, size = len(x), x[0].numel()
        x = (x - self.mean) / self.std
        total = torch.full((n,), -size * math.log(self.std) - 0.5 * size * math.log(2 * math.pi))
        for s in self.steps:
            if s.kind == "squeeze":  # the columns of the first site of a block, then those of the next
                n, c, h, w = x.shape
                x = x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(n, 4 * c, h // 2, w // 2)
            elif s.kind == "split":
                total = total - 0.5 * (x[:, s.leave] ** 2).sum((1, 2, 3))
                x = x[:, s.stay]
            else:
                x, log_det = s(x)
                total = total + log_det
        return total - 0.5 * (x ** 2).sum((1, 2, 3))


def rate(call, images, seconds):
    for _ in range(2):
        call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return images / statistics.median(times)


def ways(path, compiled):
    """PyTorch's ways to run the model: a name, the model in it, and the layout of images.

    A compiled model has the number of threads in its code, so that each number gets one of its own.
    """
    for n in sorted({1, os.cpu_count()}):
        torch.set_num_threads(n)
        for layout in (torch.contiguous_format, torch.channels_last):
            name = "channels_last" if layout == torch.channels_last else "contiguous"
            yield f"eager, {name}, {n} thread(s)", Glow(path).in_layout(layout), layout
            if compiled:
                torch._dynamo.reset()
                yield f"compiled, {name}, {n} thread(s)", torch.compile(Glow(path).in_layout(layout), dynamic=False), layout


def apart(got, want):
    """How far log-densities are apart at most, relative to 1 or their size."""
    return (np.abs(got.double().numpy() - want) / np.maximum(1, np.abs(want))).max()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--nf", default="nf")
    p.add_argument("--nfbench", default="nfbench")
    p.add_argument("--images", type=int, default=1024)
    p.add_argument("--side", type=int, default=28)
    p.add_argument("--channels", type=int, default=1)
    p.add_argument("--scales", type=int, default=2)
    p.add_argument("--layers", type=int, default=8)
    p.add_argument("--width", type=int, default=64)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--eager", action="store_true", help="without torch.compile")
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        draw = np.random.RandomState(1)
        smooth = np.cumsum(draw.randint(-9, 10, (o.images, o.side, o.side, o.channels)), 2) + 128
        pixels = np.clip(smooth, 0, 255).astype(np.uint8)
        np.save(at("images.npy"), pixels)
        train = lambda epochs, out: subprocess.run(
            [o.nf, "train", "--flow", "glow", "--data", at("images.npy"), "--valid-last", "64", "--scales", str(o.scales), "--layers", str(o.layers), "--width", str(o.width),
             "--epochs", str(epochs), "--batch", str(BATCH), "--schedule", "constant", "--out", out], check=True, capture_output=True, text=True).stdout
        train(2, at("glow.safetensors"))
        subprocess.run([o.nf, "score", "--model", at("glow.safetensors"), "--data", at("images.npy"), "--out", at("scores.csv"), "--quiet"], check=True, capture_output=True)
        want = np.genfromtxt(at("scores.csv"), skip_header=1)
        x = format_grids.dequantized({"levels": 256}, pixels.reshape(len(pixels), -1).astype(np.float64))
        x = torch.tensor(x.reshape(pixels.shape), dtype=torch.float32).permute(0, 3, 1, 2).contiguous()
        model = Glow(at("glow.safetensors"))
        with torch.no_grad():
            far = apart(torch.cat([model(part) for part in x.split(BATCH)]), want)
        print(f"log-densities of {len(want)} images are {far:.1e} apart; {sum(v.numel() for v in model.parameters())} parameters", flush=True)
        if not far < 1e-4:
            sys.exit("the two are not the same model")

        best = {}

        def note(work, who, images):
            best.setdefault(work, {}).setdefault(who, []).append(images)

        for _ in range(o.rounds):
            for name, peer, layout in ways(at("glow.safetensors"), not o.eager):
                batch, one = (x[:n].to(memory_format=layout) for n in (BATCH, 1))
                optimizer = torch.optim.Adam(peer.parameters(), 1e-5)

                def step():
                    optimizer.zero_grad()
                    (-peer(batch).mean()).backward()
                    torch.nn.utils.clip_grad_norm_(peer.parameters(), 100)
                    optimizer.step()

                def score(images):
                    with torch.no_grad():
                        return peer(images)

                far = apart(score(batch), want[:BATCH])
                if not far < 1e-4:
                    sys.exit(f"PyTorch {name}: log-densities are {far:.1e} apart")
                who = f"PyTorch {name}"
                note("scoring", who, rate(lambda: score(batch), BATCH, o.seconds))
                note("one image", who, rate(lambda: score(one), 1, o.seconds))
                note("training", who, rate(step, BATCH, o.seconds))
            speeds = re.findall(r"images_per_second=(\d+)", train(3, at("again.safetensors")))
            note("training", "nf", float(speeds[-1]))
            for rows, work in ((4 * BATCH * os.cpu_count(), "scoring"), (1, "one image")):  # of few rows nfbench takes one core
                lines = subprocess.run([o.nfbench, "score", "--model", at("glow.safetensors"), "--rows", str(rows), "--time", f"{o.seconds}s", "--json"],
                                       check=True, capture_output=True, text=True).stdout.splitlines()
                note(work, "nf", max(json.loads(line)["figures"]["rows/s"] for line in lines))
    for work, speeds in best.items():
        medians = {who: statistics.median(v) for who, v in speeds.items()}
        own = medians.pop("nf")
        for name, v in sorted(medians.items()):
            print(f"  {work}: {name}: {v:.1f} images/s")
        for of, names in (("eager", [n for n in medians if n.startswith("PyTorch eager")]), ("all", list(medians))):
            who = max(names, key=medians.get)
            print(f"{work}: nf {own:.1f} images/s, the best of PyTorch ({of}) {medians[who]:.1f} ({who}), ratio {own / medians[who]:.2f}")


if __name__ == "__main__":
    main()
