# Coefficients of mills64 in kernels/float64_normal.go. Needs mpmath:
#
#     python3 mills.py
#
# It interpolates (z + 1)·(1 − Φ(z))/φ(z), whose limit is 1, at Chebyshev nodes
# in t = (z − 4)/(z + 4), cuts the series where it is below 1e-17, and writes it
# in powers of t.
from mpmath import cos, erfc, exp, fsum, mp, mpf, pi, sqrt

mp.dps = 60
CENTER, NODES, DEGREE = mpf(4), 120, 26


def scaled(t):
    z = CENTER * (1 + t) / (1 - t)
    if z < 1000:
        return (z + 1) * sqrt(pi / 2) * erfc(z / sqrt(mpf(2))) * exp(z * z / 2)
    total, term = mpf(0), 1 / z
    for k in range(25):
        total += term
        term *= -(2 * k + 1) / z**2
    return (z + 1) * total


nodes = [cos(pi * (k + mpf(1) / 2) / NODES) for k in range(NODES)]
values = [scaled(t) for t in nodes]
powers = [mpf(0)] * (DEGREE + 1)
for n in range(DEGREE + 1):
    c = fsum(v * cos(pi * n * (k + mpf(1) / 2) / NODES) for k, v in enumerate(values)) * (1 if n == 0 else 2) / NODES
    previous, current = [mpf(1)], [mpf(0), mpf(1)]
    for _ in range(n):
        following = [mpf(0)] + [2 * a for a in current]
        for i, a in enumerate(previous):
            following[i] -= a
        previous, current = current, following
    for i, a in enumerate(previous):
        powers[i] += c * a
for i, a in enumerate(powers):
    print("\t%s," % float(a).hex())
