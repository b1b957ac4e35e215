"""What the three teachers say of an image on average: over box sizes and both mirror images, each answer bounded.

One answer on one crop is noise: the mean separates attacks nobody trained on better than any single crop does. Read through
onnxruntime, which is fast on processors without bfloat16 as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..crops import Picture, crop_clamp_shift, crop_square_reflect
from ..index import Row
from ..quantize import session_of
from ..render import read_picture
from ..teachers import CONTEXT_TEACHER, FACE_TEACHER
from .cache import Scenes
from .scenes import ATTACK, REAL

THIRD_TEACHER = 'minifasnet-v1se-80-scale4.0.onnx'
SIZES = (0.84, 1.0, 1.18)
"""Of the box, beside the detector's own."""

BOUND = 4.0
"""Of every answer, before it is averaged."""


def margin_of(logits: NDArray[np.floating], live: int) -> NDArray[np.float64]:
    """logsumexp of the other classes - logit(live)."""
    others = np.delete(logits, live, 1).astype(np.float64)
    top = others.max(1)
    return top + np.log(np.exp(others - top[:, None]).sum(1)) - logits[:, live]


def _answer(session: onnxruntime.InferenceSession, crops: Picture, *, bgr_255: bool, live: int) -> NDArray[np.float64]:
    """Margins of n x h x w x 3 bytes."""
    fed = np.ascontiguousarray((crops[..., ::-1] if bgr_255 else crops).transpose(0, 3, 1, 2), dtype=np.float32)
    fed = fed if bgr_255 else fed / 255
    given = session.get_inputs()[0]
    # Some of the published files take one crop at a time.
    parts = np.split(fed, len(fed)) if given.shape[0] == 1 else [fed]
    return margin_of(np.concatenate([session.run(None, {given.name: part})[0] for part in parts]), live)


def _ask(session: onnxruntime.InferenceSession, crops: list[Picture], *, bgr_255: bool, live: int) -> NDArray[np.float64]:
    """Margins of crops and of their mirror images."""
    return _answer(session, np.stack([*crops, *(c[:, ::-1] for c in crops)]), bgr_255=bgr_255, live=live)


def targets(rows: list[Row], folder: Path, file: Path, say: Callable[[str], None] = print) -> NDArray[np.float32]:
    """n x 3 x 6 margins of each teacher (face, context, context at 4 x) on three box sizes and their mirror images. Computed once."""
    if file.exists():
        return np.load(file)
    face, context, third = (session_of(folder / name) for name in (FACE_TEACHER, CONTEXT_TEACHER, THIRD_TEACHER))
    out = np.zeros((len(rows), 3, 2 * len(SIZES)), np.float32)
    for n, row in enumerate(rows):
        assert row.box is not None
        image = read_picture(row)
        x, y, w, h = row.box
        boxes = [(x + w / 2 * (1 - f), y + h / 2 * (1 - f), w * f, h * f) for f in SIZES]
        out[n, 0] = _ask(face, [crop_square_reflect(image, b) for b in boxes], bgr_255=False, live=0)
        out[n, 1] = _ask(context, [crop_clamp_shift(image, b) for b in boxes], bgr_255=True, live=1)
        out[n, 2] = _ask(third, [crop_clamp_shift(image, b, 4.0) for b in boxes], bgr_255=True, live=1)
        if n % 500 == 0:
            say(f'teachers: {n} of {len(rows)} images')
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, out)
    return out


def on_scenes(scenes: Scenes, folder: Path, file: Path, say: Callable[[str], None] = print) -> NDArray[np.float32]:
    """n x 2: the bounded answers of the face and the context teacher on the very crops that are trained on. Computed once."""
    if file.exists():
        return np.load(file)
    face, context = (session_of(folder / name) for name in (FACE_TEACHER, CONTEXT_TEACHER))
    out = np.zeros((len(scenes), 2), np.float32)
    for n, (f, c) in enumerate(zip(*scenes.crops, strict=True)):
        out[n, 0] = _answer(face, f[None], bgr_255=False, live=0)[0]
        out[n, 1] = _answer(context, c[None], bgr_255=True, live=1)[0]
        if n % 2000 == 0:
            say(f'teachers: {n} of {len(scenes)} scenes')
    out = np.clip(out, -BOUND, BOUND)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, out)
    return out


def branch_targets(said: NDArray[np.float32], scenes: Scenes, same: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(n x 2, n): what the face branch and the context branch are to say of each scene, and whether a teacher has anything to say.

    Of a real image half the mean over its boxes and mirror images, half the answer on this very crop; of a simulated attack the latter.
    """
    bounded = np.clip(said, -BOUND, BOUND)
    of_image = np.stack((bounded[:, 0].mean(1), bounded[:, 1:].mean((1, 2))), 1)
    real = scenes.kind == REAL
    target = np.where(real[:, None], (of_image[scenes.row] + same) / 2, same)
    return target.astype(np.float32), real | (scenes.kind == ATTACK)


def mean_of_teachers(said: NDArray[np.float32]) -> NDArray[np.float32]:
    """n: the plain mean of all three, the opponent to beat."""
    return np.clip(said, -BOUND, BOUND).mean((1, 2))
