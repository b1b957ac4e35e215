"""The card has every field core asks for, and counts that can be checked."""

from __future__ import annotations

import json
from pathlib import Path

from training import card as card_file
from training.calibrate import Calibration
from training.config import MODELS_DIR


def test_a_card_is_complete(tmp_path: Path) -> None:
    (tmp_path / 'model.onnx').write_bytes(b'abc')
    lines: list[dict[str, object]] = [{'species': 'live', 'errors': 1, 'n': 40, 'uncertain': 2}, {'species': 'print', 'errors': 0, 'n': 50, 'uncertain': 5}]
    measured = card_file.measured(lines, 'toy', optimistic=False)
    content = card_file.card(tmp_path, [('model.onnx', 'int8')], Calibration(1.2, 0.1), 'test', 0.02, {name: card_file.Thresholds(live, live / 2) for name, live in (('strict', 0.9), ('balanced', 0.5), ('lenient', 0.2))}, {'strict': [measured]})
    card_file.write(tmp_path, content)
    card = json.loads((tmp_path / 'card.json').read_text())
    assert card['files'][0]['sha256'] == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert card['operatingPoints']['strict']['measured'][0]['apcer']['print']['interval'][1] > 0.05
    assert card['operatingPoints']['strict']['spoofBelow'] == 0.45
    assert card['operatingPoints']['strict']['measured'][0]['uncertain']['spoof']['errors'] == 5
    assert [i['name'] for i in card['inputs']] == ['face', 'context', 'wide']


def test_shipped_cards_name_the_shipped_bytes() -> None:
    folder = MODELS_DIR / card_file.MODEL_ID
    if not (folder / 'card.json').exists():
        return
    card = json.loads((folder / 'card.json').read_text())
    for file in card['files']:
        assert card_file.digest(folder / file['name']) == file['sha256']
        assert (folder / file['name']).stat().st_size == file['bytes']
    points = card['operatingPoints']
    assert points['lenient']['threshold'] < points['balanced']['threshold'] < points['strict']['threshold']
