"""Models of others, fed as their makers feed them, so that one command measures all on the same pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .config import MODELS_DIR
from .crops import Box, Picture, crop_clamp_shift, crop_pair, crop_square_reflect
from .quantize import feeds_of, session_of

Margins = Callable[[Picture, Box], float]


def ours(file: Path) -> Margins:
    """A model of this recipe."""
    session = session_of(file, 0)

    def margin(picture: Picture, box: Box) -> float:
        face, context = crop_pair(picture, box)
        logits = session.run(None, feeds_of(face[None], context[None]))[0][0]
        return float(logits[1] - logits[0])

    return margin


def article(file: Path) -> Margins:
    """MiniFASNetV2-SE of the article: RGB 0..1, 1.5 x square, 0 = live."""
    session = session_of(file, 0)
    name = session.get_inputs()[0].name

    def margin(picture: Picture, box: Box) -> float:
        crop = crop_square_reflect(picture, box).transpose(2, 0, 1)[None].astype(np.float32) / 255
        logits = session.run(None, {name: crop})[0][0]
        return float(logits[1] - logits[0])

    return margin


def _silent_face_one(session: onnxruntime.InferenceSession, scale: float, picture: Picture, box: Box) -> NDArray[np.float64]:
    crop = crop_clamp_shift(picture, box, scale)[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32)
    logits = session.run(None, {session.get_inputs()[0].name: crop})[0][0].astype(np.float64)
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def silent_face(files: list[tuple[Path, float]]) -> Margins:
    """minivision Silent-Face: BGR 0..255, mean probability of its models, class 1 = live."""
    sessions = [(session_of(f, 0), scale) for f, scale in files]

    def margin(picture: Picture, box: Box) -> float:
        live = float(np.mean([_silent_face_one(s, scale, picture, box)[1] for s, scale in sessions]))
        live = min(max(live, 1e-9), 1 - 1e-9)
        return float(np.log(1 - live) - np.log(live))

    return margin


def others(folder: Path) -> dict[str, Margins]:
    """Whoever lies in the teachers' folder."""
    out: dict[str, Margins] = {}
    for title, name in (('article INT8', 'minifasnet-v2-se-128-int8.onnx'), ('article FP32', 'minifasnet-v2-se-128-fp32.onnx')):
        if (folder / name).exists():
            out[title] = article(folder / name)
    v2, v1 = folder / 'minifasnet-v2-80-scale2.7.onnx', folder / 'minifasnet-v1se-80-scale4.0.onnx'
    if v2.exists():
        out['Silent-Face V2'] = silent_face([(v2, 2.7)])
    if v2.exists() and v1.exists():
        out['Silent-Face V2+V1SE'] = silent_face([(v2, 2.7), (v1, 4.0)])
    return out
