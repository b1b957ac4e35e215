"""From a trained run to what is shipped: FP32, INT8, calibration, thresholds, card and report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from . import cache as crop_cache
from . import calibrate, metrics, splits
from . import card as card_file
from . import quantize as q
from . import report as reports
from .config import Paths
from .export import export_fp32
from .index import Row
from .network import Network
from .train import predict


def export(weights: Path, folder: Path) -> Path:
    """`model.fp32.onnx` from a file of weights."""
    model = Network()
    model.load_state_dict(torch.load(weights, weights_only=True))
    export_fp32(model, folder / 'model.fp32.onnx')
    return folder / 'model.fp32.onnx'


def quantize(paths: Paths, folder: Path, variants: tuple[str, ...] = q.VARIANTS, say: Callable[[str], None] = print) -> list[q.Measured]:
    """`model.onnx` (INT8) and the table of all variants."""
    training, evaluation = crop_cache.load(paths.cache / 'train'), crop_cache.load(paths.cache / 'evaluation')
    rows = q.calibration_rows(training)
    meta = evaluation.meta
    held = np.flatnonzero((meta['split'] != 'train') | (meta['set'] == 'phone-replay'))
    source = folder / 'model.fp32.onnx'
    reference = q.margins_of(source, evaluation, held)
    work = paths.work / 'quantized'
    work.mkdir(parents=True, exist_ok=True)
    table: list[q.Measured] = []
    for variant in ('fp32', *variants):
        file = source if variant == 'fp32' else work / f'{variant.replace(" ", "-").replace(",", "")}.onnx'
        if variant != 'fp32':
            q.quantize(source, file, variant, training, rows)
        margins = reference if variant == 'fp32' else q.margins_of(file, evaluation, held)
        aucs = {str(s): metrics.auc(meta['label'][held][meta['set'][held] == s], margins[meta['set'][held] == s]) for s in ('celeba-spoof', 'nuaa-dev', 'phone-replay') if (meta['set'][held] == s).any()}
        drift = float(np.abs(1 / (1 + np.exp(margins)) - 1 / (1 + np.exp(reference))).mean())
        measured = q.Measured(variant, file.stat().st_size, q.milliseconds(file), aucs, drift)
        table.append(measured)
        say(f'{measured}')
        if variant == q.SHIPPED:
            (folder / 'model.onnx').write_bytes(file.read_bytes())
    lines = [{'variant': m.variant, 'bytes': m.bytes, 'ms': round(m.milliseconds, 3), **{f'AUC {k}': round(v, 4) for k, v in m.auc.items()}, 'mean drift of P': round(m.drift, 4)} for m in table]
    (paths.work / 'quantized.json').write_text(json.dumps(lines, indent=1))
    return table


def species_counts(rows: list[Row], margins: np.ndarray, cut: float) -> list[dict[str, object]]:
    """Errors of n, a line a species and one for bona fide."""
    lines: list[dict[str, object]] = []
    labels = np.array([r.label for r in rows])
    live = margins[labels == 0]
    lines.append({'species': 'live', 'errors': int((live >= cut).sum()), 'n': len(live)})
    names = np.array([r.attack or 'unknown' for r in rows])
    for name in np.unique(names[labels == 1]):
        chosen = margins[(labels == 1) & (names == name)]
        lines.append({'species': str(name), 'errors': int((chosen < cut).sum()), 'n': len(chosen)})
    return lines


def calibration_and_card(rows: list[Row], paths: Paths, folder: Path, command: str, out_of_fold: np.ndarray | None = None, say: Callable[[str], None] = print) -> tuple[calibrate.Calibration, dict[str, float]]:
    """Fits on the dev split (and, where given, `phone-replay` margins of models that had not seen the video), writes `card.json`."""
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    meta = evaluation.meta
    everything = np.arange(len(evaluation))
    margins = q.margins_of(folder / 'model.onnx', evaluation, everything)
    use = meta['split'] == splits.DEV
    if out_of_fold is not None:
        phone = meta['set'] == 'phone-replay'
        margins[phone] = out_of_fold
        use |= phone
    labels, sets = meta['label'].astype(np.int64), meta['set'].astype(str)
    fitted = calibrate.fit(labels[use], margins[use], sets[use])
    points = calibrate.operating_points(labels[use], margins[use], meta['set'][use], meta['split'][use] != splits.DEV, fitted)
    test = (meta['split'] == splits.TEST) & np.isin(sets, ('celeba-spoof', 'nuaa-dev', 'faces', 'phone-photos'))
    ece = calibrate.calibration_error(labels[test], fitted.live(margins[test]))
    say(f'calibration {fitted}, ece {ece:.3f}, points {points}, fitted on {int(use.sum())}')
    measurements: dict[str, list[dict[str, object]]] = {}
    for name, threshold in points.items():
        cut = fitted.spoof_margin(threshold)
        found = []
        for title in ('celeba-spoof', 'nuaa-dev'):
            index = np.flatnonzero(test & (sets == title))
            if len(index):
                counts = species_counts([rows[i] for i in index], margins[index], cut)
                found.append(card_file.measured(counts, f'{title}, test part', optimistic=False))
        if out_of_fold is not None:
            index = np.flatnonzero(meta['set'] == 'phone-replay')
            counts = species_counts([rows[i] for i in index], margins[index], cut)
            found.append(card_file.measured(counts, 'phone-replay, frames of videos the judging model had not seen (folds)', optimistic=True))
        measurements[name] = found
    n = int(use.sum())
    content = card_file.card(folder, [('model.onnx', 'int8'), ('model.fp32.onnx', 'fp32')], fitted, f'{command}: {n} development pictures', ece, points, measurements)
    card_file.write(folder, content)
    return fitted, points


def report(rows: list[Row], paths: Paths, folder: Path, folds: dict[str, dict[int, Path]], calibration: calibrate.Calibration, threshold: float, say: Callable[[str], None] = print) -> None:
    """`report.json`, `.md` and `.html` in the work folder, and the tables of the model's README."""
    content = reports.measure(rows, paths, {'ours INT8': folder / 'model.onnx', 'ours FP32': folder / 'model.fp32.onnx'}, folds, calibration, threshold, say)
    base = paths.runs / 'base' / 'weights.pt'
    if base.exists():
        content['unseen'] = unseen(paths, base)
    reports.write(content, paths.work / 'report')
    readme(paths, folder, content)


def unseen(paths: Paths, weights: Path) -> list[dict[str, object]]:
    """`phone-replay` by the run that saw nothing of that set: what carries over to another kind of attack."""
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    rows = np.flatnonzero(evaluation.meta['set'] == 'phone-replay')
    model = Network()
    model.load_state_dict(torch.load(weights, weights_only=True))
    margins, labels = predict(model, evaluation, rows), evaluation.meta['label'][rows].astype(np.int64)
    apcer, bpcer = metrics.errors_at(labels, margins)
    return [{'run': 'base (no phone-replay in training)', 'AUC': f'{metrics.auc(labels, margins):.3f}', 'EER': reports.percent(metrics.eer(labels, margins)), 'APCER at 0': str(apcer), 'BPCER at 0': str(bpcer)}]


def readme(paths: Paths, folder: Path, content: dict[str, object]) -> None:
    """Fills the tables that there are into the model's README."""
    file = folder / 'README.md'
    if not file.exists():
        return
    tables = {'report': reports.markdown(content)}
    if 'unseen' in content:
        tables['unseen'] = reports.table_of(content['unseen'])  # type: ignore[arg-type]
    for key, name in (('ablation', 'ablation.json'), ('quantisation', 'quantized.json')):
        if (paths.work / name).exists():
            tables[key] = reports.table_of(json.loads((paths.work / name).read_text()))
    reports.refresh(file, tables)
