"""Computes the values that metrics.test.ts expects, with numpy, scipy and scikit-learn instead of our code.

    pip install numpy scipy scikit-learn
    python packages/evaluation/src/__tests__/expected.py

Writes expected.json beside itself: inputs (seeded) and results. Made with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1.
"""

import json
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics
from sklearn.calibration import _sigmoid_calibration
from sklearn.linear_model import LogisticRegression


def eer(labels, scores):
    """Root of FNR - FPR along the ROC polyline."""
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    t = np.arange(len(fpr))
    root = optimize.brentq(lambda x: 1 - np.interp(x, t, tpr) - np.interp(x, t, fpr), 0, len(fpr) - 1, xtol=1e-14)
    return float(np.interp(root, t, fpr))


def bpcer_at(labels, scores, apcer):
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    return float(1 - tpr[fpr <= apcer].max())


def case(seed, lives, spoofs, decimals, separation):
    rng = np.random.default_rng(seed)
    labels = np.r_[np.ones(lives, int), np.zeros(spoofs, int)]
    margins = np.round(rng.normal(np.where(labels == 1, separation, -separation), 2.0), decimals)
    scores = special.expit(margins)
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    smooth = _sigmoid_calibration(margins, labels)
    weights = np.where(labels == 1, 0.5 * len(labels) / lives, 0.5 * len(labels) / spoofs)
    # Platt's targets, classes weighted to an even prior, by a general optimiser.
    targets = np.where(labels == 1, (lives + 1) / (lives + 2), 1 / (spoofs + 2))

    def loss(ab):
        z = ab[0] * margins + ab[1]
        return float(np.sum(weights * (np.logaddexp(0, z) - targets * z)))

    even = optimize.minimize(loss, [1.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x
    slope = optimize.minimize_scalar(lambda a: loss([a, 0.0]), bounds=(0, 20), method="bounded", options={"xatol": 1e-11}).x
    # Half-open bins, unlike sklearn.calibration.calibration_curve, which puts a score on an edge into the lower one.
    edges = np.arange(11) / 10
    count = stats.binned_statistic(scores, None, "count", edges).statistic
    mean = stats.binned_statistic(scores, scores, "mean", edges).statistic
    share = stats.binned_statistic(scores, labels, "mean", edges).statistic
    full = count > 0
    share, mean = share[full], mean[full]
    ece = np.sum(np.abs(share - mean) * count[full] / count.sum())
    return {
        "labels": labels.tolist(),
        "margins": margins.tolist(),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist()},
        "auc": float(metrics.roc_auc_score(labels, scores)),
        "eer": eer(labels, scores),
        "bpcerAt": {str(a): bpcer_at(labels, scores, a) for a in (0.01, 0.05, 0.1)},
        "brier": float(metrics.brier_score_loss(labels, scores)),
        "ece": float(ece),
        "reliability": {"share": share.tolist(), "mean": mean.tolist()},
        "platt": {"data": [-float(smooth[0]), -float(smooth[1])], "even": [float(x) for x in even], "slope": float(slope)},
    }


def skin_tone(*rgb):
    """Individual typology angle of a plain colour, through CIE XYZ and Lab (sRGB primaries, D65)."""
    c = np.array(rgb) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    x = np.array(to_xyz) @ c / np.array([0.95047, 1, 1.08883])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return {"rgb": rgb, "angle": float(np.degrees(np.arctan2(116 * f[1] - 66, 200 * (f[1] - f[2]))))}


counts = [(0, 1), (0, 29), (0, 150), (1, 30), (3, 17), (29, 30), (30, 30), (5, 1000), (499, 1000), (12, 100_000)]
out = {
    "cases": [case(1, 60, 90, 1, 1.0), case(2, 200, 37, 0, 2.0), case(3, 5, 4, 2, 0.5)],
    "clopperPearson": [
        {
            "errors": k,
            "n": n,
            "interval": list(map(float, stats.binomtest(k, n).proportion_ci(0.95, "exact"))),
            "upper": float(stats.binomtest(k, n, alternative="less").proportion_ci(0.95, "exact").high),
        }
        for k, n in counts
    ],
    "incompleteBeta": [
        {"x": x, "a": a, "b": b, "value": float(special.betainc(a, b, x))}
        for a in (0.5, 1, 3, 40, 700)
        for b in (0.5, 2, 25, 90_000)
        for x in (1e-6, 0.01, 0.3, 0.5, 0.97)
    ],
    "mcnemar": [
        {"onlyFirst": b, "onlySecond": c, "p": float(stats.binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0}
        for b, c in [(0, 0), (5, 0), (6, 0), (3, 9), (10, 10), (40, 71)]
    ],
    "quantile": {"values": [0.1, 0.2, 0.5, 0.7, 0.9, 1.3], "at": {str(q): float(np.quantile([0.1, 0.2, 0.5, 0.7, 0.9, 1.3], q)) for q in (0.025, 0.5, 0.975)}},
    "skinTone": [skin_tone(*rgb) for rgb in [(141, 85, 36), (255, 219, 172), (60, 40, 30), (241, 194, 125), (198, 134, 66)]],
    "holm": {"p": [0.01, 0.04, 0.03, 0.005], "adjusted": [0.03, 0.06, 0.06, 0.02]},
}

# The logistic fit of scikit-learn itself, without smoothing, must agree where smoothing vanishes: a sanity check of this script.
big = case(4, 20_000, 20_000, 3, 1.0)
plain = LogisticRegression(C=np.inf).fit(np.array(big["margins"])[:, None], big["labels"])
assert abs(plain.coef_[0, 0] - big["platt"]["data"][0]) < 1e-3

Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
