"""YuNet through onnxruntime, for pictures that come without a box. Decoding after OpenCV Zoo (MIT)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from .crops import Box, Picture

SIZE = 640
STRIDES = (8, 16, 32)


class FaceDetector:
    """Finds the largest face; boxes in pixels of the given picture."""

    def __init__(self, model: Path, score: float = 0.6, overlap: float = 0.3) -> None:
        self.session = onnxruntime.InferenceSession(str(model), providers=['CPUExecutionProvider'])
        self.score = score
        self.overlap = overlap

    def boxes(self, picture: Picture) -> list[tuple[Box, float]]:
        """All faces with their scores (0..1), best first."""
        height, width = picture.shape[:2]
        factor = min(1.0, SIZE / max(height, width))
        small = cv2.resize(picture, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA) if factor < 1 else picture
        canvas = np.zeros((SIZE, SIZE, 3), np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        blob = canvas.transpose(2, 0, 1)[None]
        names = [o.name for o in self.session.get_outputs()]
        values = dict(zip(names, self.session.run(None, {self.session.get_inputs()[0].name: blob}), strict=True))
        found: list[tuple[Box, float]] = []
        for stride in STRIDES:
            cells = SIZE // stride
            column, row = np.meshgrid(np.arange(cells), np.arange(cells))
            score = np.sqrt(np.clip(values[f'cls_{stride}'].ravel(), 0, 1) * np.clip(values[f'obj_{stride}'].ravel(), 0, 1))
            delta = values[f'bbox_{stride}'].reshape(-1, 4)
            w, h = np.exp(delta[:, 2]) * stride, np.exp(delta[:, 3]) * stride
            x = (column.ravel() + delta[:, 0]) * stride - w / 2
            y = (row.ravel() + delta[:, 1]) * stride - h / 2
            for i in np.flatnonzero(score >= self.score):
                found.append(((float(x[i] / factor), float(y[i] / factor), float(w[i] / factor), float(h[i] / factor)), float(score[i])))
        if not found:
            return []
        keep = cv2.dnn.NMSBoxes([list(b) for b, _ in found], [s for _, s in found], self.score, self.overlap)
        return sorted((found[int(i)] for i in np.ravel(keep)), key=lambda f: -f[1])

    def largest(self, picture: Picture) -> Box | None:
        """The box of the largest face, or None."""
        found = self.boxes(picture)
        return max((b for b, _ in found), key=lambda b: b[2] * b[3]) if found else None
