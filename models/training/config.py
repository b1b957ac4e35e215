"""Where things lie and the numbers every step shares. Everything that can be overridden comes from the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

# The card repeats these; @unspoof/core cuts crops from the card, so training and inference see the same pixels.
FACE_SCALE: float = 1.5
FACE_SIZE: int = 128
CONTEXT_SCALE: float = 2.7
CONTEXT_SIZE: int = 80
# As much of the frame as a box of the face's shape can hold. 97 = 6 * 16 + 1: strides of two then need no uneven borders.
WIDE_SCALE: float = 10.0
WIDE_SIZE: int = 97

LIVE: int = 0
SPOOF: int = 1
UNKNOWN: int = -1

MODELS_DIR = Path(__file__).resolve().parent.parent
REPO_DIR = MODELS_DIR.parent


def default_shared() -> Path:
    """The folder with data and teachers; it lies beside the repository and is never committed."""
    return Path(os.environ.get('UNSPOOF_SHARED', REPO_DIR.parent / 'shared'))


def default_work() -> Path:
    """The folder for caches, checkpoints and logs."""
    return Path(os.environ.get('UNSPOOF_WORK', '/tmp/unspoof-training'))


@dataclass(frozen=True)
class Paths:
    """The folders of one run."""

    shared: Path = field(default_factory=default_shared)
    work: Path = field(default_factory=default_work)

    @property
    def data(self) -> Path:
        return self.shared / 'data'

    @property
    def teachers(self) -> Path:
        return self.shared / 'models'

    @property
    def cache(self) -> Path:
        return self.work / 'cache'

    @property
    def runs(self) -> Path:
        return self.work / 'runs'
