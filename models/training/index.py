"""What pictures there are: one row a picture, read from the project's CSV, from CelebA-Spoof or from folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .config import LIVE, SPOOF, UNKNOWN
from .crops import Box

PICTURE_ENDINGS = {'.jpg', '.jpeg', '.png', '.webp', '.bmp'}


@dataclass(frozen=True)
class Row:
    """One picture of one face."""

    path: Path
    name: str
    set: str
    label: int
    attack: str
    group: str
    """Person or video: all pictures of a group stay on one side of every split."""
    box: Box | None
    """None where no detector has looked yet."""
    whole: bool = True
    """Whether the image is the frame as the camera took it. What was cut around the face shows no room."""


def group_of(set_name: str, file_name: str) -> str:
    """Person or video from a file name, by the naming of each known set; a set without a rule has one group a picture."""
    stem = Path(file_name).stem
    if set_name.startswith('nuaa'):
        return f'nuaa/{stem[:4]}'
    if set_name == 'phone-replay':
        return f'phone-replay/{stem.split("_")[0]}'
    if set_name == 'phone-photos':
        return f'phone-photos/{stem[:6]}'
    return f'{set_name}/{stem}'


def read_index(file: Path) -> list[Row]:
    """Rows of `path,set,label,attack,width,height,face_x,face_y,face_w,face_h[,face_score][,group][,kind]`; `kind` is `full` or `crop`."""
    rows: list[Row] = []
    with file.open(newline='') as stream:
        for line in csv.DictReader(stream):
            label = {'live': LIVE, 'spoof': SPOOF}.get(line['label'], UNKNOWN)
            box: Box | None = None
            if line.get('face_w') and float(line['face_w']) > 0:
                box = tuple(float(line[k]) for k in ('face_x', 'face_y', 'face_w', 'face_h'))  # type: ignore[assignment]
            # Unique within the set, so that a live and a spoof picture of one file name stay apart.
            unique = line['path'].replace('/', '-') if line['set'] not in ('nuaa', 'nuaa-dev', 'phone-replay', 'phone-photos') else Path(line['path']).name
            group = line.get('group') or group_of(line['set'], unique)
            rows.append(Row(file.parent / line['path'], line['path'], line['set'], label, line.get('attack') or '', group, box, line.get('kind') != 'crop'))
    return rows


def read_folders(root: Path, set_name: str | None = None) -> list[Row]:
    """`root/live/**` and `root/spoof[/<species>]/**`; a sub-folder of `live` or of a species is one person or artefact."""
    rows: list[Row] = []
    for label_name, label in (('live', LIVE), ('spoof', SPOOF)):
        for path in sorted((root / label_name).rglob('*')):
            if path.suffix.lower() not in PICTURE_ENDINGS:
                continue
            inside = path.relative_to(root / label_name).parts
            attack = inside[0] if label == SPOOF and len(inside) > 1 else ''
            person = '/'.join(inside[:-1]) or path.stem
            name = set_name or root.name
            rows.append(Row(path, str(path.relative_to(root)), name, label, attack, f'{name}/{person}', None))
    return rows


# CelebA-Spoof's attack types (its README, field 40 of the label list), as the species names the report uses.
CELEBA_SPECIES = ['', 'print', 'print', 'print', 'mask', 'cut', 'mask', 'replay', 'replay', 'replay', 'mask']


def read_celeba_spoof(root: Path, part: str = 'train') -> list[Row]:
    """CelebA-Spoof as published: `metas/intra_test/<part>_label.json` and `<picture>_BB.txt` boxes beside the pictures.

    The box file holds x, y, width, height in a picture scaled to 224 x 224, hence the rescaling in `prepare`'s reader.
    """
    import cv2

    labels = json.loads((root / 'metas' / 'intra_test' / f'{part}_label.json').read_text())
    rows: list[Row] = []
    for name, fields in labels.items():
        path = root / name
        boxes = path.with_name(f'{path.stem}_BB.txt')
        box: Box | None = None
        if boxes.exists():
            picture = cv2.imread(str(path))
            if picture is None:
                continue
            sx, sy = picture.shape[1] / 224, picture.shape[0] / 224
            x, y, w, h = (float(v) for v in boxes.read_text().split()[:4])
            box = (x * sx, y * sy, w * sx, h * sy)
        species = CELEBA_SPECIES[int(fields[40])] if len(fields) > 40 else ''
        label = SPOOF if int(fields[43]) else LIVE
        person = path.parent.parent.name
        rows.append(Row(path, name, 'celeba-spoof', label, species if label else '', f'celeba-spoof/{person}', box))
    return rows


def read_any(source: Path) -> list[Row]:
    """Whichever of the three layouts `source` is."""
    if source.is_file():
        return read_index(source)
    if (source / 'index.csv').exists():
        return read_index(source / 'index.csv')
    if (source / 'metas' / 'intra_test').is_dir():
        return read_celeba_spoof(source)
    if (source / 'live').is_dir() or (source / 'spoof').is_dir():
        return read_folders(source)
    raise ValueError(f'Expected an index CSV, a CelebA-Spoof folder or live/ and spoof/ folders but received {source}')


def by_set(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Rows of each set, sets in order of name."""
    for name in sorted({r.set for r in rows}):
        yield name, [r for r in rows if r.set == name]
