#!/usr/bin/env python3
"""Log-densities of the rows of an NPY file under a model, with numpy alone: the reader of docs/format.md.

Usage: format_reader.py MODEL.safetensors ROWS.npy [CONTEXT.npy]

Events of several sites, such as images, are rows of features site by site; format_grids.py is the part about them.

The context is an array of numbers, or of texts, whose columns are those of context_columns.
"""
import json, math, statistics, struct, sys
import numpy as np

def load(path):
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(length)), f.read()
    meta = header.pop("__metadata__")
    if meta["nf.version"] not in ("1", "2"):
        raise ValueError(f"version {meta['nf.version']} of the format is not known")
    tensors = {name: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]).astype(np.float64)
               for name, t in header.items()}
    return json.loads(meta["nf.flow"]), tensors

def activation(spec, x):
    """What stands between the layers of a conditioner."""
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    return {
        "relu": lambda: np.maximum(x, 0),
        "leaky-relu": lambda: np.where(x > 0, x, spec["slope"] * x),
        "elu": lambda: np.where(x > 0, x, np.expm1(x)),
        "tanh": lambda: np.tanh(x),
        "silu": lambda: x * sigmoid(x),
        "gelu": lambda: x * normal_cdf(x),
        "softplus": lambda: softplus(x),
    }[spec.get("activation", "relu")]()

def normal_cdf(x):
    return 0.5 * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2))

def network(spec, layers, weight_and_bias, gate, x, term=lambda layer: 0):
    """The output of a perceptron, or of a residual network, whose blocks a gate may multiply; terms are added to layers."""
    stream, h = None, x
    for layer in range(layers):
        last = layer == layers - 1
        starts, ends = (not last and layer % 2 == 1, not last and layer % 2 == 0) if residual(spec) else (False, False)
        if layer > 0 and not (residual(spec) and (last or starts and spec.get("plain"))):
            h = activation(spec, h)
        weight, bias = weight_and_bias(layer)
        h = h @ weight + bias + term(layer)
        if ends:
            if layer > 0:
                h = stream + (h / (1 + np.exp(-gate(layer // 2 - 1))) if spec.get("gated") else h)
            stream = h
    return h

def residual(spec):
    return spec.get("residual") or spec.get("type") == "residual"

def conditioner(tensors, prefix, spec, inputs, context, rows):
    if prefix + "constant" in tensors:
        return np.repeat(tensors[prefix + "constant"], rows, 0)
    tensor = lambda name: tensors[prefix + name]
    layers = sum(name.startswith(prefix + "layers.") and name.endswith(".weight") for name in tensors)
    return network(spec, layers, lambda l: (tensor(f"layers.{l}.weight"), tensor(f"layers.{l}.bias")),
                   lambda b: context @ tensor(f"gates.{b}.weight") + tensor(f"gates.{b}.bias"), inputs)

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
    constants = spec.get("constants", 0)
    outputs = units + [np.tile(degrees, parameters - constants)]
    if spec["residual"]:
        outputs = [units[0]] + [u for inner in units[1:] for u in (inner, units[0])] + outputs[-1:]
    encoder = spec.get("encoder")
    before = degrees if encoder else np.concatenate([np.full(context.shape[1], -1), degrees])
    tensor = lambda name: tensors[prefix + name][0]

    def weight_and_bias(layer):
        # Inputs are seen by what comes after their degree, units from theirs on.
        seen, after = (before, outputs[0]) if layer == 0 else (outputs[layer - 1], outputs[layer])
        seen = seen[:, None] < after if layer == 0 else seen[:, None] <= after
        weight = np.zeros(seen.shape)
        weight[seen] = tensor(f"layers.{layer}.weight")
        return weight, tensor(f"layers.{layer}.bias")

    def of_context(name):
        return context @ tensor(f"{name}.weight").reshape(context.shape[1], -1) + tensor(f"{name}.bias")

    def term(layer):
        if layer == 0:
            return activation(spec, of_context("encoder")) if encoder else 0
        inner = spec.get("block_context") and layer % 2 == 1 and layer < len(outputs) - 1
        return of_context(f"block_contexts.{layer // 2}") if inner else 0

    computed = network(spec, len(outputs), weight_and_bias, lambda block: of_context(f"gates.{block}"),
                       x if encoder else np.concatenate([context, x], 1), term)
    return np.concatenate([computed, np.repeat(tensors[prefix + "constants"], len(x), 0)], 1) if constants else computed

def softplus(u):
    return np.logaddexp(0, u)

def softmax(u):
    e = np.exp(u - u.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)

def mlp_constants(hidden):
    """The number of parameters of a network of one number without those that a conditioner tells it."""
    return hidden[0] + sum(m * (n + 1) for n, m in zip(hidden, hidden[1:] + [1]))

def mlp(hidden, magnitude, act, c, p, x):
    """The output and its derivative of a network of one number x [rows, w] with c [rows, H1, w] and p [rows, n, w]."""
    u, k, p = magnitude(p[:, :hidden[0]]) * x[:, None] + c, magnitude(p[:, :hidden[0]]), p[:, hidden[0]:]
    for n, m in zip(hidden, hidden[1:] + [1]):
        h, slopes = act(u)
        weight = magnitude(p[:, :m * n]).reshape(len(x), m, n, -1)
        u, k = (weight * h[:, None]).sum(2) + p[:, m * n:m * (n + 1)], (weight * (slopes * k)[:, None]).sum(2)
        p = p[:, m * (n + 1):]
    return u[:, 0], k[:, 0]

def monotonic_mlp(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    def two_ways(v):
        sign = np.where(np.arange(v.shape[1]) < (v.shape[1] + 1) // 2, 1, -1)[:, None]
        return sign * activation({"activation": "elu"}, sign * v), slope("elu", sign * v)
    y, k = mlp(u["hidden"], np.abs, two_ways, p[:, :u["hidden"][0]], p[:, u["hidden"][0]:], x)
    return y, np.log(k)

def integral_mlp(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    first = u["hidden"][0]
    def log_g(v):
        d, _ = mlp(u["hidden"], lambda w: w, lambda u_: (activation(u, u_), 0 * u_), p[:, :first], p[:, first + 1:], v)
        return d / (1 + np.abs(d) / 7)
    points, weights = quadrature(u)
    return p[:, first] + x * sum(w / 2 * np.exp(log_g(x * (1 + point) / 2)) for point, w in zip(points, weights)), log_g(x)

def quadrature(u):
    """The points and weights of a rule on [-1, 1]."""
    n = u["points"]
    if u["quadrature"] == "gauss-legendre":
        return np.polynomial.legendre.leggauss(n)
    m = n - 1
    return -np.cos(np.pi * np.arange(n) / m), [(1 if k in (0, m) else 2) / m * (1 - sum((1 if 2 * j == m else 2) / (4 * j * j - 1) * math.cos(2 * math.pi * j * k / m)
                                               for j in range(1, m // 2 + 1))) for k in range(n)]

def parameter_count(u):
    return {"affine": lambda: 2, "inverse": lambda: parameter_count(u["of"]),
            "composed": lambda: parameter_count(u["first"]) + parameter_count(u["second"]), "additive": lambda: 1, "sinh-arcsinh": lambda: 2,
            "monotonic-mlp": lambda: u["hidden"][0] + mlp_constants(u["hidden"]), "integral-mlp": lambda: u["hidden"][0] + 1 + mlp_constants(u["hidden"]),
            "bounded-bernstein": lambda: u["parameters"], "softclip": lambda: 0, "squared-polynomials": lambda: u["polynomials"] * (u["degree"] + 1) + 1,
            "bernstein": lambda: u["degree"] + 1, "sum-of-squares": lambda: 2 * u["degree"] + 3,
            "monotone-network": lambda: 3 * u["hidden"] + 2,
            "dense-sigmoidal": lambda: (4 * u["layers"] - 1) * u["hidden"] + 2 * (u["layers"] - 1) * u["hidden"]**2,
            "normal-mixture": lambda: 2 * u["components"],
            "logistic-mixture": lambda: (3 if u.get("weights") else 2) * u["components"],
            "spline": lambda: 3 * u["bins"] - (0 if u.get("circular") else 1)}[u["type"]]()

def spline(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, w, P]."""
    bins, bound, c = u["bins"], u["bound"], u.get("softclip")
    widths, heights, slopes = p[..., :bins], p[..., bins:2 * bins], p[..., 2 * bins:]
    if c:
        widths, heights = (2 * bound * softmax(v / (1 + np.abs(2 * v / c))) for v in (widths, heights))
        slopes = np.exp(slopes / (1 + np.abs(slopes / c)))
    else:
        widths = 2 * bound * (u["min_width"] + (1 - bins * u["min_width"]) * softmax(widths))
        heights = 2 * bound * (u["min_height"] + (1 - bins * u["min_height"]) * softmax(heights))
        slopes = u["min_slope"] + softplus(u["slope_beta"] * slopes) / u["slope_beta"]
    if u.get("circular"):
        slopes = np.concatenate([slopes, slopes[..., :1]], -1)
    else:
        one = np.ones(x.shape + (1,))
        slopes = np.concatenate([one, slopes, one], -1)
    right = np.cumsum(widths, -1) - bound
    k = np.minimum((x[..., None] >= right).sum(-1), bins - 1)[..., None]
    at = lambda v: np.take_along_axis(v, k, -1)[..., 0]
    w, h, d0, d1 = at(widths), at(heights), at(slopes[..., :-1]), at(slopes[..., 1:])
    s, xi = h / w, (x - at(right) + w) / w
    rest = xi * (1 - xi)
    below = s + (d0 + d1 - 2 * s) * rest
    y = np.clip(at(np.cumsum(heights, -1)) - bound - h + h * (s * xi**2 + d0 * rest) / below, -bound, bound)
    inside = np.abs(x) <= bound
    slope = np.where(inside, s**2 * (d1 * xi**2 + 2 * s * rest + d0 * (1 - xi)**2) / below**2, 1)
    return np.where(inside, y, x), np.log(slope)

def logistic_mixture(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    k, b = u["components"], u["bound"]
    s = b * np.tanh(p[:, k:2 * k] / b)
    j = np.arange(k) + 0.5
    t = (x[:, None] - p[:, :k] - (u.get("spread", 0) * np.log(j / (k - j)))[:, None]) * np.exp(-s)
    log_weight = np.log(softmax(p[:, 2 * k:].transpose(0, 2, 1))).transpose(0, 2, 1) if u.get("weights") else -math.log(k)
    total = lambda v: np.logaddexp.reduce(log_weight + v, 1)
    left, right, density = total(-softplus(-t)), total(-softplus(t)), total(-softplus(-t) - softplus(t) - s)
    if u.get("logit"):
        return left - right, density - left - right
    tail = lambda log_p: statistics.NormalDist().inv_cdf(math.exp(log_p)) if log_p > -700 else -math.inf
    y = np.vectorize(tail, otypes=[float])(np.minimum(left, right))
    y = np.where(left <= right, y, -y)
    return y, density + 0.5 * y * y + 0.5 * math.log(2 * math.pi)

def bernstein(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    n, bound, least = u["degree"], u["bound"], u["min_slope"]
    increments = 2 * bound / n * (least + (1 - least) * softplus(p[:, :n]) / math.log(2))
    at = np.clip(x, -bound, bound)
    value, slope = bernstein_polynomial(increments, bound, at)
    return p[:, n] - increments.sum(1) / 2 + value + slope * (x - at), np.log(slope)

def bernstein_polynomial(increments, bound, at):
    """The polynomial that begins at 0 and its slope, given the increments [rows, n, w] of its coefficients."""
    n = increments.shape[1]
    heights = np.concatenate([0 * increments[:, :1], np.cumsum(increments, 1)], 1)
    v = ((at + bound) / (2 * bound))[:, None]
    def blend(values):
        m = values.shape[1] - 1
        k = np.arange(m + 1)[:, None]
        return (values * [[[math.comb(m, i)] for i in range(m + 1)]] * v**k * (1 - v)**(m - k)).sum(1)
    return blend(heights), n / (2 * bound) * blend(increments)

def bounded_bernstein(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    bound = u["bound"]
    end = np.full((len(x), 2, x.shape[1]), 2 * bound / (u["parameters"] + 4))
    free = (2 * bound - 4 * end[:, :1]) * softmax(p.transpose(0, 2, 1)).transpose(0, 2, 1)
    value, slope = bernstein_polynomial(np.concatenate([end, free, end], 1), bound, np.clip(x, -bound, bound))
    inside = np.abs(x) < bound
    return np.where(inside, value - bound, x), np.log(np.where(inside, slope, 1))

def squared_polynomials(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    n, k = u["degree"] + 1, u["polynomials"]
    product = np.zeros((len(x), 2 * n - 1, x.shape[1]))
    for j in range(k):
        a = p[:, j * n:(j + 1) * n].copy()
        a[:, 0] += 1
        for i in range(n):
            product[:, i:i + n] += a[:, i:i + 1] * a / k
    powers = product * (x / u["scale"])[:, None] ** np.arange(2 * n - 1)[:, None]
    mean = (powers / (np.arange(2 * n - 1)[:, None] + 1)).sum(1)
    return p[:, -1] + x * (u["min_slope"] + mean), np.log(u["min_slope"] + powers.sum(1))

def sum_of_squares(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    n, least = u["degree"], u["min_slope"]
    at = np.clip(x, -u["scale"], u["scale"])
    w = at / u["scale"]
    product = np.zeros((len(x), 2 * n + 1, x.shape[1]))
    for k, tilt in enumerate([0.25, -0.25]):
        a = p[:, k * (n + 1):(k + 1) * (n + 1)].copy()
        a[:, 0] += 1
        a[:, 1] += tilt
        for i in range(n + 1):
            product[:, i:i + n + 1] += 0.5 * a[:, i:i + 1] * a
    powers = w[:, None] ** np.arange(2 * n + 1)[:, None]
    mean = (product * powers / (np.arange(2 * n + 1)[:, None] + 1)).sum(1)
    slope = least + (1 - least) * (product * powers).sum(1)
    return p[:, -1] + at * (least + (1 - least) * mean) + slope * (x - at), np.log(slope)

def monotone_network(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    h, least = u["hidden"], u["min_slope"]
    offsets = (4 * (np.arange(h) + 0.5) / h - 2)[:, None]
    def g(v):
        units = np.tanh((1 + 2 * np.tanh(p[:, :h] / 2)) * v[:, None] + p[:, h:2 * h] + offsets)
        return least + (1 - least) * softplus(p[:, 3 * h] + (p[:, 2 * h:3 * h] * units).sum(1)) / math.log(2)
    points, weights = quadrature(u)
    at = np.clip(x, -u["bound"], u["bound"])
    total = sum(w / 2 * g(at * (1 + point) / 2) for point, w in zip(points, weights))
    return p[:, -1] + at * total + g(at) * (x - at), np.log(g(at))

def dense_sigmoidal(u, p, x):
    """y and log dy/dx of x [rows, w] with parameters p [rows, P, w]."""
    k, layers, b = u["hidden"], u["layers"], u["bound"]
    j = np.arange(k) + 0.5
    spread = (u.get("spread", 0) * np.log(j / (k - j)))[:, None]
    diagonal = u.get("diagonal", 0) * np.eye(k)[..., None]
    blocks, matrices = p[:, :(4 * layers - 1) * k], p[:, (4 * layers - 1) * k:]
    total = lambda v: np.logaddexp.reduce(v, 2)
    log_softmax = lambda v: v - total(v)[:, :, None]
    h, log_slope = x[:, None], np.zeros((len(x), 1, x.shape[1]))
    for layer in range(layers):
        mean, raw, a, r = (blocks[:, i * k:(i + 1) * k] for i in range(4))
        blocks = blocks[:, (4 if layer else 3) * k:]
        square = lambda m: m.reshape(len(x), k, k, -1) + diagonal
        weights = np.zeros((len(x), k, 1, x.shape[1]))
        if layer:
            weights, matrices = square(matrices[:, :k * k]) + r[:, None], matrices[:, k * k:]
        log_u = log_softmax(weights)
        weights = a[:, None]
        if layer < layers - 1:
            weights, matrices = square(matrices[:, :k * k]) + a[:, None], matrices[:, k * k:]
        log_w = log_softmax(weights)
        s = b * np.tanh(raw / b)
        t = ((np.exp(log_u) * h[:, None]).sum(2) - mean - (0 if layer else spread)) * np.exp(-s)
        of_units = total(log_u + log_slope[:, None]) - s
        left, right = (total(log_w - softplus(sign * t)[:, None]) for sign in (-1, 1))
        h = left - right
        log_slope = total(log_w + (of_units - softplus(t) - softplus(-t))[:, None]) - left - right
    return h[:, 0], log_slope[:, 0]

def univariate(u, p, x):
    """y and log dy/dx of x [rows, w]; p [rows, P·w] has a block for each parameter."""
    p = p.reshape(len(x), parameter_count(u), x.shape[1])
    if u["type"] == "spline":
        return spline(u, p.transpose(0, 2, 1), x)
    if u["type"] == "composed":
        n = parameter_count(u["first"])
        v, first = univariate(u["first"], p[:, :n], x)
        y, second = univariate(u["second"], p[:, n:], v)
        return y, first + second
    if u["type"] == "monotonic-mlp":
        return monotonic_mlp(u, p, x)
    if u["type"] == "integral-mlp":
        return integral_mlp(u, p, x)
    if u["type"] == "softclip":
        over = 1 + np.abs(x) / u["bound"]
        return x / over, -2 * np.log(over)
    if u["type"] == "bounded-bernstein":
        return bounded_bernstein(u, p, x)
    if u["type"] == "squared-polynomials":
        return squared_polynomials(u, p, x)
    if u["type"] == "dense-sigmoidal":
        return dense_sigmoidal(u, p, x)
    if u["type"] == "monotone-network":
        return monotone_network(u, p, x)
    if u["type"] == "bernstein":
        return bernstein(u, p, x)
    if u["type"] == "sum-of-squares":
        return sum_of_squares(u, p, x)
    if u["type"] == "logistic-mixture":
        return logistic_mixture(u, p, x)
    if u["type"] == "normal-mixture":
        k = u["components"]
        t = np.exp(p[:, k:]) * x[:, None] + p[:, :k]
        sides = [(1 - u["margin"]) * normal_cdf(s * t).mean(1) + u["margin"] / 2 for s in (1, -1)]
        small = np.minimum(*sides)
        y = np.vectorize(statistics.NormalDist().inv_cdf, otypes=[float])(small) * np.where(sides[0] <= sides[1], 1, -1)
        density = (np.exp(p[:, k:] - t * t / 2)).mean(1) * (1 - u["margin"])
        return y, np.log(density) + y * y / 2
    if u["type"] == "sinh-arcsinh":
        s = u["bound"] * np.tanh(p[:, 1] / u["bound"])
        v = np.exp(s) * np.arcsinh(x) + p[:, 0]
        return np.sinh(v), s + np.logaddexp(v, -v) - np.log(2) - 0.5 * np.log1p(x * x)
    if u["type"] == "inverse":
        y, log_det = invert_univariate(u["of"], p.reshape(len(x), -1), x)
        return y, -log_det
    s = log_scale(u, p[:, 0]) if u["type"] == "affine" else np.zeros(x.shape)
    return x * np.exp(s) + p[:, -1], s

def wavenet(c, tensors, prefix, x, context):
    """The parameters of each site of one event x [sites, features], from the sites before it."""
    def linear(name, v):
        return v @ tensors[prefix + name + ".weight"] + tensors[prefix + name + ".bias"][0]
    def back(v, sites):
        return np.concatenate([np.zeros((min(sites, len(v)), v.shape[1])), v[:max(0, len(v) - sites)]])
    front = np.concatenate([back(x, i + 1) for i in reversed(range(max(1, c.get("front", 0))))], 1)
    seen = np.concatenate([front, np.tanh(linear("scales", back(x, 1)))], 1) if c.get("scales", 0) else front
    h, skip, w = linear("input", seen), 0, c["width"]
    for l, d in enumerate(c["dilations"]):
        u = linear(f"layers.{l}.past", np.concatenate([back(h, i * d) for i in reversed(range(c["kernel"]))], 1))
        if f"{prefix}layers.{l}.context.weight" in tensors:
            u = u + linear(f"layers.{l}.context", context)
        out = linear(f"layers.{l}.output", np.tanh(u[:, :w]) / (1 + np.exp(-u[:, w:])))
        if l < len(c["dilations"]) - 1:
            h, out = h + out[:, :w], out[:, w:]
        skip = skip + out
    y = linear("output", np.maximum(linear("skip", np.maximum(skip, 0)), 0))
    return y + linear("predictor", front) if c.get("front", 0) else y

def invert_univariate(u, p, y):
    """x of y [rows, w], and log dy/dx there; of the maps whose inverse is a formula without roots."""
    p = p.reshape(len(y), parameter_count(u), y.shape[1])
    s = {"affine": lambda: log_scale(u, p[:, 0]), "additive": lambda: np.zeros(y.shape)}[u["type"]]()
    return (y - p[:, -1]) * np.exp(-s), s

def support(columns, columns_of, x):
    """Maps bounded columns in place, and returns the sums of log dz/dx."""
    total = np.zeros(len(x))
    for c in columns:
        at = columns_of[c["feature"]]
        lower, upper = c.get("lower"), c.get("upper")
        v = x[:, at]
        with np.errstate(invalid="ignore", divide="ignore"):
            if c["map"] == "logit":
                m = c.get("margin", 0)
                share = m + (1 - 2 * m) * (v - lower) / (upper - lower)
                z = np.log(share) - np.log1p(-share)
                slope = np.log((1 - 2 * m) / (upper - lower)) - np.log(share) - np.log1p(-share)
                outside = (share <= 0) | (share >= 1)
            else:
                d, sign = (v - lower, 1) if lower is not None else (upper - v, -1)
                log = c["map"] == "log"
                z = sign * (np.log(d) if log else d + np.log(-np.expm1(-d)))
                slope = -np.log(d) if log else -np.log(-np.expm1(-d))
                outside = d <= 0
        x[:, at] = np.where(outside, 0, z)  # any number will do: the density is 0
        total += np.where(outside, -np.inf, slope)
    return total

TABLEAUS = {  # the stages of Runge-Kutta methods, their result, and the difference from the embedded one
    "euler": ([[]], [1], None),
    "midpoint": ([[], [1 / 2]], [0, 1], None),
    "rk4": ([[], [1 / 2], [0, 1 / 2], [0, 0, 1]], [1 / 6, 1 / 3, 1 / 3, 1 / 6], None),
    "dopri5": ([[], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
                [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]],
               [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
               [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]),
}

def velocity(spec, tensors, prefix, x, times, context, grid):
    """v and the trace of its Jacobian for rows x [rows, D] at a time each, which with kernels or a network are all values of an event."""
    if spec.get("kernels") or spec.get("network"):
        import format_grids
        return format_grids.velocity(spec, tensors, prefix, x, times, context, grid)
    d, k = x.shape[1], spec.get("frequencies", 0)
    angles = np.pi * np.outer(times, np.arange(k) + 1)
    tau = np.concatenate([np.cos(angles), np.sin(angles)], 1) if k else times[:, None]
    tensor = lambda name: tensors[prefix + name]
    h, tangents, layers = x, np.tile(np.eye(d), (len(x), 1, 1)), len(spec.get("hidden") or []) + 1
    for l in range(layers):
        u, tangents = h @ tensor(f"layers.{l}.weight"), tangents @ tensor(f"layers.{l}.weight")
        if l == 0 and context.shape[1]:
            u = u + context @ tensor("context.weight")
        shift = tau @ tensor(f"layers.{l}.time.weight") + tensor(f"layers.{l}.time.bias")
        if spec.get("gated"):
            gate = 1 / (1 + np.exp(-shift[:, u.shape[1]:]))
            u, tangents = u * gate, tangents * gate[:, None]
        u = u + shift[:, :u.shape[1]]
        if l < layers - 1:
            h = activation(spec, u)
            tangents = tangents * slope(spec["activation"], u)[:, None]
    return u, np.trace(tangents, axis1=1, axis2=2)

def slope(name, u):
    """The derivative of a smooth activation."""
    s = 1 / (1 + np.exp(-u))
    return {"tanh": 1 - np.tanh(u)**2, "softplus": s, "silu": s * (1 + u * (1 - s)),
            "gelu": normal_cdf(u) + u * np.exp(-u * u / 2) / math.sqrt(2 * math.pi), "elu": np.where(u > 0, 1, np.exp(np.minimum(u, 0)))}[name]

def step(t, tensors, prefix, x, context, done, size, sign):
    """x after a step of each row, the log-dets, and the differences from the embedded method."""
    stages, result, wrong = TABLEAUS[t["solver"]["method"]]
    h, v, traces = sign * size[:, None], [], []
    for a in stages:
        at = x + h * sum((w * k for w, k in zip(a, v)), np.zeros(x.shape))
        way = done + sum(a) * size
        k, trace = velocity(t["velocity"], tensors, prefix + "velocity.", at, way if sign > 0 else 1 - way, context, t.get("grid"))
        v.append(k)
        traces.append(trace)
    total = lambda weights, terms: sum(w * k for w, k in zip(weights, terms))
    h0 = h[:, 0]
    y, log_det = x + h * total(result, v), h0 * total(result, traces)
    return y, log_det, (h * total(wrong, v), h0 * total(wrong, traces)) if wrong else None

def solve(t, tensors, prefix, x, context, sign):
    """Moves x in place along the differential equation, and returns the log-dets."""
    if t.get("probes", {}).get("count"):
        raise ValueError("a trace that is estimated by probes: this reader draws none")
    total, done, rows = np.zeros(len(x)), np.zeros(len(x)), len(x)
    n, e = t["solver"].get("steps", 0), t["solver"].get("tolerance")
    for i in range(n):
        x[:], log_det, _ = step(t, tensors, prefix, x, context, np.full(rows, i / n), np.full(rows, 1 / n), sign)
        total += log_det
    halved = np.full(rows, 3)
    while e and (done < 1).any():
        a = np.flatnonzero(done < 1)
        size = 0.5 ** halved[a]
        y, log_det, (off, off_log) = step(t, tensors, prefix, x[a], context[a], done[a], size, sign)
        scale = 1 + np.maximum(np.abs(x[a]), np.abs(y))
        error = np.maximum(np.sqrt(((off / scale)**2).mean(1)), np.abs(off_log) / (1 + np.abs(log_det))) / e
        taken = ~((error > 1) & (halved[a] < 10))
        halved[a[~taken]] += 1
        b = a[taken]
        x[b], total[b], done[b] = y[taken], total[b] + log_det[taken], done[b] + size[taken]
        done[b[np.isnan(error[taken])]] = 1
        grow = (error[taken] < 1 / 64) & (halved[b] > 0) & (done[b] % (2 * size[taken]) == 0)
        halved[b[grow]] -= 1
    return total

def bnaf(t, tensors, prefix, x, columns, context):
    """Changes x in place; returns the log-dets."""
    d, units, p = x.shape[1], [1] + t["units"] + [1], tensors[prefix + "constant"][0]
    terms = context @ tensors[prefix + "context.weight"] if context.shape[1] else np.zeros((len(x), d * (units[1] + 1)))
    bounded = lambda u: t["bound"] * np.tanh(u / t["bound"])
    def take(n):
        nonlocal p
        part, p = p[:n], p[n:]
        return part
    features = np.arange(d)
    h, slopes = x[:, columns], np.ones(x.shape)  # of each unit by its own feature
    for layer, (n, m) in enumerate(zip(units, units[1:])):
        of_in, of_out = np.repeat(features, n), np.repeat(features, m)
        seen, own = of_in <= of_out[:, None], of_in == of_out[:, None]
        weight = np.zeros(seen.shape)
        weight[seen] = take(seen.sum())
        weight[own] = np.exp(weight[own])
        weight *= (np.exp(bounded(take(d * m))) / np.linalg.norm(weight, axis=1))[:, None]
        h, slopes = h @ weight.T + take(d * m), slopes @ (weight * own).T
        if layer == 0:
            h = h + terms[:, :d * m]
        if layer < len(units) - 2:
            h = np.tanh(h)
            slopes = slopes * (1 - h * h)
    gate = 1 / (1 + np.exp(-bounded(p[0])))
    x[:, columns] = gate * (h + terms[:, -d:]) + (1 - gate) * x[:, columns]
    return np.log(gate * slopes + 1 - gate).sum(1)

def forward(t, tensors, prefix, x, columns, context):
    """Changes x in place; returns the log-dets and the new columns."""
    kind, tensor = t["type"], lambda name: tensors[prefix + name][0]
    d = x.shape[1]
    if kind == "permutation":
        return 0, [columns[o] for o in t["order"]]
    if kind == "invert":
        return inverse(t["transform"], tensors, prefix + "transform.", x, columns, context)
    if kind == "chain":
        total = 0
        for j, part in enumerate(t["transforms"]):
            log_det, columns = forward(part, tensors, f"{prefix}transforms.{j}.", x, columns, context)
            total = total + log_det
        return total, columns
    if kind == "support":
        return support(t["columns"], columns, x), columns
    if kind == "batchnorm":
        variance = tensor("running_variance") + t["epsilon"]
        x[:] = (x - tensor("running_mean")) / np.sqrt(variance)
        return -0.5 * np.log(variance).sum(), columns
    if kind == "actnorm":
        u, shift = np.split(tensor("constant"), 2)
        s = t["bound"] * np.tanh(u / t["bound"])
        x[:] = x * np.exp(s) + shift
        return s.sum(), columns
    if kind == "gaussianization":
        constant = np.repeat(tensors[prefix + "constant"], len(x), 0)
        x[:], log_det = univariate({**t, "type": "logistic-mixture"}, constant, x.copy())
        return log_det.sum(1), columns
    if kind == "continuous":
        return solve(t, tensors, prefix, x, context, 1), columns
    if kind == "lu":
        s = t["bound"] * np.tanh(tensor("diagonal") / t["bound"])
        lower, upper = np.eye(d), np.diag(np.exp(s))
        lower[np.tril_indices(d, -1)], upper[np.triu_indices(d, 1)] = tensor("lower"), tensor("upper")
        x[:, columns] = x[:, columns] @ (lower @ upper).T
        x += tensor("bias")
        return s.sum(), columns
    if kind == "matrix":
        a = np.eye(d) + tensors[prefix + "weight"]
        x[:, columns] = x[:, columns] @ a
        x += tensor("bias")
        return np.linalg.slogdet(a)[1], columns
    if kind == "householder":
        for v in tensors[prefix + "vectors"]:
            if v.any():
                x[:, columns] -= np.outer(x[:, columns] @ v, 2 * v / (v @ v))
        x += tensor("bias")
        return 0, columns
    if kind == "bnaf":
        return bnaf(t, tensors, prefix, x, columns, context), columns
    if kind == "residual-network":
        if t["probes"].get("count") and x.shape[1] > 128:
            raise ValueError("a log-det that is estimated by probes: this reader draws none")
        d, layers = x.shape[1], len(t["hidden"]) + 1
        steepest = {"silu": 1.1, "gelu": 1.13}.get(t["activation"], 1)
        h, tangents = x.copy(), np.tile(np.eye(d), (len(x), 1, 1))
        for layer in range(layers):
            w = tensors[prefix + f"layers.{layer}.weight"]
            w = w * min(1, t["lipschitz"]**(1 / layers) / (steepest if layer else 1) / max(np.linalg.norm(w, 2), 1e-300))
            u, tangents = h @ w + tensors[prefix + f"layers.{layer}.bias"], tangents @ w
            if layer == 0 and context.shape[1]:
                u = u + context @ tensors[prefix + "context.weight"]
            if layer < layers - 1:
                h, tangents = activation(t, u), tangents * slope(t["activation"], u)[:, None]
        x += u
        return np.linalg.slogdet(np.eye(d) + tangents)[1], columns
    if kind == "residual":
        d, h = x.shape[1], t["hidden"]
        p = tensors[prefix + "constant"][0]
        most = math.sqrt(t["lipschitz"])
        w, v = (m * min(1, most / max(np.linalg.norm(m, 2), 1e-300)) for m in (p[:h * d].reshape(h, d), p[h * d:2 * h * d].reshape(h, d)))
        b, c, beta = p[2 * h * d:2 * h * d + h], p[2 * h * d + h:-1], softplus(p[-1])
        u = x @ w.T + b
        s = 1 / (1 + np.exp(-beta * u))
        slopes = s * (1 + beta * u * (1 - s)) / 1.1
        log_det = np.array([np.linalg.slogdet(np.eye(d) + (v.T * slope) @ w)[1] for slope in slopes])
        x += (u * s / 1.1) @ v + c
        return log_det, columns
    if kind == "planar":
        w, u, b = tensor("constant")[:d], tensor("constant")[d:2 * d], tensor("constant")[2 * d]
        if w.any():
            u = u + (softplus(w @ u) - 1 - w @ u) * w / (w @ w)
        h = np.tanh(x @ w + b)
        x += np.outer(h, u)
        return np.log1p(w @ u * (1 - h * h)), columns
    if kind == "radial":
        away = x - tensor("constant")[:d]
        alpha = softplus(tensor("constant")[d])
        beta = softplus(tensor("constant")[d + 1]) - alpha
        h = 1 / (alpha + np.sqrt((away * away).sum(1)))
        x += (beta * h)[:, None] * away
        return (d - 1) * np.log1p(beta * h) + np.log1p(alpha * beta * h * h), columns
    changed, p = parameters(t, tensors, prefix, x, columns, context)
    x[:, changed], log_det = univariate(t["univariate"], p, x[:, changed])
    return log_det.sum(1), columns

def parameters(t, tensors, prefix, x, columns, context):
    """The data columns that a layer changes and the parameters of their maps."""
    prefix += "conditioner."
    if t["type"] == "autoregressive":
        changed = [columns[feature] for feature in t["order"]]
        return changed, made(tensors, prefix, t["conditioner"], context, x[:, changed], parameter_count(t["univariate"]))
    mask = t.get("mask") or [True] * len(columns)
    kept = sorted(c for c, m in zip(columns, mask) if not m)
    changed = sorted(c for c, m in zip(columns, mask) if m)
    seen = x[:, kept] if not t.get("angles") else with_angles(t["angles"], columns, kept, x)
    return changed, conditioner(tensors, prefix, t.get("conditioner"), np.concatenate([seen, context], 1), context, len(x))

def with_angles(angles, columns, kept, x):
    """The kept columns of x, with cosine and sine in the place of each that is an angle."""
    are, turn = {columns[feature] for feature in angles["features"]}, np.pi / angles["bound"]
    return np.stack([v for c in kept for v in ([np.cos(turn * x[:, c]), np.sin(turn * x[:, c])] if c in are else [x[:, c]])], 1)

def inverse(t, tensors, prefix, x, columns, context):
    """As forward, but for the inverse of a layer: of an autoregressive one, feature after feature."""
    if t["type"] == "permutation":
        old, columns = columns, list(columns)
        for i, o in enumerate(t["order"]):
            columns[o] = old[i]
        return 0, columns
    y = x.copy()
    for _ in range(x.shape[1] if t["type"] == "autoregressive" else 1):
        changed, p = parameters(t, tensors, prefix, x, columns, context)
        x[:, changed], log_det = invert_univariate(t["univariate"], p, y[:, changed])
    return -log_det.sum(1), columns

def log_base(base, constant, z):
    """The log-density of the noise z."""
    d = z.shape[1]
    normal = lambda e: -0.5 * (e * e).sum(-1) - 0.5 * d * math.log(2 * math.pi)
    scale = lambda u: base["bound"] * np.tanh(u / base["bound"])
    if base["type"] == "standard-normal":
        return normal(z)
    if base["type"] == "diagonal-normal":
        u, mean = np.split(constant, 2)
        return normal((z - mean) * np.exp(-scale(u))) - scale(u).sum()
    if base["type"] == "full-normal":
        mean, s, a = constant[:d], scale(constant[d:2 * d]), np.zeros((d, d))
        a[np.tril_indices(d, -1)] = constant[2 * d:]
        a += np.diag(np.exp(s))
        return normal((z - mean) @ a.T) + s.sum()
    if base["type"] == "student-t":
        nu = base["degrees_of_freedom"]
        one = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)
        return (one - (nu + 1) / 2 * np.log1p(z * z / nu)).sum(1)
    if base["type"] == "mixture":
        k = base["components"]
        means, u = constant[k:].reshape(2, k, d)
        s = scale(u)
        each = normal((z[:, None] - means) * np.exp(-s)) - s.sum(1) + np.log(softmax(constant[:k]))
        return np.logaddexp.reduce(each, 1)
    if base["type"] == "uniform":
        return np.where((np.abs(z) <= base["bound"]).all(1), -d * math.log(2 * base["bound"]), -np.inf)
    if base["type"] == "normal-uniform":
        uniform = np.isin(np.arange(d), base.get("columns", []))
        inside = (np.abs(z[:, uniform]) <= base["bound"]).all(1)
        return np.where(inside, (-0.5 * z[:, ~uniform]**2 - 0.5 * math.log(2 * math.pi)).sum(1) - uniform.sum() * math.log(2 * base["bound"]), -np.inf)
    raise ValueError(base["type"])

def context_columns(flow):
    """The columns of a table of contexts, each with its levels if it holds texts."""
    names, columns = flow.get("context", []), []
    begins = {c["column"] + "=" + c["levels"][0]: c for c in flow.get("categories", [])}
    while names:
        category = begins.get(names[0])
        columns.append((category["column"], category["levels"]) if category else (names[0], None))
        names = names[len(category["levels"]) if category else 1:]
    return columns

def context_values(flow, cells):
    """The context values of table columns: numbers as they are, texts one-hot in the order of their levels."""
    values = []
    for (name, levels), column in zip(context_columns(flow), np.asarray(cells).T):
        if levels is None:
            values.append(column.astype(np.float64))
            continue
        if not np.isin(column, levels).all():
            raise ValueError(f"column {name} holds a text that is none of {levels}")
        values += [(column == level).astype(np.float64) for level in levels]
    return np.stack(values, 1)

def middle(grid, x):
    """The middle of the cell of a discrete column that holds x."""
    origin, step = grid.get("origin", 0), grid["step"]
    return origin + (np.floor((x - origin) / step + 2**-10) + 0.5) * step

def log_prob(path, x, context=None):
    """The log-densities of rows, of images site by site, under the model of a file."""
    return flow_log_prob(*load(path), x, context)

def flow_log_prob(flow, tensors, x, context=None):
    """The same of what load returns."""
    x, total = np.array(x, np.float64), np.zeros(len(x))
    given = x.copy()
    if "pixels" in flow:
        import format_grids
        x = bins = format_grids.dequantized(flow["pixels"], x)
    for grid in flow.get("discrete", []):
        feature = flow["features"].index(grid["column"])
        x[:, feature] = middle(grid, x[:, feature])
    for circle in flow.get("circular", []):
        feature, turn = flow["features"].index(circle["column"]), circle["upper"] - circle["lower"]
        with np.errstate(invalid="ignore"):
            part = np.fmod(x[:, feature] - circle["lower"], turn)
        wrapped = circle["lower"] + np.where(part < 0, part + turn, part)
        wrapped = np.where(wrapped >= circle["upper"], circle["lower"], wrapped)
        stays = ~np.isfinite(x[:, feature]) | (x[:, feature] >= circle["lower"]) & (x[:, feature] < circle["upper"])
        x[:, feature] = np.where(stays, x[:, feature], wrapped)
    if flow["standardize"]:
        sites = x.shape[1] // len(flow["features"])
        x = (x - np.tile(flow["standardize"]["mean"], sites)) / np.tile(flow["standardize"]["std"], sites)
        total -= sites * np.log(flow["standardize"]["std"]).sum()
    context = np.zeros((len(x), 0)) if context is None else np.array(context, np.float64)
    if flow["standardize_context"]:
        context = (context - flow["standardize_context"]["mean"]) / flow["standardize_context"]["std"]
    with np.errstate(over="ignore"):
        x, context = (v.astype(np.float32).astype(np.float64) for v in (x, context))
    if np.isinf(context).any():
        row, column = np.argwhere(np.isinf(context))[0]
        raise ValueError(f"row {row + 1}, column {flow['context'][column]!r}: the context is beyond float32's range once standardized")
    if flow.get("pixels", {}).get("dequantization"):
        x, bound = format_grids.learned(flow, tensors, x, bins, context)
        total = total + bound
    with np.errstate(invalid="ignore", over="ignore"):
        total = total + log_density(flow, tensors, x, context)
    far = np.isnan(total) & ~np.isnan(given).any(1) & ~np.isnan(context).any(1)  # inf - inf: far outside
    return np.where(far, -np.inf, total)

def log_density(flow, tensors, x, context):
    """The log-density of standardized rows, each an event."""
    if "grid" in flow:
        import format_grids
        return format_grids.log_density(flow, tensors, x, context)
    if "embedding" in flow:
        context = conditioner(tensors, "embedding.", flow["embedding"], context, context, len(x))
    augmented = [t for t in flow["transforms"] if t["type"] == "augment"]
    if not augmented:
        return of_draw(flow, tensors, x, context, 0)
    draws = np.stack([of_draw(flow, tensors, x.copy(), context, k) for k in range(augmented[0]["draws"])])
    most = draws.max(0)
    return np.where(np.isinf(most), most, most + np.log(np.exp(draws - np.where(np.isinf(most), 0, most)).mean(0)))

def of_draw(flow, tensors, x, context, draw):
    """The same by one draw of the columns of noise, if there are any."""
    total = np.zeros(len(x))
    columns = list(range(x.shape[1]))
    for i, t in enumerate(flow["transforms"]):
        if t["type"] == "augment":
            import format_grids
            u = format_grids.normals(t.get("seed", 0), t["columns"], 17, draw)
            columns = columns + list(range(x.shape[1], x.shape[1] + len(u)))
            x = np.concatenate([x, np.tile(u, (len(x), 1))], 1)
            total += (u * u / 2 + math.log(2 * math.pi) / 2).sum()
            continue
        log_det, columns = forward(t, tensors, f"transforms.{i}.", x, columns, context)
        total += log_det
    return total + log_base(flow["base"], tensors.get("base.constant", [None])[0], x)

if __name__ == "__main__":
    context = context_values(load(sys.argv[1])[0], np.load(sys.argv[3])) if len(sys.argv) > 3 else None
    for value in log_prob(sys.argv[1], np.load(sys.argv[2]), context):
        print(repr(float(value)))
