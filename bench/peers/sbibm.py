#!/usr/bin/env python3
"""Neural posterior estimation with nf on tasks of sbibm (Lueckmann et al., 2021), by the benchmark's own C2ST.

    pip install numpy scikit-learn
    bench/peers/sbibm.py --nf bin/nf --data sbibm/tasks --task two_moons [--models 4] [--simulations 10000] [-- nf train's flags]

--data is a directory with TASK/num_observation_N/{observation.csv,reference_posterior_samples.csv.bz2}, as in sbibm's
repository. Simulations from the prior become a table; `nf train --context` learns the posterior, once for each of --models
seeds; each model draws its part of 10,000 for each observation. With --support the flow ends where the prior does, without
draws that the prior does not have are drawn again. C2ST is the accuracy
of a classifier between the reference's draws and nf's (two layers of 10 times as many units as parameters, five folds): 0.5
is the best, and published for NPE at 10^4 simulations are .606 for two_moons and .901 for slcp.
"""
import argparse
import concurrent.futures
import os
import subprocess
import tempfile
import time
import warnings

import numpy as np
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier


def two_moons(theta, rng):
    n = len(theta)
    a, r = rng.uniform(-np.pi / 2, np.pi / 2, n), rng.normal(0.1, 0.01, n)
    z0, z1 = (theta[:, 0] + theta[:, 1]) / np.sqrt(2), (theta[:, 1] - theta[:, 0]) / np.sqrt(2)
    return np.stack([r * np.cos(a) + 0.25 - abs(z0), r * np.sin(a) + z1], 1)


def slcp(theta, rng):
    n = len(theta)
    s1, s2, rho = theta[:, 2] ** 2, theta[:, 3] ** 2, np.tanh(theta[:, 4])
    e = rng.normal(size=(n, 4, 2))
    x = theta[:, None, 0] + s1[:, None] * e[..., 0]
    y = theta[:, None, 1] + s2[:, None] * (rho[:, None] * e[..., 0] + np.sqrt(1 - rho**2)[:, None] * e[..., 1])
    return np.stack([x, y], -1).reshape(n, 8)


TASKS = {"two_moons": (two_moons, 2, 1), "slcp": (slcp, 5, 3)}  # simulator, parameters, each within ±


def features(task, x, rng, shuffle):
    """What the flow is shown of x. The four points of slcp have no order: with shuffle they get another one."""
    if task != "slcp":
        return x
    p = x.reshape(-1, 4, 2)
    if shuffle:
        p = np.take_along_axis(p, rng.permuted(np.tile(np.arange(4), (len(p), 1)), axis=1)[..., None], 1)
    return p.reshape(-1, 8)


def c2st(reference, draws, seed=1):
    mean, std = reference.mean(0), reference.std(0, ddof=1)
    x = np.concatenate([(reference - mean) / std, (draws - mean) / std])
    y = np.repeat([0, 1], [len(reference), len(draws)])
    d = reference.shape[1]
    classifier = MLPClassifier(activation="relu", hidden_layer_sizes=(10 * d, 10 * d), max_iter=1000, solver="adam", random_state=seed)
    return cross_val_score(classifier, x, y, cv=KFold(n_splits=5, shuffle=True, random_state=seed), scoring="accuracy").mean()


def one(job):
    reference, draws = job
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return c2st(reference, draws)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--nf", default="nf")
    p.add_argument("--data", required=True)
    p.add_argument("--task", choices=TASKS, required=True)
    p.add_argument("--simulations", type=int, default=10000)
    p.add_argument("--copies", type=int, default=1, help="of slcp: how often a simulation is shown, its points in another order")
    p.add_argument("--support", action="store_true", help="give the flow the prior's bounds")
    p.add_argument("--models", type=int, default=1)
    p.add_argument("--observations", type=int, default=10)
    p.add_argument("--draws", type=int, default=10000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--processes", type=int, default=1, help="of the classifier")
    p.add_argument("flags", nargs="*", help="flags of nf train")
    o = p.parse_args()
    simulate, d, bound = TASKS[o.task]
    rng = np.random.default_rng(o.seed)
    theta = rng.uniform(-bound, bound, (o.simulations, d))
    x = simulate(theta, rng)
    names = [f"theta{i}" for i in range(d)]
    context = [f"x{i}" for i in range(x.shape[1])]
    work = tempfile.mkdtemp()
    draws = [[] for _ in range(o.observations)]
    observed = np.array([np.loadtxt(f"{o.data}/{o.task}/num_observation_{i + 1}/observation.csv", delimiter=",", skiprows=1) for i in range(o.observations)])
    held = o.simulations // 10

    def write(name, theta, x, copies):
        rows = np.concatenate([np.concatenate([theta, features(o.task, x, rng, copies > 1)], 1) for _ in range(copies)])
        np.savetxt(f"{work}/{name}", rows, delimiter=",", header=",".join(names + context), comments="")

    begin = time.time()
    for m in range(o.models):
        order = rng.permutation(o.simulations)
        theta, x = theta[order], x[order]
        write("train.csv", theta[held:], x[held:], o.copies)
        write("valid.csv", theta[:held], x[:held], o.copies)
        np.savetxt(f"{work}/observed.csv", features(o.task, observed, rng, False), delimiter=",", header=",".join(context), comments="")
        support = [] if not o.support else [a for n in names for a in ("--support", f"{n}={-bound}:{bound}")]
        out = subprocess.run([o.nf, "train", "--data", f"{work}/train.csv", "--valid", f"{work}/valid.csv", "--context", ",".join(context),
                              "--out", f"{work}/m.safetensors", "--seed", str(m + 1), *support, *o.flags], check=True, capture_output=True, text=True)
        print(out.stdout.strip().splitlines()[-1], flush=True)
        subprocess.run([o.nf, "sample", "--model", f"{work}/m.safetensors", "-n", str(2 * o.draws // o.models), "--context", f"{work}/observed.csv",
                        "--seed", str(100 + m), "--out", f"{work}/draws.csv", "--quiet"], check=True, capture_output=True)
        all_rows = np.loadtxt(f"{work}/draws.csv", delimiter=",", skiprows=1)[:, :d].reshape(o.observations, -1, d)
        for i, rows in enumerate(all_rows):
            draws[i].append(rows[(abs(rows) <= bound).all(1)][:o.draws // o.models])
    print(f"{o.models} models in {time.time() - begin:.0f} s")
    jobs = [(np.loadtxt(f"{o.data}/{o.task}/num_observation_{i + 1}/reference_posterior_samples.csv.bz2", delimiter=",", skiprows=1), np.concatenate(draws[i]))
            for i in range(o.observations)]
    with concurrent.futures.ProcessPoolExecutor(o.processes) as pool:
        scores = list(pool.map(one, jobs))
    print(" ".join(f"{s:.3f}" for s in scores))
    print(f"{o.task}: mean C2ST {np.mean(scores):.4f} over {len(scores)} observations")


if __name__ == "__main__":
    main()
