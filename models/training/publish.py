"""From finished runs to what is shipped: FP32, INT8, calibration, thresholds, card and the README's tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import calibrate, metrics
from . import card as card_file
from . import quantize as q
from . import report as reports
from .config import LIVE, SPOOF, Paths
from .export import export_fp32
from .full import FullNetwork
from .worlds import measure, points
from .worlds.measure import Material

Say = Callable[[str], None]


def export(model: FullNetwork, folder: Path) -> Path:
    """`model.fp32.onnx`."""
    export_fp32(model, folder / 'model.fp32.onnx')
    return folder / 'model.fp32.onnx'


def quantize(given: Material, paths: Paths, folder: Path, variants: tuple[str, ...] = (q.SHIPPED,), say: Say = print) -> list[q.Measured]:
    """`model.onnx` (INT8) and a table of the variants asked for. The biases are corrected on images, without labels."""
    source, work = folder / 'model.fp32.onnx', paths.work / 'quantized'
    work.mkdir(parents=True, exist_ok=True)
    rows, everything = q.calibration_rows(given.evaluation, 64), np.arange(len(given.rows))
    reference = q.margins_of(source, given.evaluation, everything)
    table: list[q.Measured] = []
    for variant in ('fp32', *variants):
        file = source if variant == 'fp32' else work / f'{variant.replace(" ", "-").replace(",", "")}.onnx'
        if variant != 'fp32':
            q.quantize(source, file, variant, given.evaluation, rows)
        margins = reference if variant == 'fp32' else q.margins_of(file, given.evaluation, everything)
        aucs = {name: metrics.auc(given.labels[given.sets == name], margins[given.sets == name]) for name in ('celeba-spoof', 'nuaa-dev', 'phone-replay') if (given.sets == name).any()}
        drift = float(np.abs(1 / (1 + np.exp(margins)) - 1 / (1 + np.exp(reference))).mean())
        table.append(q.Measured(variant, file.stat().st_size, q.milliseconds(file), aucs, drift))
        say(f'{table[-1]}')
        if variant == q.SHIPPED:
            (folder / 'model.onnx').write_bytes(file.read_bytes())
    lines = [{'variant': m.variant, 'bytes': m.bytes, 'ms': round(m.milliseconds, 3), **{f'AUC {k}': round(v, 4) for k, v in m.auc.items()}, 'mean drift of P': round(m.drift, 4)} for m in table]
    (paths.work / 'quantized.json').write_text(json.dumps(lines, indent=1))
    return table


def counts(given: Material, judged_by: dict[str, dict[str, points.Point]], margins: NDArray[np.floating], name: str) -> list[dict[str, object]]:
    """Errors of n at a point, a line a species and one for live; each world by the cuts fitted on the others."""
    found: dict[str, list[tuple[bool, bool]]] = {}
    for row, margin in zip(given.rows, margins, strict=True):
        if row.set not in judged_by or not np.isfinite(margin) or row.label not in (LIVE, SPOOF):
            continue
        point = judged_by[row.set][name]
        wrong = margin >= point.spoof if row.label == LIVE else margin < point.live
        found.setdefault('live' if row.label == LIVE else row.attack or 'unknown', []).append((bool(wrong), bool(point.live <= margin < point.spoof)))
    return [{'species': species, 'errors': sum(w for w, _ in answers), 'uncertain': sum(u for _, u in answers), 'n': len(answers)} for species, answers in sorted(found.items())]


def calibration_and_card(given: Material, margins: NDArray[np.floating], folder: Path, say: Say = print) -> calibrate.Calibration:
    """Platt's fit and the operating points on images of worlds that the judging run had not seen; writes `card.json`."""
    judged = measure.judged_worlds(given, margins)
    fitted = calibrate.fit(judged.labels, judged.margins, judged.worlds)
    ece = calibrate.calibration_error(judged.labels, fitted.live(judged.margins))
    found = points.fit(judged)
    _, by_world = points.cross_fitted(judged)
    say(f'calibration {fitted}, ece {ece:.3f}, points {found}, fitted on {len(judged.labels)} images')
    for name, point in found.items():
        say(f'{name}: {points.rates(judged, point)}')
    data = f'{len(np.unique(judged.worlds))} camera worlds, boxes of the default detector, each judged by a run and by thresholds that had not seen it'
    measured = {name: [card_file.measured(counts(given, by_world, margins, name), data, optimistic=False)] for name in found}
    thresholds = {name: card_file.Thresholds(*(float(fitted.live(np.array([cut]))[0]) for cut in (point.live, point.spoof))) for name, point in found.items()}
    fitted_on = f'python -m training calibrate: {len(judged.labels)} images of worlds that the judging run had not seen'
    content = card_file.card(folder, [('model.onnx', 'int8'), ('model.fp32.onnx', 'fp32')], fitted, fitted_on, ece, thresholds, measured)
    card_file.write(folder, content)
    return fitted


def readme(given: Material, margins: NDArray[np.floating], paths: Paths, folder: Path) -> None:
    """Fills the tables that there are into the model's README."""
    tables = measure.report(given, margins, paths.work / 'worlds' / 'report.json')
    texts = {key: reports.table_of(lines) for key, lines in tables.items()}
    if (paths.work / 'quantized.json').exists():
        texts['quantisation'] = reports.table_of(json.loads((paths.work / 'quantized.json').read_text()))
    (paths.work / 'worlds' / 'report.html').write_text(reports.page(texts))
    if (folder / 'README.md').exists():
        reports.refresh(folder / 'README.md', texts)


