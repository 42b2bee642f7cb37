"""Golden numbers for packages/metrics, computed with SciPy and statsmodels.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python make_goldens.py > goldens.json && npx biome format --write goldens.json

Where neither library has the method, the number comes from a route that shares no formula with the
package: Tango's interval from a numerical maximum of the multinomial likelihood, Steiger's Z from
the general covariance of any two correlations.
"""

import json

import numpy as np
from scipy import optimize, special, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20211011)


def special_functions():
    positive = [1e-8, 0.1, 0.5, 1.5, 3.7, 12.0, 170.5, 5e3, 1e6]
    beta = [(0.3, 2, 5), (0.9, 0.5, 0.5), (0.01, 3, 40), (0.5, 25000, 25001), (0.2, 1e5, 4e5)]
    beta += [(1e-6, 0.5, 0.5), (0.999, 100, 2), (0.7, 1e-2, 3)]
    probabilities = [1e-300, 1e-30, 1e-10, 1e-3, 0.025, 0.2, 0.4999, 0.7, 0.975, 0.9999, 1 - 1e-10]
    degrees = [1, 2, 4.5, 9, 100, 1e5]
    return {
        "logGamma": [[x, special.gammaln(x)] for x in positive],
        "erfc": [[x, special.erfc(x)] for x in [0, 1e-9, 0.3, 1, 1.4999, 1.5, 2, 5, 12, 26]],
        "incompleteBeta": [[x, a, b, special.betainc(a, b, x)] for x, a, b in beta],
        "normalCdf": [[z, stats.norm.cdf(z)] for z in [-37, -8, -1.96, -0.1, 0, 0.5, 3, 9]],
        "normalQuantile": [[p, stats.norm.ppf(p)] for p in probabilities],
        "tQuantile": [[p, v, stats.t.ppf(p, v)] for p in probabilities[2:] for v in degrees],
        "tTwoSided": [[t, v, 2 * stats.t.sf(t, v)] for t in [0, 1e-4, 1, 2.2, 12, 200] for v in degrees],
        "betaQuantile": [
            [p, a, b, stats.beta.ppf(p, a, b)]
            for p, a, b in [(0.025, 3, 1998), (0.975, 1, 50000), (0.025, 40000, 10001), (0.5, 0.5, 0.5)]
        ],
    }


def proportions():
    rows = []
    for count, n in [(0, 1), (0, 20), (1, 20), (7, 20), (20, 20), (381, 2000), (50, 50000), (12345, 50000)]:
        for level in [0.95, 0.99]:
            wilson = proportion_confint(count, n, 1 - level, "wilson")
            exact = proportion_confint(count, n, 1 - level, "beta")
            rows.append({"count": count, "n": n, "confidence": level, "wilson": wilson, "exact": exact})
    return rows


def tango(cells, level):
    """b: only the second right, c: only the first right. Bounds of the difference (b - c)/n."""
    both, c, b, neither = cells
    n = sum(cells)
    z = stats.norm.ppf(0.5 + level / 2)

    def statistic(d):
        def loss(q):
            p = [(b, q + d), (c, q), (both + neither, 1 - 2 * q - d)]
            return -sum(k * np.log(max(v, 1e-300)) for k, v in p if k > 0)

        low, high = max(0, -d), (1 - d) / 2
        q = optimize.minimize_scalar(loss, (low, high), bounds=(low, high), method="bounded",
                                     options={"xatol": 1e-13, "maxiter": 2000}).x
        ends = [v for v in (low, high) if loss(v) < loss(q)]
        q = min(ends, key=loss) if ends else q
        return (b - c - n * d) / np.sqrt(n * (2 * q + d - d * d))

    point = (b - c) / n
    eps = 1e-9
    return [
        optimize.brentq(lambda d: statistic(d) - z, -1 + eps, point - eps, xtol=1e-12),
        optimize.brentq(lambda d: statistic(d) + z, point + eps, 1 - eps, xtol=1e-12),
    ]


def paired():
    tables = [(1, 1, 7, 12), (0, 0, 0, 30), (1300, 90, 130, 480), (5, 3, 3, 2), (40, 0, 9, 1)]
    tables += [(1800, 12, 0, 188), (36000, 2500, 2610, 8890)]
    rows = []
    for cells in tables:
        both, first, second, neither = cells
        n, k = first + second, min(first, second)
        test = mcnemar([[both, first], [second, neither]], exact=True)
        mid = 2 * (stats.binom.cdf(k, n, 0.5) - stats.binom.pmf(k, n, 0.5) / 2)
        rows.append({"cells": cells, "exact": test.pvalue, "midP": mid,
                     "tango95": tango(cells, 0.95), "tango90": tango(cells, 0.9)})
    return rows


def bootstrap():
    data = np.round(rng.exponential(size=25), 3)
    result = stats.bootstrap((data,), np.mean, n_resamples=200, method="BCa", rng=rng)
    percentile = stats.bootstrap((data,), np.mean, n_resamples=0, method="percentile",
                                 bootstrap_result=result).confidence_interval
    fine = stats.bootstrap((data,), np.mean, n_resamples=400_000, method="BCa", rng=rng)
    bca = result.confidence_interval
    return {
        "data": data.tolist(),
        "replicates": np.round(result.bootstrap_distribution, 12).tolist(),
        "bca": [bca.low, bca.high],
        "percentile": [percentile.low, percentile.high],
        "manyResamples": [fine.confidence_interval.low, fine.confidence_interval.high],
    }


def pearson_filon(r, j, k, h, m):
    """n × the covariance of the sample correlations r[j,k] and r[h,m] (Steiger 1980, eq. 2)."""
    return 0.5 * (
        (r[j, h] - r[j, k] * r[k, h]) * (r[k, m] - r[k, h] * r[h, m])
        + (r[j, m] - r[j, h] * r[h, m]) * (r[k, h] - r[k, j] * r[j, h])
        + (r[j, h] - r[j, m] * r[m, h]) * (r[k, m] - r[k, j] * r[j, m])
        + (r[j, m] - r[j, k] * r[k, m]) * (r[k, h] - r[k, m] * r[m, h])
    )


def dependent():
    rows = []
    for first, second, between, n in [(0.637, 0.612, 0.88, 500), (0.3, -0.2, 0.1, 25), (0.95, 0.94, 0.97, 4000)]:
        mean = (first + second) / 2
        pooled = np.array([[1, mean, mean], [mean, 1, between], [mean, between, 1]])
        c = pearson_filon(pooled, 0, 1, 0, 2) / (1 - mean**2) ** 2
        z = (np.arctanh(first) - np.arctanh(second)) / np.sqrt((2 - 2 * c) / (n - 3))
        matrix = np.array([[1, first, second], [first, 1, between], [second, between, 1]])
        t = (first - second) * np.sqrt((n - 1) * (1 + between) / (
            2 * (n - 1) / (n - 3) * np.linalg.det(matrix) + mean**2 * (1 - between) ** 3))
        rows.append({"first": first, "second": second, "between": between, "n": n,
                     "williams": [t, 2 * stats.t.sf(abs(t), n - 3)], "steiger": [z, 2 * stats.norm.sf(abs(z))]})
    return rows


def bonett_wright(x, y):
    r, n = stats.spearmanr(x, y)[0], len(x)
    return np.tanh(stats.norm.interval(0.95, np.arctanh(r), np.sqrt((1 + r**2 / 2) / (n - 3)))).tolist()


def correlations():
    rows = []
    for n, levels in [(40, None), (60, 6), (60, 2)]:
        x = rng.normal(size=n)
        y = 0.6 * x + rng.normal(size=n)
        x, y = (np.round(v, 3) if levels is None else np.floor(v * levels / 4) for v in (x, y))
        fisher = stats.pearsonr(x, y).confidence_interval(0.95)
        rows.append({"x": x.tolist(), "y": y.tolist(), "pearson": stats.pearsonr(x, y)[0],
                     "spearman": stats.spearmanr(x, y)[0], "kendall": stats.kendalltau(x, y)[0],
                     "rmse": float(np.sqrt(np.mean((x - y) ** 2))), "fisher": [fisher.low, fisher.high], "bonettWright": bonett_wright(x, y)})
    return rows


def logistic():
    def curve(x, upper, lower, centre, width):
        return lower + (upper - lower) * special.expit((x - centre) / np.abs(width))

    rows = []
    for truth, spread, noise in [((9, 1, 5, 0.8), (1, 9), 0.3), ((0, 100, -3, 2), (-12, 6), 8),
                                 ((70, 20, 1e4, 150), (9000, 10800), 2), ((1, 0, 0.2, 0.01), (0, 1), 0.05)]:
        x = np.round(rng.uniform(*spread, size=40), 4)
        y = np.round(curve(x, *truth) + noise * rng.normal(size=40), 4)
        fit, _ = optimize.curve_fit(curve, x, y, p0=truth, xtol=1e-14, ftol=1e-14, gtol=1e-14, maxfev=100_000)
        fit[3] = abs(fit[3])
        rows.append({"x": x.tolist(), "y": y.tolist(), "parameters": fit.tolist(),
                     "rmse": float(np.sqrt(np.mean((curve(x, *fit) - y) ** 2)))})
    return rows


def families():
    families = [[0.04, 0.001, 0.5, 0.013, 0.013, 0.9, 0.0001], [0.03], [0.02, 0.02, 0.02], [1, 0, 0.6, 0.04]]
    families.append((np.arange(1, 41) ** 2 / 1e5)[::-1].tolist())
    seeds = [[0.331, 0.342, 0.329], [0.5, 0.7], [1.0, 2.0, 4.0, 8.0, 16.0], [-0.1, -0.062, -0.138],
             [0.01, -0.02, 0.005, 0.001]]
    rows = []
    for v in seeds:
        low, high = stats.t.interval(0.95, len(v) - 1, np.mean(v), stats.sem(v))
        rows.append({"values": v, "mean": np.mean(v), "low": low, "high": high, "deviation": np.std(v, ddof=1),
                     "p": stats.ttest_1samp(v, 0).pvalue})
    holm = [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in families]
    return {"holm": holm, "seeds": rows}


def histograms():
    rows = []
    for _ in range(3):
        p, q = rng.integers(0, 60, size=(2, 10))
        gap = np.cumsum(p / p.sum()) - np.cumsum(q / q.sum())
        scores = np.arange(1, 11)
        # SciPy's distance is in scores; the mean over bins is a tenth of it.
        rows.append({"p": p.tolist(), "q": q.tolist(),
                     "r1": stats.wasserstein_distance(scores, scores, p, q) / 10,
                     "r2": float(np.linalg.norm(gap) / np.sqrt(10)),
                     "mean": np.average(scores, weights=p),
                     "deviation": float(np.sqrt(np.cov(scores, fweights=p, ddof=0)))})
    return rows


def calibration():
    logits = np.round(rng.normal(size=(30, 4)) * 3, 3)
    labels = rng.integers(0, 4, size=30)
    probability = special.softmax(logits, axis=1)
    confidence, correct = probability.max(1), probability.argmax(1) == labels
    bins = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    error = sum(np.mean(bins == b) * abs(confidence[bins == b].mean() - correct[bins == b].mean())
                for b in np.unique(bins))
    return {"logits": logits.ravel().tolist(), "labels": labels.tolist(),
            "nll": -np.mean(special.log_softmax(logits, axis=1)[np.arange(30), labels]), "ece": error,
            "top1": int(30 - correct.sum()),
            "top2": int(sum(l not in np.argsort(row)[-2:] for l, row in zip(labels, logits)))}


goldens = {
    "special": special_functions(), "proportions": proportions(), "paired": paired(), "bootstrap": bootstrap(),
    "dependent": dependent(), "correlations": correlations(), "logistic": logistic(), "families": families(),
    "histograms": histograms(), "calibration": calibration(),
}
print("{")
print(",\n".join(f'"{name}": {json.dumps(value, default=float)}' for name, value in goldens.items()))
print("}")
