"""The inversions of benches/inversion.rs by numpy and scipy: one thread (OMP_NUM_THREADS=1).

    python3 -m venv /tmp/v && /tmp/v/bin/pip install numpy scipy && OMP_NUM_THREADS=1 /tmp/v/bin/python benches/peers/inversion.py
"""

import time

import numpy as np
from scipy.optimize import nnls

N, P, M = 200, 300, 500
rng = np.random.default_rng(1)
r = np.linspace(0, 1, P)
bumps = np.exp(-0.5 * ((r - rng.random((60, 1))) / (0.005 + 0.045 * rng.random((60, 1)))) ** 2)
X = rng.standard_normal((N, 60)) @ (bumps * 0.93 ** np.arange(60)[:, None]) + 0.01 * rng.standard_normal((N, P))
W = np.zeros((P, M))
for j in range(M):
    W[rng.integers(0, P, 20), j] = 0.3 * rng.standard_normal(20)
Y = X @ W + 0.05 * rng.standard_normal((N, M))
sigma = 0.03 * np.abs(Y).max() / 4
z = Y[0] + sigma * rng.standard_normal(M)
A = W.T / sigma


def best(f, repeat=5):
    times = []
    for _ in range(repeat):
        t = time.process_time()
        f()
        times.append(time.process_time() - t)
    return 1e3 * min(times)


def l_curve():
    """SVD, 200 penalties, corner, covariance and kernels of |A x - z|^2 + lambda |x|^2."""
    u, s, vt = np.linalg.svd(A, full_matrices=False)
    c = u.T @ (z / sigma)
    lam = s[0] ** 2 * 10 ** np.linspace(-14, 2, 200)
    f = s**2 / (s**2 + lam[:, None])
    rho = np.log(((1 - f) ** 2 * c**2).sum(1))
    eta = np.log((f**2 * c**2 / s**2).sum(1))
    d = np.gradient
    k = (d(rho) * d(d(eta)) - d(eta) * d(d(rho))) / (d(rho) ** 2 + d(eta) ** 2) ** 1.5
    f = f[np.argmax(k)]
    x = vt.T @ (f / s * c)
    return x, (vt.T * (f / s) ** 2) @ vt, (vt.T * f) @ vt


def first():
    """The default estimator: joint covariance, bands from 10 folds with 4 noisy copies, kernels."""
    fold = np.arange(N) % 10
    noisy = np.concatenate([Y + sigma * rng.standard_normal(Y.shape) for _ in range(4)])
    errors = []
    for k in range(10):
        t = fold != k
        zc, xc = Y[t] - Y[t].mean(0), X[t] - X[t].mean(0)
        u, s, vt = np.linalg.svd(zc / sigma, full_matrices=False)
        out = np.tile(~t, 4)
        w = (noisy[out] - Y[t].mean(0)) / sigma @ vt.T * (s / (s**2 + t.sum()))
        errors.append(np.abs(X[t].mean(0) + w @ (u.T @ xc) - np.tile(X[~t], (4, 1))))
    np.quantile(np.concatenate(errors), 0.95, axis=0)
    zc, xc = Y - Y.mean(0), X - X.mean(0)
    u, s, vt = np.linalg.svd(zc / sigma, full_matrices=False)
    f = s**2 / (s**2 + N)
    x = ((z - Y.mean(0)) / sigma @ vt.T * (s / (s**2 + N))) @ (u.T @ xc)
    uu, d, qq = np.linalg.svd(xc.T, full_matrices=False)
    g = qq @ u
    return x, uu @ ((d[:, None] * ((g * f) @ g.T)) / d) @ uu.T


def bootstraps():
    u, s, vt = np.linalg.svd(A, full_matrices=False)
    lam = s[0] ** 2 * 10 ** (np.arange(-70, 11) / 5)
    f = s**2 / (s**2 + lam[:, None])
    free = f.sum(1)
    zs = z + sigma * rng.standard_normal((1000, M))
    c = zs / sigma @ u
    out = (zs**2).sum(1) / sigma**2 - (c**2).sum(1)
    score = (c**2 @ ((1 - f) ** 2).T + out[:, None]) / (M - free) ** 2
    best = f[score.argmin(1)]
    return (best / s * c) @ vt


print(f"numpy, pseudo-inverse with L-curve over 200 penalties, covariance, kernels: {best(l_curve):.1f} ms")
print(f"numpy, the default estimator with its band calibrated by 10 folds: {best(first):.1f} ms")
print(f"numpy, 1000 bootstraps re-choosing lambda, as one product: {best(bootstraps):.1f} ms")
B = np.vstack([A, np.eye(P)])
print(f"scipy nnls: {best(lambda: nnls(B, np.concatenate([z / sigma, np.zeros(P)]))):.1f} ms")

try:
    import deerlab as dl
except ImportError:
    print("DeerLab is not here: pip install deerlab")
else:
    # One Tikhonov estimate with second differences, the penalty by GCV, with its covariance: what `snlls` does for a linear model.
    def deerlab(**bounds):
        return dl.snlls(z / sigma, A, reg=True, regparam="gcv", noiselvl=1, **bounds)

    print(f"DeerLab, Tikhonov D2 by GCV, covariance: {best(deerlab, 2):.0f} ms")
    print(f"DeerLab, the same, non-negative: {best(lambda: deerlab(lbl=np.zeros(P)), 2):.0f} ms")
