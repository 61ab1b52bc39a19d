"""Makes the golden files of flow/interop with the real libraries, or tries an importer on random models.

    pip install torch numpy nflows==0.14 zuko==1.6.0 normflows==1.7.3 sbi==0.27.0 safetensors matplotlib UMNN
    python make_golden.py [--only sbi]                      writes the golden files beside itself
    python make_golden.py --stress 200 --nf ../../../bin/nf --seed 1 [--library zuko]
                                                            random models of many shapes, 1,000 rows each

For each model: NAME.safetensors (the state dict), NAME.json (the config of nf import) and NAME.npz (x, context,
log_prob, and z and samples: the noise z goes to samples). Weights are random, and large enough for every rule to matter.
"""
import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import nflows.transforms as T
import normflows as nf
import zuko
from nflows.distributions.normal import ConditionalDiagonalNormal, DiagonalNormal, StandardNormal
from nflows.flows import Flow, MaskedAutoregressiveFlow, SimpleRealNVP
from nflows.nn.nets import ResidualNet
from sbi.neural_nets import posterior_nn


ACTIVATIONS = {
    "relu": (F.relu, torch.nn.ReLU),
    "leaky_relu": (F.leaky_relu, torch.nn.LeakyReLU),
    "elu": (F.elu, torch.nn.ELU),
    "tanh": (torch.tanh, torch.nn.Tanh),
    "silu": (F.silu, torch.nn.SiLU),
    "gelu": (F.gelu, torch.nn.GELU),
    "softplus": (F.softplus, torch.nn.Softplus),
}


def perturb(module, scale, g, statistics=True):
    """Random values for all parameters and running statistics."""
    with torch.no_grad():
        for name, p in sorted(module.named_parameters()):
            if p.dim() >= 2:
                p.copy_(torch.randn(p.shape, generator=g) * scale / max(1, p.shape[-1]) ** 0.5)
            else:
                p.copy_(p + torch.randn(p.shape, generator=g) * scale * 0.3)
        for name, b in sorted(module.named_buffers()):
            if name.endswith("running_mean") and statistics:
                b.copy_(torch.randn(b.shape, generator=g) * 0.3)
            if name.endswith("running_var") and statistics:
                b.copy_(torch.rand(b.shape, generator=g) + 0.5)
            if name.endswith("data_dep_init_done"):
                b.copy_(torch.ones(b.shape))


class Model:
    """A module, its config, and what it computes."""

    def __init__(self, library, module, config, features, context):
        self.library, self.module, self.features, self.context = library, module, features, context
        version = {"nflows": "0.14", "zuko": "1.6.0", "normflows": "1.7.3"}[library]
        self.config = {"library": library, "version": version, "features": features}
        if context:
            self.config["context"] = context
        self.config.update({"activation": "relu"} | config)

    def place(self, x, c):
        """Standard normal rows and contexts as rows that the model was made for."""
        return x, c

    def log_prob(self, x, c):
        if self.library == "nflows":
            return self.module.log_prob(x, c)
        if self.library == "zuko":
            return self.module(c).log_prob(x)
        return self.module.log_prob(x, c) if self.context else self.module.log_prob(x)

    def samples(self, z, c):
        m = self.module
        if self.library == "nflows":
            if isinstance(m._distribution, DiagonalNormal):
                z = z * torch.exp(m._distribution.log_std_) + m._distribution.mean_
            return m._transform.inverse(z, m._embedding_net(c))[0]
        if self.library == "zuko":
            return m(c).transform.inv(z * m.base.scale + m.base.loc)
        if isinstance(m.q0, nf.distributions.DiagGaussian):
            z = z * torch.exp(m.q0.log_scale) + m.q0.loc
        x = z
        for f in m.flows:
            x, _ = f(x, context=c) if self.context else f(x)
        return x


def write(path, model, rows, g, noise=True):
    module = model.module.eval()
    d = model.features
    x = torch.randn(rows, d, generator=g) * 1.5
    x[0], x[1] = 8.0, -8.0  # outside the boxes of most splines
    bound = model.config.get("tail_bound", 5.0)
    x[2], x[3], x[4] = bound, -bound, 0.0  # on their corners, and often on knots
    z = torch.randn(rows, d, generator=g)
    c = torch.randn(rows, model.context, generator=g) if model.context else None
    x, c = model.place(x, c)
    with torch.no_grad():
        check = {"x": x.float().numpy(), "log_prob": model.log_prob(x, c).double().numpy()}
        if noise:
            check |= {"z": z.numpy(), "samples": model.samples(z, c).double().numpy()}
    if c is not None:
        check["context"] = c.numpy()
    np.savez_compressed(path + ".npz", **check)
    save_file({k: v.contiguous().clone() for k, v in module.state_dict().items()}, path + ".safetensors")
    os.chmod(path + ".safetensors", 0o644)
    with open(path + ".json", "w") as f:
        json.dump(model.config, f, indent=2)
        f.write("\n")
    return check


# nflows ----------------------------------------------------------------------------------------------------------------


def permutation(kind, d):
    return {"random": lambda: [T.RandomPermutation(d)], "reverse": lambda: [T.ReversePermutation(d)],
            "lu": lambda: [T.RandomPermutation(d), T.LULinear(d)], "none": lambda: []}[kind]()


def nflows_net(s):
    def net(i, o):
        return ResidualNet(i, o, hidden_features=s["hidden"], context_features=s["C"] or None, num_blocks=s["blocks"],
                           activation=ACTIVATIONS[s["activation"]][0], dropout_probability=s["dropout"], use_batch_norm=s["norm"])
    return net


def nflows_options(s):
    o = {"activation": s["activation"]}
    if s["activation"] == "leaky_relu":
        o["negative_slope"] = 0.01
    if s["blocks"] == 0:
        o["residual_blocks"] = s["residual"] is True
    return o


def nflows_masks(s):
    d = s["D"]
    for k in range(s["transforms"]):
        if s["mask"] == "random" and d > 1:
            m = torch.sign(torch.randn(d))
            m[0], m[1] = (1, -1) if k % 2 else (-1, 1)
        else:
            m = torch.tensor([1.0 if (i + k) % 2 == 0 or d == 1 else -1.0 for i in range(d)])
        yield k, m


class GeneralCoupling(T.AffineCouplingTransform):
    """AffineCouplingTransform of nflows master with GENERAL_SCALE_ACTIVATION."""

    def _scale_and_shift(self, transform_params):
        n = self.num_transform_features
        scale = F.softplus(transform_params[:, n:]) + 1e-3
        self.cuts_off = getattr(self, "cuts_off", False) or bool((scale > 3).any())
        return scale.clamp(0, 3), transform_params[:, :n]


def nflows_coupling(s):
    general = s["general"] and s["activation"] == "relu" and not s["additive"]
    affine = T.AdditiveCouplingTransform if s["additive"] else GeneralCoupling if general else T.AffineCouplingTransform
    chain = [t for k, m in nflows_masks(s) for t in [affine(m, nflows_net(s)), *permutation(s["permutation"], s["D"])]]
    if s["extras"]:
        chain += [T.ActNorm(s["D"]), T.HouseholderSequence(s["D"], min(3, s["D"])), T.BatchNorm(s["D"]),
                  T.PointwiseAffineTransform(torch.randn(s["D"]), torch.rand(s["D"]) + 0.5)]
    base = DiagonalNormal([s["D"]]) if s["extras"] else StandardNormal([s["D"]])
    return Model("nflows", Flow(T.CompositeTransform(chain), base), nflows_options(s) | {"scale_map": "additive" if s["additive"] else "general" if general else "sigmoid"}, s["D"], s["C"])


def nflows_nsf(s):
    chain = [t for k, m in nflows_masks(s) for t in [
        T.PiecewiseRationalQuadraticCouplingTransform(m, nflows_net(s), num_bins=s["bins"], tails="linear", tail_bound=s["bound"],
                                                      apply_unconditional_transform=s["unconditional"]),
        *permutation(s["permutation"], s["D"])]]
    return Model("nflows", Flow(T.CompositeTransform(chain), StandardNormal([s["D"]])), nflows_options(s) | {"tail_bound": s["bound"]}, s["D"], s["C"])


def nflows_made(s, k):
    residual = s["residual"] if s["residual"] != "alternate" else k % 2 == 0 and s["blocks"] > 0
    return dict(features=s["D"], hidden_features=s["hidden"], context_features=s["C"] or None, num_blocks=s["blocks"], use_residual_blocks=residual,
                random_mask=s["random_mask"] and not residual, activation=ACTIVATIONS[s["activation"]][0], dropout_probability=s["dropout"],
                use_batch_norm=s["norm"])


def nflows_maf(s):
    chain = [t for k in range(s["transforms"]) for t in [*permutation(s["permutation"], s["D"]), T.MaskedAffineAutoregressiveTransform(**nflows_made(s, k))]]
    if s["inverse"]:
        chain = [T.InverseTransform(T.CompositeTransform(chain))]
    return Model("nflows", Flow(T.CompositeTransform(chain), StandardNormal([s["D"]])), nflows_options(s) | {"scale_map": "softplus"}, s["D"], s["C"])


def nflows_nsf_ar(s):
    chain = [t for k in range(s["transforms"]) for t in [
        *permutation(s["permutation"], s["D"]),
        T.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(num_bins=s["bins"], tails="linear", tail_bound=s["bound"], **nflows_made(s, k))]]
    return Model("nflows", Flow(T.CompositeTransform(chain), StandardNormal([s["D"]])), nflows_options(s) | {"tail_bound": s["bound"]}, s["D"], s["C"])


def nflows_realnvp(s):
    m = SimpleRealNVP(s["D"], s["hidden"], s["transforms"], s["blocks"], use_volume_preserving=s["additive"],
                      activation=ACTIVATIONS[s["activation"]][0], batch_norm_within_layers=s["norm"], batch_norm_between_layers=s["norm_between"])
    return Model("nflows", m, nflows_options(s) | {"scale_map": "additive" if s["additive"] else "sigmoid"}, s["D"], 0)


def nflows_class_maf(s):
    residual = s["residual"] is True
    m = MaskedAutoregressiveFlow(s["D"], s["hidden"], s["transforms"], s["blocks"], use_residual_blocks=residual,
                                 use_random_masks=s["random_mask"] and not residual, use_random_permutations=s["permutation"] == "random",
                                 activation=ACTIVATIONS[s["activation"]][0], batch_norm_within_layers=s["norm"], batch_norm_between_layers=s["norm_between"])
    return Model("nflows", m, nflows_options(s) | {"scale_map": "softplus"}, s["D"], 0)


# zuko ------------------------------------------------------------------------------------------------------------------


def zuko_options(s):
    return {"activation": s["activation"]} | ({"negative_slope": 0.01} if s["activation"] == "leaky_relu" else {})


def zuko_hidden(s):
    return dict(hidden_features=tuple(s["widths"]), activation=ACTIVATIONS[s["activation"]][1])


def zuko_coupling(s):
    kind = zuko.flows.NICE if s["additive"] else zuko.flows.RealNVP
    return Model("zuko", kind(s["D"], s["C"], transforms=s["transforms"], randmask=s["mask"] == "random" and s["D"] > 3, **zuko_hidden(s)), zuko_options(s), s["D"], s["C"])


def zuko_masked(s):
    passes = {"passes": s["passes"]} if s["passes"] and s["D"] > 1 else {}
    residual = {"residual": s["residual"] is not False} if s["D"] > 1 else {}
    return dict(transforms=s["transforms"], randperm=s["permutation"] == "random", **passes, **residual, **zuko_hidden(s))


def zuko_maf(s):
    return Model("zuko", zuko.flows.MAF(s["D"], s["C"], **zuko_masked(s)), zuko_options(s), s["D"], s["C"])


def zuko_nsf(s):
    slope = s["slope"] or 1e-3
    config = zuko_options(s) | ({"slope": slope} if s["slope"] else {})
    return Model("zuko", zuko.flows.NSF(s["D"], s["C"], bins=max(2, s["bins"]), slope=slope, **zuko_masked(s)), config, s["D"], s["C"])


class Double(Model):
    """A model that computes in float64, where float32 has too few digits of the tails, or of small steps."""

    def double(self):
        return copy.deepcopy(self.module).double()

    def log_prob(self, x, c):
        return self.double()(None if c is None else c.double()).log_prob(x.double())

    def samples(self, z, c):
        return self.double()(None if c is None else c.double()).transform.inv(z.double())


def zuko_cnf(s):
    hidden = {"hidden_features": tuple(s["widths"])} | ({} if s["activation"] == "relu" else {"activation": ACTIVATIONS[s["activation"]][1]})
    return Double("zuko", zuko.flows.CNF(s["D"], s["C"], freqs=s["bins"] // 2, atol=1e-9, rtol=1e-9, **hidden), {"activation": s["activation"].replace("relu", "elu"), "tolerance": 1e-6}, s["D"], s["C"])


def zuko_gf(s):
    return Double("zuko", zuko.flows.GF(s["D"], s["C"], transforms=s["transforms"], components=s["bins"], **(zuko_hidden(s) if s["C"] else {})), zuko_options(s), s["D"], s["C"])
def zuko_bpf(s):
    return Model("zuko", zuko.flows.BPF(s["D"], s["C"], degree=s["bins"] - 1, **zuko_masked(s)), zuko_options(s) | {"univariate": "bernstein"}, s["D"], s["C"])


def zuko_sospf(s):
    slope, polynomials = s["slope"] or 1e-3, max(1, s["blocks"])
    config = {"univariate": "sos"} | ({"slope": slope} if s["slope"] else {}) | ({"polynomials": polynomials} if polynomials != 3 else {})
    return Model("zuko", zuko.flows.SOSPF(s["D"], s["C"], degree=min(s["bins"], 5) - 1, polynomials=polynomials, slope=slope, **zuko_masked(s)), zuko_options(s) | config, s["D"], s["C"])


def zuko_neural(s):
    kind, network = (zuko.flows.UNAF, {"activation": torch.nn.Tanh}) if s["additive"] else (zuko.flows.NAF, {})
    config = {"integrand_activation": "tanh"} if s["additive"] else {}
    masked = zuko_masked(s)
    return Model("zuko", kind(s["D"], s["C"], signal=s["blocks"] + 1, network={"hidden_features": tuple(s["widths"][:2])} | network, **masked), zuko_options(s) | config, s["D"], s["C"])


# normflows -------------------------------------------------------------------------------------------------------------


def normflows_model(s, chain, config):
    kind = nf.ConditionalNormalizingFlow if s["C"] else nf.NormalizingFlow
    return Model("normflows", kind(nf.distributions.DiagGaussian(s["D"], trainable=True), chain), zuko_options(s) | config, s["D"], s["C"])


def normflows_coupling(s):
    s = s | {"C": 0}  # its affine couplings take no context
    d, layers, chain = s["D"], {}, []
    first = (d + 1) // 2
    for k in range(s["transforms"]):
        mode = s["split"] if s["split"] != "alternate" else ("channel", "channel_inv")[k % 2]
        if d % 2 and "checkerboard" in mode:
            mode = "channel"
        kept = {"channel": first, "channel_inv": d - first}.get(mode, d // 2)
        if mode != "channel":
            layers[str(len(chain))] = {"split_mode": mode}
        slope = 0.2 if s["activation"] == "leaky_relu" else 0.0
        net = nf.nets.MLP([kept, *s["widths"], (1 if s["additive"] else 2) * (d - kept)], leaky=slope, init_zeros=False)
        chain.append(nf.flows.AffineCouplingBlock(net, scale=not s["additive"], scale_map=s["scale_map"], split_mode=mode))
        if s["permutation"] == "reverse":
            layers[str(len(chain))] = {"kind": "swap"}
            chain.append(nf.flows.Permute(d, mode="swap"))
        if s["permutation"] == "random":
            chain.append(nf.flows.Permute(d, mode="shuffle"))
        if s["extras"]:
            chain.append(nf.flows.ActNorm(d))
    config = {"scale_map": "additive" if s["additive"] else s["scale_map"]} | ({"layers": layers} if layers else {})
    if s["activation"] == "leaky_relu":
        config |= {"activation": "leaky_relu", "negative_slope": 0.2}
    else:
        config |= {"activation": "relu"}
    return normflows_model(s, chain, config)


def normflows_masked(s):
    s = s | {"C": 0}
    d, chain = s["D"], []
    for k in range(s["transforms"]):
        b = torch.tensor([float((i + k) % 2) for i in range(d)])
        if d == 1:
            b = b * 0
        def net():
            return nf.nets.MLP([d, *s["widths"], d], leaky=0.2 if s["activation"] == "leaky_relu" else 0.0, init_zeros=False)
        chain.append(nf.flows.MaskedAffineFlow(b, None if s["one_net"] == "s" else net(), None if s["one_net"] == "t" else net()))
        if s["extras"]:
            chain.append(nf.flows.ActNorm(d))
    config = {"activation": "leaky_relu", "negative_slope": 0.2} if s["activation"] == "leaky_relu" else {"activation": "relu"}
    return normflows_model(s, chain, config)


def normflows_mixing(s):
    return [] if s["permutation"] == "none" or s["D"] == 1 else [nf.flows.LULinearPermute(s["D"])]


def normflows_maf(s):
    residual = s["residual"] is not False or s["C"] > 0
    chain = [t for k in range(s["transforms"]) for t in [
        nf.flows.MaskedAffineAutoregressive(s["D"], s["hidden"], context_features=s["C"] or None, num_blocks=s["blocks"], use_residual_blocks=residual,
                                            random_mask=s["random_mask"] and not residual, activation=ACTIVATIONS[s["activation"]][0],
                                            use_batch_norm=s["norm"]), *normflows_mixing(s)]]
    return normflows_model(s, chain, {})


def normflows_nsf(s):
    chain = [t for k in range(s["transforms"]) for t in [
        nf.flows.CoupledRationalQuadraticSpline(s["D"], s["blocks"], s["hidden"], num_context_channels=s["C"] or None, num_bins=s["bins"],
                                                tails="circular" if s["circular"] else "linear", tail_bound=s["bound"],
                                                activation=ACTIVATIONS[s["activation"]][1], reverse_mask=k % 2 == 1), *normflows_mixing(s)]]
    return normflows_model(s, chain, {"tail_bound": s["bound"]})


def normflows_nsf_ar(s):
    chain = [t for k in range(s["transforms"]) for t in [
        nf.flows.AutoregressiveRationalQuadraticSpline(s["D"], s["blocks"], s["hidden"], num_context_channels=s["C"] or None, num_bins=s["bins"],
                                                       tail_bound=s["bound"], activation=ACTIVATIONS[s["activation"]][1],
                                                       permute_mask=s["permutation"] == "random"), *(normflows_mixing(s) if k % 2 else [])]]
    return normflows_model(s, chain, {"tail_bound": s["bound"]})


def normflows_affine(s):
    s = s | {"C": 0}
    d = s["D"]
    chain = [t for k in range(s["transforms"]) for t in [
        nf.flows.AffineCouplingBlock(nf.nets.MLP([(d + 1) // 2, *s["widths"], 2 * (d - (d + 1) // 2)], init_zeros=False)), nf.flows.InvertibleAffine(d, use_lu=k % 2 == 0)]]
    base = nf.distributions.GaussianMixture(3, d) if s["extras"] else nf.distributions.DiagGaussian(d)
    return Model("normflows", nf.NormalizingFlow(base, chain).float(), {"scale_map": "exp"}, d, 0)


# what is built around the libraries' flows -------------------------------------------------------------------------------


def nflows_conditional_base(s):
    """The base of nflows' example of conditional moons."""
    encoder = torch.nn.Linear(s["C"], 2 * s["D"])
    if s["extras"]:
        encoder = torch.nn.Sequential(torch.nn.Linear(s["C"], s["hidden"]), ACTIVATIONS[s["activation"]][1](), torch.nn.Linear(s["hidden"], 2 * s["D"]))
    chain = [t for k in range(s["transforms"]) for t in [*permutation(s["permutation"], s["D"]), T.MaskedAffineAutoregressiveTransform(**nflows_made(s, k))]]
    return Conditional("nflows", Flow(T.CompositeTransform(chain), ConditionalDiagonalNormal([s["D"]], context_encoder=encoder)),
                       nflows_options(s) | {"scale_map": "softplus"}, s["D"], s["C"])


class Conditional(Model):
    def samples(self, z, c):
        return self.module._transform.inverse(z, c)[0]


def zuko_affine(s):
    """An affine layer in front of the others."""
    flow = zuko.flows.MAF(s["D"], s["C"], **zuko_masked(s))
    loc, scale = torch.randn(s["D"]), torch.rand(s["D"]) + 0.1
    first = dict(loc=loc, scale=scale) if s["extras"] else {}
    affine = zuko.flows.UnconditionalTransform(torch.distributions.AffineTransform, *([] if first else [loc, scale]), buffer=True, **first)
    return Model("zuko", zuko.flows.Flow((affine, *flow.transform.transforms), flow.base), zuko_options(s), s["D"], s["C"])


class Estimator(Model):
    """A density estimator of sbi, which standardizes rows and contexts."""

    def place(self, x, c):
        return x * self.spread[0] + self.mean[0], c * self.spread[1] + self.mean[1]

    def log_prob(self, x, c):
        return self.module.log_prob(x[None], condition=c)[0]

    def samples(self, z, c):
        c = self.module.embedding_net(c)
        return self.module.net._transform.inverse(z, c)[0] if self.library == "nflows" else self.module.net(c).transform.inv(z)


def embedding_net(inputs, outputs):
    """What a user of nflows or sbi makes of a context for all layers."""
    return torch.nn.Sequential(torch.nn.Linear(inputs, 6), torch.nn.ReLU(), torch.nn.Linear(6, outputs))


def sbi(s):
    d, c = s["D"], s["C"]
    mean, spread = [torch.randn(d) * 4, torch.randn(c) * 4], [torch.exp(torch.randn(d) * 2), torch.exp(torch.randn(c) * 2)]
    rows = [torch.randn(200, n) * scale + m for n, m, scale in zip((d, c), mean, spread)]
    inner = {"embedding_net": embedding_net(c, 2)} if s["embedding"] else {}
    build = posterior_nn(model=s["model"], **inner, hidden_features=s["hidden"], num_transforms=s["transforms"], z_score_x=s["z_score"], z_score_theta=s["z_score"])
    library, config = {"maf": ("nflows", {"activation": "tanh", "scale_map": "softplus"}), "nsf": ("nflows", {"tail_bound": 3.0}),
                       "maf_rqs": ("nflows", {"activation": "tanh", "tail_bound": 3.0}), "zuko_maf": ("zuko", {}), "zuko_nsf": ("zuko", {})}[s["model"]]
    model = Estimator(library, build(*rows), config, d, c)
    model.mean, model.spread = mean, spread
    return model


KINDS = {f.__name__.replace("_", "-"): f for f in (
    nflows_coupling, nflows_nsf, nflows_maf, nflows_nsf_ar, nflows_realnvp, nflows_class_maf, zuko_coupling, zuko_maf, zuko_nsf, zuko_cnf, zuko_gf, zuko_bpf, zuko_sospf, zuko_neural,
    normflows_coupling, normflows_masked, normflows_maf, normflows_nsf, normflows_nsf_ar, normflows_affine, nflows_conditional_base, zuko_affine, sbi)}

SHAPE = dict(D=5, C=0, hidden=12, widths=(12, 12), blocks=2, transforms=2, bins=6, bound=3.0, activation="relu", dropout=0.0, norm=False,
             norm_between=False, mask="alternating", permutation="random", additive=False, extras=False, unconditional=True, residual="alternate",
             random_mask=False, inverse=False, passes=None, slope=None, split="channel", scale_map="exp", one_net="", circular=False, scale=0.8, statistics=True, general=False,
             model="maf", z_score="independent", embedding="")

GOLDEN = {
    "nflows-coupling": {}, "nflows-coupling-context": dict(C=2), "nflows-coupling-extras": dict(extras=True, additive=True, norm=True, transforms=1),
    "nflows-coupling-general": dict(general=True, D=4, scale=0.9), "nflows-coupling-general-context": dict(general=True, C=2, D=3, norm=True, scale=0.9),
    "nflows-nsf": dict(permutation="lu"), "nflows-nsf-context": dict(C=2),
    "nflows-maf": {}, "nflows-maf-context": dict(C=2), "nflows-maf-norm": dict(norm=True, C=2, D=3), "nflows-maf-inverse": dict(inverse=True, transforms=1, C=1),
    "nflows-maf-masks": dict(random_mask=True, residual=False, transforms=1, D=4), "nflows-maf-one": dict(D=1, C=1, transforms=1),
    "nflows-nsf-ar": {}, "nflows-nsf-ar-context": dict(C=2, residual=False),
    "nflows-realnvp": dict(norm=True, norm_between=True, D=4), "nflows-class-maf": dict(norm=True, norm_between=True, residual=True, transforms=1),
    "nflows-realnvp-untrained": dict(norm_between=True, D=3, transforms=1, statistics=False, scale=0.3),
    "zuko-coupling": dict(scale=1.2), "zuko-coupling-context": dict(C=2, scale=1.2),
    "zuko-maf": dict(permutation="none"), "zuko-maf-context": dict(C=2), "zuko-maf-residual": dict(residual=True, widths=(12, 12, 9), D=4),
    "zuko-maf-one": dict(D=1, residual=False), "zuko-maf-one-context": dict(D=1, C=1, residual=False),
    "zuko-nsf": dict(slope=1e-2, scale=1.2), "zuko-nsf-context": dict(C=2, scale=1.2), "zuko-nsf-passes": dict(passes=2, scale=1.2, residual=False),
    "zuko-cnf": dict(D=4), "zuko-cnf-context": dict(D=3, C=2, activation="tanh", widths=(16,)),
    "zuko-gf": dict(D=3, bins=8, transforms=3, scale=0.5), "zuko-gf-context": dict(D=2, C=2, bins=7, scale=0.5),
    "zuko-bpf": {}, "zuko-bpf-context": dict(C=2, bins=17, D=3),
    "zuko-sospf": dict(blocks=3, transforms=3, D=3, scale=0.5), "zuko-sospf-context": dict(C=2, D=3, slope=1e-2, scale=0.5),
    "zuko-neural": dict(D=3, widths=(8, 7), scale=1.5), "zuko-neural-context": dict(D=3, C=2, widths=(9, 6), scale=1.4),
    "zuko-neural-integral": dict(D=3, C=1, widths=(8, 6), additive=True, scale=0.3),
    "normflows-coupling": dict(permutation="reverse"), "normflows-coupling-sigmoid": dict(scale_map="sigmoid", split="checkerboard", D=4),
    "normflows-coupling-sigmoid-inv": dict(scale_map="sigmoid_inv", split="channel_inv", extras=True),
    "nflows-coupling-leaky": dict(activation="leaky_relu", C=1, D=3, transforms=1), "nflows-coupling-elu": dict(activation="elu", D=3, transforms=1, norm=True),
    "nflows-maf-silu": dict(activation="silu", C=1, D=3),
    "nflows-maf-tanh": dict(activation="tanh", C=2, D=3, norm=True), "nflows-maf-elu": dict(activation="elu", C=1, D=2, transforms=1, residual=False, permutation="none"), "zuko-maf-tanh": dict(activation="tanh", D=3), "zuko-coupling-gelu": dict(activation="gelu", D=3),
    "normflows-maf-softplus": dict(activation="softplus", C=1, D=3, transforms=1), "normflows-masked-leaky": dict(activation="leaky_relu", D=3),
    "normflows-masked": {}, "normflows-masked-shift": dict(one_net="s", transforms=1, D=3),
    "normflows-maf": {}, "normflows-maf-context": dict(C=2), "normflows-maf-feed-forward": dict(residual=False, D=3),
    "normflows-nsf": {}, "normflows-nsf-context": dict(C=2), "normflows-nsf-circular": dict(circular=True, transforms=1),
    "normflows-nsf-ar": {}, "normflows-nsf-ar-context": dict(C=2),
    "normflows-affine": dict(), "normflows-affine-mixture": dict(extras=True, D=4),
    "nflows-conditional-base": dict(C=2, D=3), "nflows-conditional-base-network": dict(C=1, D=2, transforms=1, extras=True, activation="tanh", residual=False),
    "zuko-affine": dict(residual=False, C=1, D=3, transforms=1), "zuko-affine-named": dict(residual=False, extras=True, D=3, transforms=1),
    "sbi-maf": dict(D=3, C=4, model="maf"), "sbi-maf-structured": dict(D=4, C=3, model="maf", transforms=1, z_score="structured"),
    "sbi-nsf": dict(D=3, C=4, model="nsf"), "sbi-nsf-one": dict(D=1, C=3, model="nsf"), "sbi-maf-rqs": dict(D=3, C=2, model="maf_rqs", hidden=8),
    "nflows-maf-embedding": dict(C=2, D=3, embedding="network"), "nflows-nsf-embedding": dict(C=2, D=2, transforms=1, embedding="activated"),
    "nflows-maf-embedding-linear": dict(C=2, D=2, transforms=1, embedding="linear"), "sbi-maf-embedding": dict(D=3, C=4, model="maf", embedding="network"),
    "sbi-zuko-maf": dict(D=3, C=4, model="zuko_maf"), "sbi-zuko-nsf": dict(D=3, C=4, model="zuko_nsf"),
}


def embed(model, how):
    """Puts a network of five columns in front of the context of a model that has none."""
    if not how:
        return
    if isinstance(model.module, Flow):
        inputs, network = 5, embedding_net(5, model.context)
        if how == "activated":
            network.append(torch.nn.ReLU())
        model.module._embedding_net = torch.nn.Linear(5, model.context) if how == "linear" else network
        model.context = model.config["context"] = inputs
    if how != "linear":
        model.config["embedding"] = {"activation": "relu"} | ({"activated_output": True} if how == "activated" else {})


def kind_of(name):
    return KINDS[max((k for k in KINDS if name == k or name.startswith(k + "-")), key=len)]


def golden(directory, only):
    total = 0
    for name, shape in GOLDEN.items():
        if only not in name:
            continue
        torch.manual_seed(zlib.crc32(name.encode()))
        if kind_of(name).__name__.startswith("zuko"):
            shape = {"residual": False} | shape
        shape = SHAPE | shape
        model = kind_of(name)(shape)
        embed(model, shape["embedding"])
        perturb(model.module, shape["scale"], torch.Generator().manual_seed(7), shape["statistics"])
        check = write(os.path.join(directory, name), model, 40, torch.Generator().manual_seed(11))
        size = sum(os.path.getsize(os.path.join(directory, name + end)) for end in (".npz", ".json", ".safetensors"))
        total += size
        if shape["general"]:
            assert any(m.cuts_off for m in model.module.modules() if isinstance(m, GeneralCoupling)), name
        print(f"{name}: {size} bytes, log_prob {check['log_prob'].min():.4g} to {check['log_prob'].max():.4g}, samples to {abs(check['samples']).max():.4g}")
    print(total, "bytes")


def random_shape(r, activations):
    pick = lambda *v: v[r.integers(len(v))]
    widths = [int(pick(4, 7, 16, 32, 50)) for _ in range(pick(1, 2, 3))]
    if pick(True, False):
        widths = [widths[0]] * len(widths)
    return SHAPE | dict(
        D=int(pick(1, 2, 3, 4, 5, 8, 13, 21, 63)), C=int(pick(0, 0, 1, 2, 5, 17)), hidden=int(pick(3, 8, 16, 33, 64, 100)), widths=widths, blocks=int(pick(0, 1, 2, 3)),
        transforms=int(pick(1, 2, 3, 5)), bins=int(pick(2, 3, 5, 8, 10, 16)), bound=float(pick(1.0, 2.5, 3.0, 5.0, 10.0)), activation=pick(*activations),
        dropout=pick(0.0, 0.2), norm=pick(True, False, False), norm_between=pick(True, False), mask=pick("random", "alternating"),
        permutation=pick("random", "reverse", "lu", "none"), additive=pick(True, False, False), extras=pick(True, False), unconditional=pick(True, False),
        residual=pick(True, False, "alternate"), random_mask=pick(True, False), inverse=pick(True, False, False), passes=pick(None, None, 2, 3), slope=pick(None, None, 1e-2, 1e-4),
        split=pick("channel", "channel_inv", "checkerboard", "checkerboard_inv", "alternate"), scale_map=pick("exp", "sigmoid", "sigmoid_inv"),
        one_net=pick("", "", "s", "t"), circular=pick(True, False, False), general=pick(True, False), model=pick("maf", "nsf", "maf_rqs", "zuko_maf", "zuko_nsf"), z_score=pick("independent", "structured"), scale=float(pick(0.5, 0.8, 1.0)))


def stress(count, command, seed, library, activations, rows):
    tried = failed = skipped = 0
    worst = {}
    with tempfile.TemporaryDirectory() as directory:
        for i in range(count):
            r = np.random.default_rng([seed, i])
            names = [k for k in KINDS if k.startswith(library)]
            name, shape = names[i % len(names)], random_shape(r, activations)
            torch.manual_seed(seed * 100003 + i)
            path = os.path.join(directory, "model")
            try:
                model = KINDS[name](shape)
                perturb(model.module, shape["scale"] / max(1, shape["D"] / 8) ** 0.5, torch.Generator().manual_seed(i))
                check = write(path, model, rows, torch.Generator().manual_seed(i + 1))
            except Exception as e:  # the library itself cannot build or run this shape
                skipped += 1
                print(f"{i} {name}: {type(e).__name__}: {str(e)[:100]}", file=sys.stderr)
                continue
            if not all(np.isfinite(v).all() and abs(v).max() < 1e4 for v in check.values()):
                skipped += 1
                continue
            tried += 1
            run = subprocess.run([command, "import", "--weights", path + ".safetensors", "--config", path + ".json", "--check", path + ".npz",
                                  "--out", os.path.join(directory, "out.safetensors"), "--json"], capture_output=True, text=True)
            if run.returncode != 0:
                failed += 1
                print(f"FAILED {i} {name} {({k: v for k, v in shape.items() if SHAPE[k] != v})}\n   {run.stderr.strip()[:400]}", flush=True)
                continue
            result = json.loads(run.stdout)
            a, b = worst.get(name, (0, 0))
            worst[name] = max(a, result["log_prob_difference"]), max(b, result["samples_difference"])
    for name, (a, b) in sorted(worst.items()):
        print(f"{name}: largest difference of log_prob {a:.2g}, of samples {b:.2g}")
    print(f"{tried} models tried, {failed} failed; {skipped} that the library could not make or that overflow were left out")
    return failed


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--only", default="")
    p.add_argument("--stress", type=int, default=0)
    p.add_argument("--nf", default="nf")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--library", default="")
    p.add_argument("--rows", type=int, default=1000)
    p.add_argument("--activations", default="relu,relu,leaky_relu,elu,tanh,silu,gelu,softplus")
    o = p.parse_args()
    torch.set_num_threads(1)
    if o.stress:
        sys.exit(stress(o.stress, o.nf, o.seed, o.library, o.activations.split(","), o.rows) > 0)
    golden(os.path.dirname(os.path.abspath(__file__)), o.only)
