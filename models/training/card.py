"""The model card: how to feed the weights, how to read them, how good they are. The schema is models/card.schema.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from .calibrate import Calibration
from .config import CONTEXT_SCALE, CONTEXT_SIZE, FACE_SCALE, FACE_SIZE, WIDE_SCALE, WIDE_SIZE

MODEL_ID = 'unspoof-pad-1'

PROVENANCE = (
    'Trained by models/training of this repository. The face and context branches start from pruned weights of, and are distilled from, '
    'face-antispoof-onnx (MiniFASNetV2-SE, johnraivenolazo, Apache-2.0) and Silent-Face-Anti-Spoofing (MiniFASNetV2 and MiniFASNetV1SE, minivision, Apache-2.0); '
    'the wide branch starts from the first half of EfficientNet-lite0 (Google, Apache-2.0; trained on ImageNet). '
    'Images: ordinary face photos, a slice of CelebA-Spoof, the NUAA imposter database, selfies and phone replays, camera images of 21 small public projects '
    '(people before their webcams and phones, and phone, tablet and monitor screens; the licence of most of them is not stated), images of things and animals, '
    'drawn faces, and attacks made from the live images. Most of these images are for non-commercial research only, or come without a licence; so, as far as that reaches, '
    'may be what is learned from them. No image is in the package. The README says what that means and how to train weights on data of your own.'
)

LIMITS = (
    'Not tested by a laboratory. Single images from a camera; not for images that were edited, generated or injected.',
    'Silicone and resin masks, make-up, partial attacks and deepfakes were not tested.',
    'Between cameras the line moves: error rates differ much from world to world, and the README lists the worst first. Measure on your own cameras.',
    'Screens that fill the frame without a visible edge, and prints, remain the weakest known species.',
    'Never the only factor that lets somebody in.',
    'Skin tone, age and gender were not labelled in the data; there is no subgroup table.',
)


@dataclass(frozen=True)
class Thresholds:
    """Live probabilities of one operating point: live from `live` on, spoof below `spoof`; between them it is not known."""

    live: float
    spoof: float


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _input(name: str, size: int, crop: dict[str, object]) -> dict[str, object]:
    return {'name': name, 'width': size, 'height': size, 'layout': 'nchw', 'colour': 'rgb', 'scale': 1 / 255, 'mean': [0, 0, 0], 'std': [1, 1, 1], 'crop': crop}


def measured(lines: list[dict[str, object]], data: str, *, optimistic: bool) -> dict[str, object]:
    """One `CardMeasurement` from counts: `lines` hold species, errors, n and maybe how many are uncertain, and one line `live`."""
    from .metrics import clopper_pearson

    def counts(line: dict[str, object]) -> dict[str, object]:
        errors, n = int(line['errors']), int(line['n'])  # type: ignore[call-overload]
        return {'errors': errors, 'n': n, 'interval': [round(v, 5) for v in clopper_pearson(errors, n)]}

    apcer = {str(line['species']): counts(line) for line in lines if line['species'] != 'live'}
    bpcer = next(counts(line) for line in lines if line['species'] == 'live')
    out: dict[str, object] = {'data': data, 'apcer': apcer, 'bpcer': bpcer, 'optimistic': optimistic}
    if all('uncertain' in line for line in lines):
        unknown = {True: [0, 0], False: [0, 0]}
        for line in lines:
            unknown[line['species'] == 'live'][0] += int(line['uncertain'])  # type: ignore[call-overload]
            unknown[line['species'] == 'live'][1] += int(line['n'])  # type: ignore[call-overload]
        live, spoof = ({'errors': e, 'n': n} for e, n in (unknown[True], unknown[False]))
        out['uncertain'] = {'live': counts(live), 'spoof': counts(spoof)}
    return out


def card(
    folder: Path,
    files: list[tuple[str, str]],
    calibration: Calibration,
    fitted_on: str,
    ece: float,
    points: dict[str, Thresholds],
    measurements: dict[str, list[dict[str, object]]],
    version: str = '1.1.0',
) -> dict[str, object]:
    """`files` are (name, variant), the default first; `measurements` are by operating point."""
    return {
        '$schema': '../card.schema.json',
        'schema': 1,
        'id': MODEL_ID,
        'version': version,
        'task': 'pad',
        'title': 'unspoof PAD 1 (face 128, context 80, wide 97)',
        'files': [{'name': n, 'variant': v, 'bytes': (folder / n).stat().st_size, 'sha256': digest(folder / n)} for n, v in files],
        'licence': 'Apache-2.0',
        'provenance': PROVENANCE,
        'limits': list(LIMITS),
        'inputs': [
            _input('face', FACE_SIZE, {'scale': FACE_SCALE, 'square': True, 'border': 'reflect101', 'down': 'area', 'up': 'lanczos4'}),
            _input('context', CONTEXT_SIZE, {'scale': CONTEXT_SCALE, 'square': False, 'border': 'clamp', 'down': 'linear', 'up': 'linear'}),
            _input('wide', WIDE_SIZE, {'scale': WIDE_SCALE, 'square': False, 'border': 'clamp', 'down': 'area', 'up': 'linear'}),
        ],
        'output': {'name': 'logits', 'kind': 'logits', 'classes': ['live', 'spoof']},
        'calibration': {'slope': round(calibration.slope, 5), 'offset': round(calibration.offset, 5), 'fittedOn': fitted_on, 'ece': round(ece, 4)},
        'operatingPoints': {name: {'threshold': round(points[name].live, 4), 'spoofBelow': round(points[name].spoof, 4), 'measured': measurements.get(name, [])} for name in ('strict', 'balanced', 'lenient')},
        'validFace': {'minSide': 64},
    }


def write(folder: Path, content: dict[str, object]) -> None:
    (folder / 'card.json').write_text(json.dumps(content, indent=2, ensure_ascii=False) + '\n')
