"""`python -m training worlds`: five runs, each without a fifth of the worlds, and what they say of those; others beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..cache import Cache
from ..config import MODELS_DIR, SPOOF, Paths
from ..export import read_pair
from ..full import FullNetwork
from ..index import Row
from ..network import Network
from ..train import to_input
from . import points, protocol
from .cache import Scenes, evaluation_cache, scenes
from .learn import PAIR_RUN, WIDE_RUN, learn_pair, learn_wide, shortened
from .scenes import PAIR_PLAN, WIDE_PLAN, Plan, things_in
from .targets import branch_targets, mean_of_teachers, on_scenes, targets

Say = Callable[[str], None]


@dataclass
class Material:
    """Everything the runs need; each part is made once, when it is asked for."""

    rows: list[Row]
    paths: Paths
    processes: int = 1
    say: Say = print

    @cached_property
    def evaluation(self) -> Cache:
        return evaluation_cache(self.rows, self._file('evaluation.npz'))

    @cached_property
    def said(self) -> NDArray[np.float32]:
        """n x 3 x 6: what the teachers say."""
        return targets(self.rows, self.paths.teachers, self._file('teachers.npy'), self.say)

    @cached_property
    def wide(self) -> Scenes:
        return self._scenes(WIDE_PLAN, 'wide.npz', wide=True)

    @cached_property
    def pair(self) -> Scenes:
        return self._scenes(PAIR_PLAN, 'pair.npz', wide=False)

    @cached_property
    def answers(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """What the teachers say of the pair's scenes."""
        same = on_scenes(self.pair, self.paths.teachers, self._file('pair-teachers.npy'), self.say)
        return branch_targets(self.said, self.pair, same)

    @cached_property
    def folds(self) -> dict[str, int]:
        return protocol.folds_of(self.sets)

    def _file(self, name: str) -> Path:
        return self.paths.work / 'worlds' / name

    def _scenes(self, plan: Plan, name: str, *, wide: bool) -> Scenes:
        things = things_in(self.paths.data / 'not-faces')[::2]
        return scenes(self.rows, things, plan, self._file(name), wide=wide, processes=self.processes, say=self.say)

    @property
    def sets(self) -> NDArray[np.str_]:
        return np.array([r.set for r in self.rows])

    @property
    def labels(self) -> NDArray[np.integer]:
        return np.array([r.label for r in self.rows])

    def left_out(self, fold: int | None) -> NDArray[np.bool_]:
        """The images of a fold's sets; none where `fold` is None."""
        return np.array([self.folds[r.set] == fold for r in self.rows])


def start_pair(paths: Paths) -> Network:
    """The pair as the `final` run left it or, where there is no such run, as it is in the shipped graph."""
    file = paths.runs / 'final' / 'weights.pt'
    if file.exists():
        model = Network()
        model.load_state_dict(torch.load(file, weights_only=True))
        return model
    return read_pair(MODELS_DIR / 'unspoof-pad-1' / 'model.fp32.onnx')


def learn(given: Material, fold: int | None, paths: Paths, steps: int | None = None, say: Say = print) -> FullNetwork:
    """One run without a fold, or with every world. A finished run is loaded."""
    file = paths.runs / ('worlds' if fold is None else f'worlds-fold-{fold}') / 'weights.pt'
    model = FullNetwork()
    if not file.exists():
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        out = given.left_out(fold)
        say(f'wide branch, {"every world" if fold is None else f"without fold {fold}"}')
        model.wide = learn_wide(given.wide, given.wide.without(out), shortened(WIDE_RUN, steps), say)
        say('face and context branches')
        model.pair = learn_pair(start_pair(paths), given.pair, given.pair.without(out), given.answers, shortened(PAIR_RUN, steps), say)
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), file)
    model.load_state_dict(torch.load(file, weights_only=True))
    return model.eval()


@torch.no_grad()
def margins_of(model: FullNetwork, evaluation: Cache, rows: NDArray[np.integer]) -> NDArray[np.float32]:
    """Spoof margins of the given images."""
    assert evaluation.wide is not None
    out = []
    for part in np.array_split(rows, max(1, len(rows) // 64)):
        logits = model(*(to_input(x[part, 0]) for x in (evaluation.face, evaluation.context, evaluation.wide)))
        out.append((logits[:, 1] - logits[:, 0]).numpy())
    return np.concatenate(out) if out else np.zeros(0, np.float32)


def out_of_fold(given: Material, paths: Paths, steps: int | None = None, say: Say = print) -> NDArray[np.float32]:
    """Of every image, by the run that has not seen its world; NaN for sets that every run has seen."""
    file = paths.work / 'worlds' / 'out-of-fold.npy'
    if file.exists():
        return np.load(file)
    margins = np.full(len(given.rows), np.nan, np.float32)
    for fold in range(protocol.FOLDS):
        rows = np.flatnonzero(given.left_out(fold))
        if len(rows):
            margins[rows] = margins_of(learn(given, fold, paths, steps, say), given.evaluation, rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, margins)
    return margins


def opponents(said: NDArray[np.float32]) -> dict[str, NDArray[np.floating]]:
    """The teachers as their makers use them, one crop each, and the mean of all their bounded answers."""
    single = said[:, :, 1]
    live = 1 / (1 + np.exp(np.clip(single[:, 1:], -30, 30)))
    mean = np.clip(live.mean(1), 1e-9, 1 - 1e-9)
    return {
        'article': single[:, 0],
        'Silent-Face V2': single[:, 1],
        'Silent-Face V2+V1SE': np.log(1 - mean) - np.log(mean),
        'mean of the three, bounded': mean_of_teachers(said),
    }


def percent(value: float) -> str:
    return '-' if np.isnan(value) else f'{100 * abs(value):.1f}'


def pooled(title: str, judged: protocol.Judged) -> dict[str, object]:
    """One row of the pooled table: EER with its interval, and the rates at points that were fitted on the other worlds."""
    rate, _ = protocol.eer(judged)
    low, high = protocol.interval(judged)
    found, _ = points.cross_fitted(judged)
    row: dict[str, object] = {'model': title, 'EER %': f'{percent(rate)} ({percent(low)}-{percent(high)})'}
    for name, r in found.items():
        row[f'{name}: attacks accepted %'] = percent(r.accepted)
        row[f'{name}: live called spoof %'] = percent(r.called_spoof)
        row[f'{name}: not known, attacks / live %'] = f'{percent(r.uncertain_attacks)} / {percent(r.uncertain_live)}'
    return row


def per_world(judged: protocol.Judged) -> list[dict[str, object]]:
    """A row a world, worst first, under letters instead of names."""
    _, fitted = points.cross_fitted(judged)
    lines: list[tuple[float, dict[str, object]]] = []
    for name in np.unique(judged.worlds):
        own = judged.only(judged.worlds == name)
        point = fitted[str(name)]['balanced']
        attacks, live = own.margins[own.labels == SPOOF], own.margins[own.labels != SPOOF]
        accepted = float((attacks < point.live).mean()) if len(attacks) else float('nan')
        called = float((live >= point.spoof).mean()) if len(live) else float('nan')
        own_eer = protocol.eer(own)[0] if len(attacks) and len(live) else float('nan')
        lines.append((float(np.nanmax([accepted, called])), {'live': len(live), 'attacks': len(attacks), 'EER inside %': percent(own_eer), 'attacks accepted %': percent(accepted), 'live called spoof %': percent(called)}))
    lines.sort(key=lambda line: -line[0])
    return [{'world': chr(ord('A') + i), **row} for i, (_, row) in enumerate(lines)]


def older_sets(given: Material, margins: NDArray[np.floating]) -> list[dict[str, object]]:
    """EER of the sets that are no worlds, by the run without them (its start had seen part of them)."""
    out = []
    for name in ('celeba-spoof', 'nuaa', 'nuaa-dev', 'phone-replay'):
        chosen = (given.sets == name) & np.isfinite(margins)
        if chosen.any():
            out.append({'set': name, 'EER %': percent(protocol.eer(protocol.Judged(given.labels[chosen], margins[chosen], given.sets[chosen]))[0])})
    return out


def judged_worlds(given: Material, margins: NDArray[np.floating]) -> protocol.Judged:
    """The camera worlds alone."""
    chosen = np.array([protocol.is_world(str(s)) for s in given.sets]) & np.isfinite(margins)
    return protocol.Judged(given.labels[chosen], margins[chosen], given.sets[chosen])


def report(given: Material, margins: NDArray[np.floating], file: Path) -> dict[str, list[dict[str, object]]]:
    """All tables, also written to `file`."""
    ours = judged_worlds(given, margins)
    tables = {
        'pooled': [pooled('ours, worlds left out', ours), *(pooled(title, judged_worlds(given, m)) for title, m in opponents(given.said).items())],
        'worlds': per_world(ours),
        'older': older_sets(given, margins),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(tables, indent=1))
    return tables
