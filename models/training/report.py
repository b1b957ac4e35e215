"""How good: every model on the same held pictures, counts with intervals, as JSON, Markdown and one HTML page."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import metrics, splits
from .calibrate import Calibration
from .config import LIVE, SPOOF, Paths
from .contenders import Margins, others, ours
from .crops import Box
from .index import Row
from .render import read_picture


@dataclass(frozen=True)
class Judged:
    """Margins of one model on some rows."""

    title: str
    rows: list[Row]
    margins: NDArray[np.float64]

    def of(self, name: str, part: str | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.str_]]:
        """(labels, margins, groups) of a set, of one split where given."""
        chosen = [i for i, r in enumerate(self.rows) if r.set == name and (part is None or splits.split_of(r) == part)]
        labels = np.array([self.rows[i].label for i in chosen], dtype=np.int64)
        return labels, self.margins[chosen], np.array([self.rows[i].group for i in chosen])


def held_rows(rows: list[Row]) -> list[Row]:
    """Pictures no run of the recipe trains on, and `phone-replay`, which is judged by the folds' own models."""
    return [r for r in rows if splits.split_of(r) != splits.TRAIN or r.set == 'phone-replay']


def judge(title: str, rows: list[Row], margin: Margins) -> Judged:
    return Judged(title, rows, np.array([margin(read_picture(r), r.box) for r in rows if r.box is not None]))


def judge_folds(title: str, rows: list[Row], whole: Margins, folds: dict[int, Margins]) -> Judged:
    """`phone-replay` by the model that has not seen the video, everything else by the whole model."""
    margins = []
    for row in rows:
        assert row.box is not None
        margins.append(folds.get(splits.phone_fold(row), whole)(read_picture(row), row.box))
    return Judged(title, rows, np.array(margins))


def box_stability(rows: list[Row], margin: Margins, change: float = 0.2) -> tuple[float, float]:
    """(median, 90th percentile) of |change of the margin| when the box grows or shrinks by `change` about its centre."""
    found = []
    for row in rows:
        assert row.box is not None
        picture = read_picture(row)
        x, y, w, h = row.box
        base = margin(picture, row.box)
        for factor in (1 - change, 1 + change):
            box: Box = (x + w / 2 * (1 - factor), y + h / 2 * (1 - factor), w * factor, h * factor)
            found.append(abs(margin(picture, box) - base))
    return float(np.median(found)), float(np.quantile(found, 0.9))


def line(judged: Judged, name: str, threshold: float, part: str | None = None) -> dict[str, object]:
    """One row of the table: AUC, EER and errors at a margin threshold."""
    labels, margins, groups = judged.of(name, part)
    apcer, bpcer = metrics.errors_at(labels, margins, threshold)
    both = apcer.n > 0 and bpcer.n > 0
    return {
        'model': judged.title,
        'set': name,
        'part': part or 'held',
        'groups': len(np.unique(groups)),
        'auc': round(metrics.auc(labels, margins), 4) if both else None,
        'eer': round(metrics.eer(labels, margins), 4) if both else None,
        'bpcer@apcer1': round(metrics.bpcer_at(labels, margins, 0.01), 4) if both else None,
        'bpcer@apcer5': round(metrics.bpcer_at(labels, margins, 0.05), 4) if both else None,
        'apcer': {'errors': apcer.errors, 'n': apcer.n, 'interval': [round(v, 4) for v in apcer.interval]},
        'bpcer': {'errors': bpcer.errors, 'n': bpcer.n, 'interval': [round(v, 4) for v in bpcer.interval]},
    }


def per_video(judged: Judged, threshold: float) -> list[dict[str, object]]:
    """`phone-replay`, a video a line: frames are not independent, videos are few."""
    out = []
    labels, margins, groups = judged.of('phone-replay')
    for group in np.unique(groups):
        chosen = groups == group
        label = int(labels[chosen][0])
        wrong = margins[chosen] >= threshold if label == LIVE else margins[chosen] < threshold
        mean = float(margins[chosen].mean())
        verdict = (mean >= threshold) == (label == SPOOF)
        out.append({'video': str(group), 'label': 'live' if label == LIVE else 'spoof', 'frames': int(chosen.sum()), 'wrong frames': int(wrong.sum()), 'mean margin': round(mean, 2), 'video right': bool(verdict)})
    return out


def commit() -> str:
    """The commit the report was made at."""
    answer = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    return answer.stdout.strip() or 'unknown'


def measure(rows: list[Row], paths: Paths, files: dict[str, Path], folds: dict[str, dict[int, Path]], calibration: Calibration, threshold: float, say: Callable[[str], None] = print) -> dict[str, object]:
    """Everything the card and the page need. `files` are ours by title, `folds` their fold models; `threshold` is the balanced live probability."""
    held = held_rows(rows)
    cut = calibration.spoof_margin(threshold)
    judged: list[tuple[Judged, float]] = []
    for title, file in files.items():
        fold_margins = {i: ours(f) for i, f in folds.get(title, {}).items()}
        judged.append((judge_folds(title, held, ours(file), fold_margins) if fold_margins else judge(title, held, ours(file)), cut))
        say(f'{title}: judged {len(held)} pictures')
    for title, margin in others(paths.teachers).items():
        judged.append((judge(title, held, margin), 0.0))
        say(f'{title}: judged {len(held)} pictures')
    sets = [s for s in ('celeba-spoof', 'nuaa-dev', 'phone-replay', 'faces', 'phone-photos') if any(r.set == s for r in held)]
    sets += sorted({r.set for r in held} - set(sets))
    table = [line(j, s, t) for s in sets for j, t in judged]
    test = [line(j, s, t, splits.TEST) for s in sets if s != 'phone-replay' for j, t in judged]
    first = judged[0][0]
    compared = []
    for other, t in judged[1:]:
        for s in sets:
            labels, a, _ = first.of(s)
            _, b, _ = other.of(s)
            if len(np.unique(labels)) < 2:
                continue
            difference, low, high = metrics.auc_difference(labels, a, b)
            only_a, only_b, p = metrics.mcnemar((a >= cut) != (labels == 1), (b >= t) != (labels == 1))
            compared.append({'set': s, 'other': other.title, 'auc difference': round(difference, 4), 'interval': [round(low, 4), round(high, 4)], 'only ours wrong': only_a, 'only other wrong': only_b, 'p': round(p, 4)})
    steady = [r for r in held if r.set in ('celeba-spoof', 'nuaa-dev', 'faces')][::3]
    stability = {}
    for title, margin in ((next(iter(files)), ours(next(iter(files.values())))), *others(paths.teachers).items()):
        median, high = box_stability(steady, margin)
        stability[title] = {'n': len(steady), 'median': round(median, 3), 'p90': round(high, 3)}
    return {
        'commit': commit(),
        'threshold': threshold,
        'table': table,
        'test': test,
        'comparisons': compared,
        'videos': per_video(first, cut),
        'stability': stability,
    }


def percent(value: object) -> str:
    return '-' if value is None else f'{100 * float(value):.1f} %'  # type: ignore[arg-type]


def rate(value: dict[str, object]) -> str:
    n = int(value['n'])  # type: ignore[call-overload]
    return '-' if n == 0 else str(metrics.Rate(int(value['errors']), n))  # type: ignore[call-overload]


def markdown_table(lines: list[dict[str, object]]) -> str:
    out = ['| set | model | AUC | EER | attacks accepted (APCER) | people refused (BPCER) |', '|---|---|---|---|---|---|']
    for row in lines:
        auc = '-' if row['auc'] is None else f'{row["auc"]:.3f}'
        out.append(f'| {row["set"]} | {row["model"]} | {auc} | {percent(row["eer"])} | {rate(row["apcer"])} | {rate(row["bpcer"])} |')  # type: ignore[arg-type]
    return '\n'.join(out)


def table_of(records: list[dict[str, object]]) -> str:
    """Any list of flat records as a Markdown table."""
    if not records:
        return ''
    keys = list(records[0])
    out = ['| ' + ' | '.join(keys) + ' |', '|' + '---|' * len(keys)]
    out += ['| ' + ' | '.join(str(r[k]) for k in keys) + ' |' for r in records]
    return '\n'.join(out)


def markdown(report: dict[str, object]) -> str:
    """The tables of the model's README."""
    stability = [{'model': k, **v} for k, v in report['stability'].items()]  # type: ignore[attr-defined]
    return '\n\n'.join(
        [
            '### Held pictures (dev and test together)',
            markdown_table(report['table']),  # type: ignore[arg-type]
            '### Test part only (neither trained on nor used for calibration or thresholds)',
            markdown_table(report['test']),  # type: ignore[arg-type]
            '### phone-replay, video by video',
            table_of(report['videos']),  # type: ignore[arg-type]
            '### Paired comparisons',
            table_of(report['comparisons']),  # type: ignore[arg-type]
            '### Change of the logit margin when the box changes by 20 %',
            table_of(stability),
        ]
    )


def page(report: dict[str, object]) -> str:
    """The same as one HTML page without scripts or foreign resources."""
    body = []
    for block in markdown(report).split('\n\n'):
        if block.startswith('### '):
            body.append(f'<h2>{html.escape(block[4:])}</h2>')
            continue
        lines = [[html.escape(c.strip()) for c in row.strip('|').split('|')] for row in block.split('\n')]
        head = ''.join(f'<th scope="col">{c}</th>' for c in lines[0])
        rest = ''.join('<tr>' + ''.join(f'<td>{c}</td>' for c in row) + '</tr>' for row in lines[2:])
        body.append(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rest}</tbody></table></div>')
    style = 'body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}table{border-collapse:collapse}th,td{padding:.3rem .7rem;border-bottom:1px solid #ddd;text-align:left}.wide{overflow-x:auto}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}th,td{border-color:#444}}'
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Liveness model report</title><style>{style}</style><h1>Liveness model report</h1><p>Commit {html.escape(str(report["commit"]))}; balanced threshold {report["threshold"]}.</p>{"".join(body)}</html>'


def write(report: dict[str, object], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'report.json').write_text(json.dumps(report, indent=1))
    (folder / 'report.md').write_text(markdown(report) + '\n')
    (folder / 'report.html').write_text(page(report))


def refresh(readme: Path, tables: dict[str, str]) -> None:
    """Puts each table between `<!-- begin key -->` and `<!-- end key -->` of a README, so that no number is typed by hand."""
    text = readme.read_text()
    for key, table in tables.items():
        begin, end = f'<!-- begin {key} -->', f'<!-- end {key} -->'
        if begin not in text or end not in text:
            raise ValueError(f'Expected the marks {begin} and {end} in {readme}')
        head, rest = text.split(begin, 1)
        text = f'{head}{begin}\n\n{table}\n\n{end}{rest.split(end, 1)[1]}'
    readme.write_text(text)
