#!/usr/bin/env python3
"""The speech that docs/sequences.md and docs/results.md speak of, and WaveNet in PyTorch beside nf's.

    speech.py prepare DIRECTORY
        fetches Debian's asterisk-core-sounds-en-wav (568 files, 8 kHz, 16 bit; CC-BY-SA), and makes DIRECTORY/train and
        DIRECTORY/test, every tenth file, and train.npy, valid.npy and test.npy: rows of a sample behind the 16 before it.
    speech.py sample MODEL.safetensors
        draws one stream, and 64 at once, sample by sample with PyTorch: the WaveNet of MODEL, which has one block without
        context, with its weights, and rings of what its taps have seen; the best of 1 and 2 threads. Needs torch and safetensors.
"""
import glob
import json
import os
import subprocess
import sys
import time
import wave

PACKAGE = "asterisk-core-sounds-en-wav"
PAST = 16


def samples_of(path):
    import numpy as np
    with wave.open(path) as w:
        assert (w.getnchannels(), w.getsampwidth()) == (1, 2), path
        return np.frombuffer(w.readframes(w.getnframes()), "<i2").astype(np.float32)


def prepare(directory):
    import numpy as np
    os.makedirs(directory, exist_ok=True)
    directory = os.path.abspath(directory)
    subprocess.run(["apt-get", "download", PACKAGE], cwd=directory, check=True)
    deb, = glob.glob(os.path.join(directory, PACKAGE + "_*.deb"))
    subprocess.run(["dpkg", "-x", deb, os.path.join(directory, "package")], check=True)
    files = sorted(glob.glob(os.path.join(directory, "package", "**", "*.wav"), recursive=True))
    sets = {"train": [], "test": []}
    for i, path in enumerate(files):
        name = "test" if i % 10 == 9 else "train"
        sets[name].append(path)
        link = os.path.join(directory, name, "%03d-%s" % (i, os.path.basename(path)))
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(path, link)
    rng = np.random.default_rng(1)

    def rows(paths, count):
        """Of windows of 2,048 samples, as nf's, the samples with 16 before them."""
        tables = []
        for path in paths:
            x = samples_of(path)
            x = np.concatenate([np.lib.stride_tricks.sliding_window_view(x[i:i + 2048], PAST + 1) for i in range(0, len(x) - 2047, 2048)] or [np.zeros((0, PAST + 1), np.float32)])
            tables.append(x)
        table = np.concatenate(tables)
        return table[np.sort(rng.choice(len(table), min(count, len(table)), replace=False))]

    for name, paths, count in [("train", sets["train"][::2] + sets["train"][1::4], 400000), ("valid", sets["train"][3::4], 40000), ("test", sets["test"], 200000)]:
        table = rows(paths, count)
        np.save(os.path.join(directory, name + ".npy"), table)
        print(name, len(paths), "files,", len(table), "rows of 16 past samples and the next")


def sample(path, count=2000):
    import torch
    from safetensors import safe_open
    with safe_open(path, "pt") as file:
        flow = json.loads(file.metadata()["nf.flow"])
        weights = {k: file.get_tensor(k) for k in file.keys()}
    at, = [i for i, t in enumerate(flow["transforms"]) if t.get("conditioner", {}).get("type") == "wavenet"]
    spec, univariate = flow["transforms"][at]["conditioner"], flow["transforms"][at]["univariate"]
    prefix, = {k.split(".conditioner.")[0] for k in weights if ".conditioner." in k}
    of = lambda name: (weights["%s.conditioner.%s.weight" % (prefix, name)].float(), weights["%s.conditioner.%s.bias" % (prefix, name)].float().flatten())
    width, kernel, dilations = spec["width"], spec["kernel"], spec["dilations"]
    layers = [of("layers.%d.past" % i) + of("layers.%d.output" % i) for i in range(len(dilations))]
    (w_in, b_in), (w_skip, b_skip), (w_out, b_out) = of("input"), of("skip"), of("output")
    front, scales = max(1, spec.get("front", 0)), spec.get("scales", 0)
    predictor = of("predictor") if spec.get("front", 0) else None
    w_scales = of("scales") if scales else None
    mixture = len(b_out) > 2

    @torch.inference_mode()
    def draw(streams, steps):
        rings = [torch.zeros((kernel - 1) * d, streams, width) for d in dilations]
        x, before = torch.zeros(streams, 1), torch.zeros(streams, front)
        for t in range(steps):
            before = torch.cat((before[:, 1:], x), 1)
            seen = before
            if w_scales:
                seen = torch.cat((before, torch.tanh(torch.addmm(w_scales[1], x, w_scales[0]))), 1)
            h, skip = torch.addmm(b_in, seen, w_in), 0
            for i, (w_past, b_past, w_layer, b_layer) in enumerate(layers):
                n, d = len(rings[i]), dilations[i]
                taps = [rings[i][(t - j * d) % n] for j in range(kernel - 1, 0, -1)] + [h]
                u, v = torch.addmm(b_past, torch.cat(taps, 1), w_past).chunk(2, 1)
                rings[i][t % n] = h
                both = torch.addmm(b_layer, torch.tanh(u) * torch.sigmoid(v), w_layer)
                if i < len(layers) - 1:
                    h = h + both[:, :width]
                    skip = skip + both[:, width:]
                else:
                    skip = skip + both
            y = torch.addmm(b_out, torch.relu(torch.addmm(b_skip, torch.relu(skip), w_skip)), w_out)
            if predictor:
                y = y + torch.addmm(predictor[1], before, predictor[0])
            if mixture:
                k = y.shape[1] // 3
                chosen = torch.distributions.Categorical(logits=y[:, :k]).sample()[:, None]
                u = torch.rand(streams, 1).clamp(1e-7, 1 - 1e-7)
                x = y[:, k:2 * k].gather(1, chosen) + torch.exp(y[:, 2 * k:3 * k].gather(1, chosen)) * torch.logit(u)
            else:
                x = y[:, 1:2] + torch.exp(y[:, :1].clamp(-5, 5)) * torch.randn(streams, 1)
            x = x.clamp(-10, 10)

    print("univariate", univariate, "dilations", dilations, "torch", torch.__version__)
    for streams in (1, 64):
        best = 0
        for threads in (1, 2):
            torch.set_num_threads(threads)
            draw(streams, 100)
            started = time.perf_counter()
            draw(streams, count)
            best = max(best, streams * count / (time.perf_counter() - started))
        print("%d stream(s): %.0f samples/s" % (streams, best))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1] == "sample":
        sample(sys.argv[2])
    else:
        sys.exit(__doc__)
