"""The estimators of scikit-learn and plain numpy on the numbers of `benches/fits.rs`.

    OPENBLAS_NUM_THREADS=1 python3 benches/peers/fits.py ridge|ridge-numpy|enet|pls [n p q]

Prints processor seconds (of one thread; as wall time on an idle machine) and, for the elastic net (scikit-learn, celer,
skglm), the gap that was reached: the sum over outputs of the duality gap, relative to the sum of the objectives.
"""

import sys
import time
import warnings

import numpy as np

TAU = 2 * np.pi


def uniform(stream, k):
    with np.errstate(over="ignore"):
        z = ((np.uint64(stream) << np.uint64(32)) + k.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float) / 2.0**53 + 0.5**54


def normal(stream, k):
    u, v = uniform(stream, 2 * k), uniform(stream, 2 * k + 1)
    return np.sqrt(-2 * np.log(u)) * np.cos(TAU * v)


def normals(stream, rows, columns):
    return normal(stream, np.arange(rows * columns)).reshape(rows, columns)


def smooth(n, p, q):
    k = np.arange(60)
    centre, width = uniform(2, k), 0.005 + 0.045 * uniform(3, k)
    r = np.arange(p) / (p - 1)
    bumps = 0.93 ** k[:, None] * np.exp(-0.5 * ((r - centre[:, None]) / width[:, None]) ** 2)
    x = normals(1, n, 60) @ bumps + 0.01 * normals(4, n, p)
    w = np.zeros((p, q))
    for j in range(q):
        k = j * 20 + np.arange(20)
        for index, value in zip((uniform(5, k) * p).astype(int), 0.3 * normal(6, k)):
            w[index, j] = value
    return x, x @ w + 0.05 * normals(7, n, q)


def ridge(x, y, lambdas):
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=lambdas).fit(x, y).alpha_


def ridge_numpy(x, y, lambdas):
    """One SVD, then a product for each penalty."""
    xc, yc = x - x.mean(0), y - y.mean(0)
    u, s, vt = np.linalg.svd(xc, full_matrices=False)
    uty, u2 = u.T @ yc, u**2
    errors = []
    for l in lambdas:
        f = s**2 / (s**2 + l)
        r = (yc - u @ (f[:, None] * uty)) / (1 - u2 @ f - 1 / len(x))[:, None]
        errors.append((r * r).mean())
    best = lambdas[int(np.argmin(errors))]
    vt.T @ ((s / (s**2 + best))[:, None] * uty)
    return best


def gap_and_objective(x, r, w, alpha):
    """Duality gap and value of r'r / 2n + alpha (|w|_1 / 2 + w'w / 4) at weights w with residual r; x centred."""
    n = len(x)
    value = r @ r / (2 * n) + alpha * (0.5 * abs(w).sum() + 0.25 * w @ w)
    # As a lasso on the rows of sqrt(n alpha / 2) I below x; the dual point is the residual there, scaled into the box.
    y2 = (r + x @ w) @ (r + x @ w)
    rr, ry = r @ r + 0.5 * n * alpha * (w @ w), r @ (r + x @ w)
    slope = abs(x.T @ r - 0.5 * n * alpha * w).max()
    s = min(1.0, 0.5 * n * alpha / slope)
    return value - (y2 - (s * s * rr - 2 * s * ry + y2)) / (2 * n), value


def enet(x, y, alpha, model):
    xc, yc = x - x.mean(0), y - y.mean(0)
    gaps, objectives = 0.0, 0.0
    for j in range(y.shape[1]):
        w = model.fit(xc, yc[:, j]).coef_
        gap, value = gap_and_objective(xc, yc[:, j] - xc @ w, w, alpha)
        gaps, objectives = gaps + gap, objectives + value
    return gaps / objectives


def enet_models(alpha, sweeps):
    import celer
    import sklearn.linear_model
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Quadratic
    from skglm.penalties import L1_plus_L2
    from skglm.solvers import AndersonCD

    yield "scikit-learn", sklearn.linear_model.ElasticNet(
        alpha=alpha, l1_ratio=0.5, tol=1e-6, max_iter=sweeps, precompute=True, fit_intercept=False
    )
    yield "celer", celer.ElasticNet(alpha=alpha, l1_ratio=0.5, tol=1e-6, max_iter=100, max_epochs=sweeps, fit_intercept=False)
    yield "skglm", GeneralizedLinearEstimator(
        Quadratic(),
        L1_plus_L2(alpha, 0.5),
        AndersonCD(max_iter=100, max_epochs=sweeps, tol=1e-7, fit_intercept=False),
    )


def timed(name, work):
    start = time.process_time()
    result = work()
    print(f"{name}: {time.process_time() - start:.2f} s, {result}", flush=True)


def main():
    warnings.simplefilter("ignore")
    what = sys.argv[1]
    n, p, q = (int(v) for v in sys.argv[2:5]) if len(sys.argv) > 4 else (2000, 500, 300)
    x, y = smooth(n, p, q)
    lambdas = np.logspace(-4, 4, 100)
    if what == "ridge":
        timed("RidgeCV", lambda: ridge(x, y, lambdas))
    elif what == "ridge-numpy":
        timed("numpy ridge", lambda: ridge_numpy(x, y, lambdas))
    elif what == "pls":
        from sklearn.cross_decomposition import PLSRegression

        timed("PLSRegression", lambda: PLSRegression(30, scale=False).fit(x, y).coef_[0, 0])
    elif what == "enet":
        for alpha in (1e-3, 1e-5):
            for sweeps in (1000, 20000):
                for name, model in enet_models(alpha, sweeps):
                    # The first fit compiles (numba).
                    model.fit(x[:, :5] - x[:, :5].mean(0), y[:, 0])
                    timed(f"{name}, {alpha:g}, {sweeps} sweeps, {q} outputs", lambda: enet(x, y, alpha, model))


if __name__ == "__main__":
    main()
