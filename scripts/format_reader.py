#!/usr/bin/env python3
"""Log-densities of the rows of an NPY file under a model, with numpy alone: the reader of docs/format.md.

Usage: format_reader.py MODEL.safetensors ROWS.npy
"""
import json, struct, sys
import numpy as np

def load(path):
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(length)), f.read()
    meta = header.pop("__metadata__")
    tensors = {name: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]).astype(np.float64)
               for name, t in header.items()}
    return json.loads(meta["nf.flow"]), tensors

def conditioner(tensors, prefix, inputs, rows):
    if prefix + "constant" in tensors:
        return np.repeat(tensors[prefix + "constant"], rows, 0)
    layer, h = 0, inputs
    while f"{prefix}layers.{layer}.weight" in tensors:
        if layer > 0:
            h = np.maximum(h, 0)
        h = h @ tensors[f"{prefix}layers.{layer}.weight"] + tensors[f"{prefix}layers.{layer}.bias"]
        layer += 1
    return h

def log_scale(affine, u):
    b, epsilon = affine.get("bound"), affine.get("epsilon")
    return {
        "tanh-exp": lambda: b * np.tanh(u / b),
        "exp": lambda: u,
        "softclip": lambda: u / (1 + np.abs(u / b)),
        "sigmoid": lambda: np.log(1 / (1 + np.exp(-u - 2)) + epsilon),
        "softplus": lambda: np.log(np.logaddexp(0, u) + epsilon),
        "sigmoid-reciprocal": lambda: np.logaddexp(0, -u - 2),
    }[affine["scale_map"]]()

def made(tensors, prefix, spec, context, x, parameters):
    """The parameters of x, whose columns stand in their order."""
    degrees = np.arange(x.shape[1])
    units = [np.repeat(degrees, n) for n in spec["units"]]
    outputs = units + [np.tile(degrees, parameters)]
    if spec["residual"]:
        outputs = [units[0]] + [u for inner in units[1:] for u in (inner, units[0])] + outputs[-1:]
    before = np.concatenate([np.full(context.shape[1], -1), degrees])
    values, stream = np.concatenate([context, x], 1), None
    for layer, after in enumerate(outputs):
        # Inputs are seen by what comes after their degree, units from theirs on.
        seen = before[:, None] < after if layer == 0 else before[:, None] <= after
        weight = np.zeros(seen.shape)
        weight[seen] = tensors[f"{prefix}layers.{layer}.weight"][0]
        last = layer == len(outputs) - 1
        if layer > 0 and not (last and spec["residual"]):
            values = np.maximum(values, 0)
        values = values @ weight + tensors[f"{prefix}layers.{layer}.bias"]
        if spec["residual"] and layer % 2 == 0 and not last:
            stream = values = values if layer == 0 else stream + values
        before = after
    return values

def log_prob(path, x, context=None):
    flow, tensors = load(path)
    x, total = np.array(x, np.float64), np.zeros(len(x))
    if flow["standardize"]:
        x = (x - flow["standardize"]["mean"]) / flow["standardize"]["std"]
        total -= np.log(flow["standardize"]["std"]).sum()
    context = np.zeros((len(x), 0)) if context is None else np.array(context, np.float64)
    if flow["standardize_context"]:
        context = (context - flow["standardize_context"]["mean"]) / flow["standardize_context"]["std"]
    columns = list(range(x.shape[1]))
    for i, t in enumerate(flow["transforms"]):
        prefix = f"transforms.{i}.conditioner."
        if t["type"] == "permutation":
            columns = [columns[o] for o in t["order"]]
            continue
        if t["type"] == "batchnorm":
            mean, variance = (tensors[f"transforms.{i}.running_{name}"][0] for name in ("mean", "variance"))
            x = (x - mean) / np.sqrt(variance + t["epsilon"])
            total -= 0.5 * np.log(variance + t["epsilon"]).sum()
            continue
        mask = t.get("mask") or [True] * len(columns)
        kept = sorted(c for c, m in zip(columns, mask) if not m)
        changed = sorted(c for c, m in zip(columns, mask) if m)
        if t["type"] == "autoregressive":
            changed = [columns[feature] for feature in t["order"]]
            parameters = 1 if t["univariate"]["type"] == "additive" else 2
            p = made(tensors, prefix, t["conditioner"], context, x[:, changed], parameters)
        else:
            p = conditioner(tensors, prefix, np.concatenate([x[:, kept], context], 1), len(x))
        w = len(changed)
        if t["univariate"]["type"] == "additive":
            x[:, changed] += p
        else:
            s = log_scale(t["univariate"], p[:, :w])
            x[:, changed] = x[:, changed] * np.exp(s) + p[:, w:]
            total += s.sum(1)
    if flow["base"]["type"] == "diagonal-normal":
        u, mean = np.split(tensors["base.constant"][0], 2)
        s = flow["base"]["bound"] * np.tanh(u / flow["base"]["bound"])
        x = (x - mean) * np.exp(-s)
        total -= s.sum()
    return total - 0.5 * (x * x).sum(1) - 0.5 * x.shape[1] * np.log(2 * np.pi)

if __name__ == "__main__":
    for value in log_prob(sys.argv[1], np.load(sys.argv[2])):
        print(repr(float(value)))
