"""The part of the reader of docs/format.md that is about grids: log-densities of events that have several sites."""
import numpy as np
import format_reader as f

def log_density(flow, tensors, x, context):
    """The log-density of standardized events, rows of sites · features values."""
    d, grid = len(flow["features"]), flow["grid"]
    context = shown(flow, tensors, context)
    x, columns, left = x.reshape(len(x), -1, d), list(range(d)), []
    total = np.zeros(len(x))
    for i, t in enumerate(flow["transforms"]):
        x, columns, grid, log_det = step(t, tensors, f"transforms.{i}.", x, columns, grid, context, left)
        total = total + log_det
    for i, part in enumerate(left):
        total = total + base(flow["base"], tensors.get(f"base.parts.{i}.constant"), part)
    return total + base(flow["base"], tensors.get("base.constant"), x)

def shown(flow, tensors, context):
    """What the transforms see of the context."""
    if "embedding" in flow:
        return f.conditioner(tensors, "embedding.", flow["embedding"], context, context, len(context))
    return context

def base(spec, constant, z):
    """The log-density of a part of the noise z [events, sites, features]."""
    if spec.get("sites"):
        return sum(f.log_base(spec, constant[s], z[:, s]) for s in range(z.shape[1]))
    return f.log_base(spec, None if constant is None else constant[0], z.reshape(-1, z.shape[2])).reshape(len(z), -1).sum(1)

def step(t, tensors, prefix, x, columns, grid, context, left):
    """One transform of x [events, sites, columns]: the new x, columns and grid, and the log-dets."""
    kind, inner = t["type"], t["transform"] if t["type"] == "invert" else t
    if kind == "squeeze":
        x, columns, grid = squeeze(t, x, columns, grid)
        return x, columns, grid, 0
    if kind == "invert" and inner["type"] == "squeeze":
        x, columns, grid = unsqueeze(inner, x, columns, grid)
        return x, columns, grid, 0
    if kind == "split":
        leave = sorted(columns[feature] for feature in t["leave"])
        stay = sorted(set(columns) - set(leave))
        left.append(x[:, :, leave])
        return x[:, :, stay], [stay.index(c) for i, c in enumerate(columns) if i not in t["leave"]], grid, 0
    below = prefix + "transform." if kind == "invert" else prefix
    if inner["type"] == "sequential":
        x, log_det = sequential(inner, tensors, below, x, context, kind == "invert")
        return x, columns, grid, log_det
    if kind in ("masked-convolution", "periodic-convolution", "mintnet"):
        ordered = x[:, :, columns]  # feature by feature
        x, log_det = np.zeros(x.shape), np.zeros(len(x))
        for e, event in enumerate(ordered):
            x[e][:, columns], log_det[e] = {"masked-convolution": masked, "periodic-convolution": periodic, "mintnet": mintnet}[kind](t, tensors, prefix, event, grid)
        return x, columns, grid, log_det
    if inner["type"] == "continuous" and (inner["velocity"].get("kernels") or inner["velocity"].get("network")):
        rows = x.reshape(len(x), -1).copy()
        log_det = f.solve(inner | {"grid": grid}, tensors, below, rows, context, -1 if kind == "invert" else 1)
        return rows.reshape(x.shape), columns, grid, log_det
    network = inner.get("conditioner") or {}
    if inner.get("sites") or network.get("type") in ("convolution", "residual-convolution", "sites"):
        x, log_det = coupling(inner, tensors, below, x, columns, grid, context, kind == "invert")
        return x, columns, grid, log_det
    rows = x.reshape(-1, x.shape[2]).copy()
    log_det, columns = f.forward(t, tensors, prefix, rows, columns, np.repeat(context, x.shape[1], 0))
    return rows.reshape(x.shape), columns, grid, np.broadcast_to(log_det, len(rows)).reshape(len(x), -1).sum(1)

def links(t, grid, d, copies_in, copies_out, itself):
    """What a masked convolution sees: of each weight that exists at a place the value that goes out, the one that comes in, and the weight's number."""
    (h, w), k = [1] * (2 - len(grid)) + list(grid), t["kernel"]
    reach = 0 if h == 1 else k // 2
    taps = [(a, b) for a in range(-reach, reach + 1) for b in range(-(k // 2), k // 2 + 1)]
    taps, sign, found = taps[:len(taps) // 2], -1 if t.get("reverse") else 1, []
    feature = lambda i: d - 1 - i if t.get("reverse") else i
    wide, out = d * copies_in, d * copies_out
    for site in range(h * w):
        for tap, (a, b) in enumerate(taps):
            line, at = site // w + sign * a, site % w + sign * b
            if 0 <= line < h and 0 <= at < w:
                found += [(site * out + o, (line * w + at) * wide + i, (tap * wide + i) * out + o) for i in range(wide) for o in range(out)]
        first = len(taps) * wide * out
        for i in range(d):
            for j in range(i + itself):
                found += [((site * d + feature(i)) * copies_out + o, (site * d + feature(j)) * copies_in + c, first + c * copies_out + o)
                          for c in range(copies_in) for o in range(copies_out)]
                first += copies_in * copies_out
    return np.array(found).reshape(-1, 3)

def large(t, grid):
    """A grid of as many lines, if that is one, on which every weight is used."""
    return [1 if i < len(grid) - 1 and g == 1 else 2 * t["kernel"] for i, g in enumerate(grid)]

def apply(found, w, x, size):
    y = np.zeros(size)
    np.add.at(y, found[:, 0], w[found[:, 2]] * x[found[:, 1]])
    return y

def masked(t, tensors, prefix, x, grid):
    """One event x [sites, features] through a masked convolution."""
    (s, d), p = x.shape, tensors[prefix + "constant"][0]
    log_scale, a = t["bound"] * np.tanh(p[:d] / t["bound"]), p[d:]
    found = links(t, grid, d, 1, 1, False)
    feature = np.zeros(len(a), int)
    feature[found[:, 2]] = found[:, 0] % d
    every = links(t, large(t, grid), d, 1, 1, False)
    feature[every[:, 2]] = every[:, 0] % d
    total = np.bincount(feature, np.abs(a), d) if len(a) else np.zeros(d)
    w = (np.exp(log_scale) * t["ratio"] / (1 + total))[feature] * a if len(a) else a
    return x * np.exp(log_scale) + apply(found, w, x.ravel(), s * d).reshape(s, d), s * log_scale.sum()

def periodic(t, tensors, prefix, x, grid):
    """One event through a periodic convolution."""
    d, (h, w), k = x.shape[1], [1] * (2 - len(grid)) + list(grid), t["kernel"]
    lines, v, y = 1 if h == 1 else k, x.reshape(h, w, d), np.zeros((h, w, d))
    weight, spectrum = tensors[prefix + "weight"].reshape(lines, k, d, d).copy(), np.zeros((h, w, d, d), complex)
    weight[lines // 2, k // 2] += np.eye(d)
    frequency = np.stack(np.meshgrid(np.arange(h) / h, np.arange(w) / w, indexing="ij"), 2)
    for a in range(lines):
        for b in range(k):
            shift = a - lines // 2, b - k // 2
            y += np.roll(v, (-shift[0], -shift[1]), (0, 1)) @ weight[a, b]
            spectrum += np.exp(2j * np.pi * (frequency @ shift))[..., None, None] * weight[a, b]
    return y.reshape(x.shape), np.linalg.slogdet(spectrum)[1].sum()

def mintnet(t, tensors, prefix, x, grid):
    """One event through a MintNet layer."""
    (s, d), k, p = x.shape, t["copies"], tensors[prefix + "constant"][0]
    sizes = [(1, k), (k, k), (k, 1)]
    found = [links(t, grid, d, i, o, True) for i, o in sizes]
    every = [links(t, large(t, grid), d, i, o, True) for i, o in sizes]
    ends = np.cumsum([s * d, d * k, d * k, d] + [v[:, 2].max() + 1 for v in every])
    u, b1, b2, b3, w1, w2, w3 = np.split(p, ends[:-1])
    scale, sign = np.exp(t["bound"] * np.tanh(u / t["bound"])), lambda v: np.where(v < 0, -1, 1)
    own, w2 = {}, w2.copy()  # of each feature the weights to itself, by its place in order
    for i in range(d):
        first = [len(w) - d * (d + 1) // 2 * a * b + (i * (i + 3) // 2) * a * b for w, (a, b) in zip((w1, w2, w3), sizes)]
        a, c = w1[first[0]:first[0] + k], w3[first[2]:first[2] + k]
        w2[first[1]:first[1] + k * k] = (np.abs(w2[first[1]:first[1] + k * k].reshape(k, k)) * sign(a)[:, None] * sign(c)).ravel()
        own[d - 1 - i if t.get("reverse") else i] = a, w2[first[1]:first[1] + k * k].reshape(k, k), c
    h, slopes = x.ravel(), []
    for links_of, w, b in zip(found, (w1, w2), (b1, b2)):
        v = np.tile(b, s) + apply(links_of, w, h, s * d * k)
        h = np.where(v > 0, v, np.expm1(np.minimum(v, 0)))
        slopes.append(np.where(v > 0, 1, np.exp(np.minimum(v, 0))).reshape(s, d, k))
    y = scale * x.ravel() + np.tile(b3, s) + apply(found[2], w3, h, s * d)
    diagonal = scale.reshape(s, d).copy()
    for f_, (a, m, c) in own.items():
        diagonal[:, f_] += np.einsum("sa,ab,sb->s", slopes[0][:, f_] * a, m, slopes[1][:, f_] * c)
    return y.reshape(s, d), np.log(diagonal).sum()

def squeeze(t, x, columns, grid):
    """Blocks of sites as columns: those of the first site of a block, then of the next."""
    n, _, d = x.shape
    (h, w), (a, b) = ([1] * (2 - len(v)) + list(v) for v in (grid, t["block"]))
    x = x.reshape(n, h // a, a, w // b, b, d).transpose(0, 1, 3, 2, 4, 5).reshape(n, -1, a * b * d)
    return x, [o // d * d + columns[o % d] for o in t["order"]], [g // k for g, k in zip(grid, t["block"])]

def unsqueeze(t, x, columns, grid):
    """The way back: value number order[i] of a block is feature i."""
    n, _, k = x.shape
    (h, w), (a, b) = ([1] * (2 - len(v)) + list(v) for v in (grid, t["block"]))
    at, d = [0] * k, k // (a * b)
    for i, o in enumerate(t["order"]):
        at[o] = columns[i]
    x = x[:, :, at].reshape(n, h, w, a, b, d).transpose(0, 1, 3, 2, 4, 5).reshape(n, -1, d)
    return x, list(range(d)), [g * k for g, k in zip(grid, t["block"])]

def coupling(t, tensors, prefix, x, columns, grid, context, inverse):
    """A coupling whose network sees the grid: of columns, or with "sites" of one color of a checkerboard."""
    n, s, d = x.shape
    changed, marked = list(range(d)), np.ones(s, bool)
    if t.get("sites"):
        marked = np.indices(grid).sum(0).ravel() % 2 == (t["sites"] == "odd")
        seen = np.where(marked[:, None], 0, x)
    else:
        changed, kept = (sorted(c for c, m in zip(columns, t["mask"]) if m == want) for want in (True, False))
        seen = x[:, :, kept]
    p = network(t["conditioner"], tensors, prefix + "conditioner.", seen, grid, context)
    v = x[:, :, changed][:, marked].reshape(-1, len(changed))
    p = p[:, marked].reshape(len(v), -1)
    y, log_det = (f.invert_univariate if inverse else f.univariate)(t["univariate"], p, v)
    x = x.copy()
    where = np.ix_(range(n), np.flatnonzero(marked), changed)
    x[where] = y.reshape(n, -1, len(changed))
    return x, (-1 if inverse else 1) * log_det.reshape(n, -1).sum(1)

def network(c, tensors, prefix, x, grid, context):
    """The parameters of each site of x [events, sites, columns], from a network that sees the grid."""
    tensor = lambda name: tensors[prefix + name]
    of_context = lambda name: context @ tensor(name + ".weight") + tensor(name + ".bias")
    n, s, _ = x.shape
    if c["type"] == "sites":
        constant = tensors.get(prefix + "constant")
        return (np.repeat(constant, n, 0) if constant is not None else of_context("layer")).reshape(n, s, -1)
    if c["type"] == "mlp" or c["type"] == "residual":
        rows = np.concatenate([x.reshape(n * s, -1), np.repeat(context, s, 0)], 1)
        return f.conditioner(tensors, prefix, c, rows, np.repeat(context, s, 0), n * s).reshape(n, s, -1)
    layers = sum(name.startswith(prefix + "layers.") and name.endswith(".weight") for name in tensors)
    spread, last = context.shape[1] > 0 and x.shape[2] > 0, layers - 1
    if x.shape[2] == 0:
        x = np.repeat(context[:, None], s, 1)
    outside = c.get("outside") or [0] * layers
    conv = lambda layer, v: convolve(v, grid, tensor(f"layers.{layer}.weight"), tensor(f"layers.{layer}.bias"), c.get("dilation") or 1, outside[layer])
    if c["type"] == "convolution":
        for layer in range(layers):
            x = conv(layer, x)
            if layer == 0 and spread:
                x = x + of_context("context")[:, None]
            if layer < last:
                if c.get("actnorm"):
                    x = x * np.exp(tensor(f"norms.{layer}.log_scale")) + tensor(f"norms.{layer}.shift")
                x = f.activation(c, x)
        scale = tensors.get(prefix + "log_scale")
        return x if scale is None else x * np.exp(c["log_scale"] * scale)
    term = lambda block: of_context(f"context.{block}")[:, None] if spread and not (block and c.get("context_gated")) else 0
    h = conv(0, x) + term(0)
    for layer in range(1, last, 2):
        v = h * tensor(f"scales.{layer // 2}") + tensor(f"shifts.{layer // 2}") if c.get("scaled") else h
        v = conv(layer, f.activation(c, v)) + term((layer + 1) // 2)
        v = conv(layer + 1, f.activation(c, v))
        if c.get("gated"):
            v, gate = np.split(v, 2, 2)
            v = v / (1 + np.exp(-gate))
        if c.get("context_gated"):
            v = v / (1 + np.exp(-of_context(f"gates.{layer // 2}")))[:, None]
        h = h + v
    return conv(last, h)

def velocity(spec, tensors, prefix, x, times, context, grid):
    """v and the trace of its Jacobian for events x [events, sites · columns] at a time each, by layers of convolutions or by a network."""
    n, size, k = len(x), x.shape[1], spec.get("frequencies", 0)
    angles = np.pi * np.outer(times, np.arange(k) + 1)
    tau = np.concatenate([np.cos(angles), np.sin(angles)], 1) if k else times[:, None]
    sites, layers = int(np.prod(grid)), len(spec.get("hidden") or []) + 1
    if spec.get("network"):  # whose derivatives are differences
        seen, c, shape = np.concatenate([context, tau], 1), spec["network"], (len(x), sites, -1)
        if c["type"] == "transformer":
            v = lambda y: np.stack([transformer(c, tensors, prefix + "network.", e, s[None]) for e, s in zip(y.reshape(shape), seen)]).reshape(n, size)
        else:
            v = lambda y: network(c, tensors, prefix + "network.", y.reshape(shape), grid, seen).reshape(n, size)
        h = 1e-4
        return v(x), sum((v(x + h * e) - v(x - h * e))[:, i] for i, e in enumerate(np.eye(size))) / (2 * h)
    tensor = lambda name: tensors[prefix + name]
    h, tangents = x.reshape(n, sites, -1), np.tile(np.eye(size), (n, 1)).reshape(n * size, sites, -1)
    for l in range(layers):
        u, tangents = (convolve(v, grid, tensor(f"layers.{l}.weight"), 0, 1, 0) for v in (h, tangents))
        if l == 0 and context.shape[1]:
            u = u + (context @ tensor("context.weight"))[:, None]
        shift = tau @ tensor(f"layers.{l}.time.weight") + tensor(f"layers.{l}.time.bias")
        if spec.get("gated"):
            gate = 1 / (1 + np.exp(-shift[:, None, u.shape[2]:]))
            u, tangents = u * gate, tangents * np.repeat(gate, size, 0)
        u = u + shift[:, None, :u.shape[2]]
        if l < layers - 1:
            h = f.activation(spec, u)
            tangents = tangents * np.repeat(f.slope(spec["activation"], u), size, 0)
    return u.reshape(n, size), np.trace(tangents.reshape(n, size, size), axis1=1, axis2=2)

def convolve(x, grid, weight, bias, dilation, outside):
    """A convolution of x [events, sites, columns], whose kernel the weight [taps · columns, out] tells."""
    n, s, c = x.shape
    h, w = [1] * (2 - len(grid)) + list(grid)
    taps = len(weight) // c
    k = taps if len(grid) == 1 else round(taps**0.5)
    lines, margin = (0 if len(grid) == 1 else k // 2 * dilation), k // 2 * dilation
    padded = np.full((n, h + 2 * lines, w + 2 * margin, c), float(outside))
    padded[:, lines:lines + h, margin:margin + w] = x.reshape(n, h, w, c)
    y = np.zeros((n, s, weight.shape[1])) + bias
    for tap in range(taps):
        a, b = (tap // k if len(grid) == 2 else 0) * dilation, tap % k * dilation
        y += padded[:, a:a + h, b:b + w].reshape(n, s, c) @ weight[tap * c:(tap + 1) * c]
    return y

def sequential(t, tensors, prefix, x, context, inverse):
    """A layer whose parameters of a site see the sites before it."""
    order = slice(None, None, -1) if t.get("reverse") else slice(None)
    c, prefix = t["conditioner"], prefix + "conditioner."
    y, total = np.zeros(x.shape), np.zeros(len(x))
    for e, event in enumerate(x[:, order]):
        one = context[e:e + 1]
        parameters = (lambda v: f.wavenet(c, tensors, prefix, v, one)) if c["type"] == "wavenet" else (lambda v: transformer(c, tensors, prefix, v, one))
        if inverse:  # site after site
            v = np.zeros(event.shape)
            for s in range(len(v)):
                found, log_det = f.invert_univariate(t["univariate"], parameters(v[:s + 1]), event[:s + 1])
                v[s] = found[s]
            total[e] -= log_det.sum()
        else:
            v, log_det = f.univariate(t["univariate"], parameters(event), event)
            total[e] += log_det.sum()
        y[e] = v[order]
    return y, total

def transformer(c, tensors, prefix, x, context):
    """The parameters of each site of one event x [sites, columns]."""
    linear = lambda name, v: v @ tensors[prefix + name + ".weight"] + tensors[prefix + name + ".bias"]
    def norm(name, v):
        v = v - v.mean(1, keepdims=True)
        v = tensors[prefix + name + ".gain"] * v / np.sqrt((v * v).mean(1, keepdims=True) + c["epsilon"]) + tensors[prefix + name + ".shift"]
        if not c.get("modulated"):
            return v
        factor, term = np.split(linear(name + ".context", context), 2, 1)
        return v * (1 + factor) + term
    s, heads = len(x), c["heads"]
    h = linear("input", x) + tensors[prefix + "positions"][:s]
    if context.shape[1]:
        h = h + linear("context", context)
    for l in range(c["layers"]):
        q, k, v = (part.reshape(s, heads, -1).transpose(1, 0, 2) for part in np.split(linear(f"layers.{l}.attention.queries", norm(f"layers.{l}.attention.norm", h)), 3, 1))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
        if c.get("causal"):
            scores = np.where(np.tri(s, dtype=bool), scores, -np.inf)
        h = h + linear(f"layers.{l}.attention.output", (f.softmax(scores) @ v).transpose(1, 0, 2).reshape(s, -1))
        h = h + linear(f"layers.{l}.network.output", f.activation(c, linear(f"layers.{l}.network.hidden", norm(f"layers.{l}.network.norm", h))))
    y = linear("output", h)
    return np.concatenate([np.zeros((1, y.shape[1])), y[:-1]]) if c.get("causal") else y

def dequantized(pixels, x):
    """What is standardized of whole numbers x [events, values]: each with the noise that its event is scored with."""
    step = pixels.get("step") or 1
    bins = np.floor(x / step)
    if pixels.get("dequantization"):
        return bins  # their noise is learned
    if pixels.get("noise"):
        sigma = pixels["noise"] * (-(-pixels["levels"] // step) - 1) / 2
        return bins + 0.5 + sigma * np.stack([normals(key(row), x.shape[1]) for row in bins])
    return bins + np.stack([(words(key(row), x.shape[1]) + 0.5) * 2.0**-32 for row in bins])

def learned(flow, tensors, x, bins, context):
    """The values of events whose pixels have lower ends bins, standardized x, and -log q of their noise."""
    d, grid, n = len(flow["features"]), flow["grid"], len(x)
    context = shown(flow, tensors, context)
    u = np.stack([(words(key(row), x.shape[1]) + 0.5) * 2.0**-32 for row in bins])
    noise = (np.log(u) - np.log(1 - u)).astype(np.float32).astype(np.float64)
    block = {"block": [2] * len(grid), "order": []}
    pixels, noise = (squeeze(block, v.reshape(n, -1, d), [], grid)[0] for v in (x, noise))
    halved, half = [g // 2 for g in grid], pixels.shape[2]
    slope = lambda t: (t - 2 * np.logaddexp(0, t)).reshape(n, -1).sum(1)
    total = -slope(noise)
    both, columns = np.concatenate([pixels, noise], 2), list(range(2 * half))
    for i, t in enumerate(flow["pixels"]["dequantization"]["transforms"]):
        both, columns, _, log_det = step(t, tensors, f"dequantization.transforms.{i}.", both, columns, halved, context, [])
        total = total + log_det
    t = both[:, :, half:]
    std = np.tile((flow["standardize"] or {"std": [1] * d})["std"], half // d)
    v = pixels + 1 / (1 + np.exp(-t)) / std
    (h, w), (a, b) = ([1] * (2 - len(g)) + list(g) for g in (grid, block["block"]))
    v = v.reshape(n, h // a, w // b, a, b, d).transpose(0, 1, 3, 2, 4, 5).reshape(n, -1)
    return v, total + slope(t)

def key(bins):
    """The 64-bit FNV-1a hash of values as float64, little-endian."""
    h = 14695981039346656037
    for byte in bins.astype("<f8").tobytes():
        h = (h ^ byte) * 1099511628211 % 2**64
    return h

def normals(seed, n, stream=2, index=0):
    """The first normals of a key, by Box and Muller."""
    w = words(seed, n + n % 2, stream, index).reshape(-1, 2) // 256
    radius, angle = np.sqrt(-2 * np.log((w[:, 0] + 1) * 2.0**-24)), 2 * np.pi * w[:, 1] * 2.0**-24
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:n]

def words(seed, n, stream=8, index=0):
    """The first words of Philox4x32-10 of a key."""
    blocks = (n + 3) // 4
    a, b, c, d = (np.full(blocks, v, np.uint64) for v in (0, index % 2**32, index >> 32, stream))
    a, low = np.arange(blocks, dtype=np.uint64), np.uint64(2**32 - 1)
    k = [seed % 2**32, seed >> 32]
    for _ in range(10):
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = q >> np.uint64(32) ^ b ^ np.uint64(k[0]), q & low, p >> np.uint64(32) ^ d ^ np.uint64(k[1]), p & low
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return np.stack([a, b, c, d], 1).ravel()[:n].astype(np.float64)
