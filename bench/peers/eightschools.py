#!/usr/bin/env python3
"""A fit of the eight schools' posterior by an inverse autoregressive flow: nf beside normflows and zuko.

    pip install torch numpy normflows==1.7.3 zuko
    bench/peers/eightschools.py [--epochs 10] [--only nf]

The same flow (four inverse autoregressive layers of 32, 32 units with reversed orders), draws (256 a step), steps (100 an
epoch) and estimator (the whole derivative of the ELBO) for all: nf's is examples/eightschools with -plain, which also learns a
covariance in front. Times are of the processor (user), of the whole program less its start: that of one epoch is taken off.
"""
import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile

Y = [28.0, 8, -3, 7, -1, 1, 18, 12]
SIGMA = [15.0, 10, 16, 11, 9, 11, 10, 18]


def target(torch):
    y, sigma = torch.tensor(Y), torch.tensor(SIGMA)

    def log_prob(x):
        # The third column is log tau, with its Jacobian; nf has the map in the flow.
        eta, mu, log_tau = x[:, :8], x[:, 8], x[:, 9]
        tau = log_tau.exp()
        normal = lambda v, s: -0.5 * (v / s) ** 2 - torch.as_tensor(s).log() - 0.5 * math.log(2 * math.pi)
        prior = normal(eta, 1.0).sum(1) + normal(mu, 5.0) + math.log(1 / (5 * math.pi)) - torch.log1p((tau / 5) ** 2) + log_tau
        return prior + normal(y - mu[:, None] - tau[:, None] * eta, sigma).sum(1)

    return log_prob


def fit(step, parameters, steps, torch):
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    late = []
    for i in range(steps):
        optimizer.zero_grad()
        loss = step()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5)
        optimizer.step()
        schedule.step()
        if i >= steps - 50:
            late.append(loss.item())
    print(f"elbo of the last 50 steps {-sum(late) / len(late):.3f}", file=sys.stderr)


def normflows(steps, torch):
    import normflows as nf

    layers = []
    for _ in range(4):
        layers += [nf.flows.MaskedAffineAutoregressive(10, 32, num_blocks=1, use_residual_blocks=False), nf.flows.Permute(10, "swap")]

    class Posterior:
        log_prob = staticmethod(target(torch))

    model = nf.NormalizingFlow(nf.distributions.DiagGaussian(10, trainable=False), layers, Posterior())
    fit(lambda: model.reverse_kld(256), [p for p in model.parameters() if p.requires_grad], steps, torch)


def zuko(steps, torch):
    import zuko as z

    orders = [torch.arange(10), torch.arange(9, -1, -1)]
    layers = [z.lazy.LazyInverse(z.flows.MaskedAutoregressiveTransform(10, 0, order=orders[i % 2], hidden_features=(32, 32))) for i in range(4)]
    base = z.lazy.UnconditionalDistribution(z.distributions.DiagNormal, torch.zeros(10), torch.ones(10), buffer=True)
    flow = z.flows.Flow(layers, base)
    log_prob = target(torch)

    def step():
        x, log_q = flow().rsample_and_log_prob((256,))
        return (log_q - log_prob(x)).mean()

    fit(step, list(flow.parameters()), steps, torch)


def user(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--only", choices=("nf", "normflows", "zuko"))
    p.add_argument("--fit", help=argparse.SUPPRESS)
    o = p.parse_args()
    if o.fit:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(1)
        globals()[o.fit](100 * o.epochs, torch)
        return
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["go", "build", "-o", f"{work}/eightschools", "./examples/eightschools"], check=True)
        for name in ("nf", "normflows", "zuko"):
            if o.only not in (None, name):
                continue
            command = lambda epochs: [sys.executable, __file__, "--fit", name, "--epochs", str(epochs)]
            if name == "nf":
                command = lambda epochs: [f"{work}/eightschools", "-plain", "-normal", "0", "-epochs", str(epochs), "-workers", "1"]
            seconds = user(command(o.epochs + 1)) - user(command(1))
            print(f"{name}: {seconds:.2f} s for {100 * o.epochs} steps", flush=True)


if __name__ == "__main__":
    main()
