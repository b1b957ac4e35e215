"""Fits the constants of the canonical face (packages/core/src/face/canonical.ts) to the boxes YuNet draws.

    node export-faces.mjs index.csv > blazeface.csv
    node export-faces.mjs index.csv --yunet yunet.onnx > yunet.csv
    python fit_canonical.py index.csv blazeface.csv yunet.csv --train faces celeba-spoof nuaa phone-photos

The box is fitted from both detectors' key points at once, at most 400 pictures a set, by the overlap with the box in the index.
Prints the constants in the order of canonical.ts, and the overlaps of every set for the fitted constants and for those in use.
Needs numpy and scipy.
"""

import argparse
import csv

import numpy as np
from scipy.optimize import minimize

POINTS = ["right_eye", "left_eye", "nose", "mouth"]
NAMES = ["width.eyes", "width.mouth", "width.nose", "height.eyes", "height.mouth", "height.nose", "centre.mouth", "centre.nose"]
# What canonical.ts has.
IN_USE = np.array([1.841, 0.259, 0.916, 0.839, 1.956, 0.396, 0.302, -1.218])
PER_SET = 400


def canonical(constants: np.ndarray, points: np.ndarray) -> np.ndarray:
    """n x 4 points of x, y -> n boxes of x, y, width, height: the formula of canonical.ts."""
    right, left, nose, mouth = (points[:, i] for i in range(4))
    middle = (right + left) / 2
    across, down = left - right, mouth - middle
    eyes, mouth_length = np.linalg.norm(across, axis=1), np.linalg.norm(down, axis=1)
    axis = across + np.stack([down[:, 1], -down[:, 0]], 1)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    limit = 0.5 * (eyes + mouth_length)
    beside = np.clip(((nose - middle) * axis).sum(1), -limit, limit)
    face_width = constants[0] * eyes + constants[1] * mouth_length + constants[2] * np.abs(beside)
    face_height = constants[3] * eyes + constants[4] * mouth_length + constants[5] * np.abs(beside)
    size = np.stack(
        [
            np.hypot(face_width * axis[:, 0], face_height * axis[:, 1]),
            np.hypot(face_width * axis[:, 1], face_height * axis[:, 0]),
        ],
        1,
    )
    centre = middle + constants[6] * down + constants[7] * beside[:, None] * axis
    return np.concatenate([centre - size / 2, size], 1)


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union, row by row."""
    shared = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    area = shared.clip(0).prod(1)
    return area / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - area)


def read(path: str) -> dict[str, dict[str, str]]:
    """Rows by path; pictures that are in it twice are left out, nobody knows which row is theirs."""
    rows: dict[str, dict[str, str]] = {}
    twice = set()
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row["path"] in rows:
                twice.add(row["path"])
            rows[row["path"]] = row
    return {path: row for path, row in rows.items() if path not in twice}


def points_of(row: dict[str, str]) -> list[list[float]]:
    return [[float(row[f"{name}_{axis}"]) for axis in "xy"] for name in POINTS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index")
    parser.add_argument("blazeface")
    parser.add_argument("yunet")
    parser.add_argument("--train", nargs="+", required=True, help="the sets to fit on; the others are only reported")
    options = parser.parse_args()

    index, blazeface, yunet = read(options.index), read(options.blazeface), read(options.yunet)
    paths = [p for p in index if blazeface.get(p, {}).get("x") and yunet.get(p, {}).get("x")]
    boxes = np.array([[float(index[p][f"face_{key}"]) for key in "xywh"] for p in paths])
    from_blazeface = np.array([points_of(blazeface[p]) for p in paths])
    from_yunet = np.array([points_of(yunet[p]) for p in paths])
    # The same face in all three: not the neighbour, not a false one.
    same = (overlap(canonical(IN_USE, from_yunet), boxes) > 0.5) & (overlap(canonical(IN_USE, from_blazeface), boxes) > 0.3)
    boxes, from_blazeface, from_yunet = boxes[same], from_blazeface[same], from_yunet[same]
    sets = np.array([index[p]["set"] for p in paths])[same]

    random = np.random.default_rng(0)
    train = np.concatenate([random.permutation(np.flatnonzero(sets == name))[:PER_SET] for name in options.train])

    def loss(constants: np.ndarray) -> float:
        both = [overlap(canonical(constants, points[train]), boxes[train]) for points in (from_blazeface, from_yunet)]
        # Faces that do not fit at all pull no harder than those that fit badly.
        return float(np.minimum(1 - np.concatenate(both), 0.6).mean())

    start = np.array([1.1, 1.1, 0.1, 1.2, 1.6, 0.1, 0.5, -0.3])
    for _ in range(3):
        settings = {"maxiter": 6000, "maxfev": 6000, "adaptive": True, "xatol": 1e-4, "fatol": 1e-6}
        start = minimize(loss, start, method="Nelder-Mead", options=settings).x
    print(f"fitted on {len(train)} faces, loss {loss(start):.4f}; in use {loss(IN_USE):.4f}")
    for name, fitted, used in zip(NAMES, start, IN_USE):
        print(f"{name:14s}{fitted:8.3f}   in use {used:7.3f}")
    print("median overlap    n  yunet points-box  blazeface points-box  blazeface-yunet (10 %)")
    for label, constants in (("fitted", start), ("in use", IN_USE)):
        for name in sorted(set(sets)):
            rows = sets == name
            a, b = canonical(constants, from_yunet[rows]), canonical(constants, from_blazeface[rows])
            agree = overlap(a, b)
            print(
                f"{label} {name:13s}{rows.sum():5d}  {np.median(overlap(a, boxes[rows])):.3f}  {np.median(overlap(b, boxes[rows])):.3f}"
                f"  {np.median(agree):.3f} ({np.percentile(agree, 10):.3f})"
            )


if __name__ == "__main__":
    main()
