"""Worlds left out, scenes of devices and drawings, and the runs on them, on synthetic images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from training.cache import Cache
from training.full import WIDE_CEILING, WIDE_SHARE, FullNetwork, together
from training.index import read_any
from training.network import Network, joined
from training.wide import BLOCKS, WideBranch, start_from
from training.worlds import learn, measure, points, protocol, shares
from training.worlds.cache import Scenes, scenes
from training.worlds.devices import beside_device, held_device
from training.worlds.drawn import draw_face
from training.worlds.scenes import ATTACK, BESIDE, DRAWN, REAL, THING, Maker, Plan, jobs_of, reframed
from training.worlds.targets import branch_targets, margin_of, mean_of_teachers

ONE_EACH = Plan({'*': 1}, {'*': 1}, beside=1, things=1, drawn=2)


def judged(margins: list[float], labels: list[int], worlds: list[str]) -> protocol.Judged:
    return protocol.Judged(np.array(labels), np.array(margins), np.array(worlds))


def test_a_world_is_left_out_whole_and_once() -> None:
    sets = np.array(['worlds-a'] * 50 + ['worlds-b'] * 30 + ['worlds-c'] * 9 + ['nuaa'] * 4 + ['nuaa-dev'] * 4 + ['faces'] * 8)
    folds = protocol.folds_of(sets)
    assert folds['faces'] == -1
    assert folds['nuaa'] == folds['nuaa-dev'] >= 0
    assert len({folds[f'worlds-{n}'] for n in 'abc'}) == 3


def test_every_world_counts_the_same() -> None:
    """Ninety easy attacks of one world hide nothing of ten hard ones of another."""
    many = judged([5.0] * 90 + [-5.0] * 10 + [-1.0] * 10, [1] * 100 + [0] * 10, ['easy'] * 90 + ['hard'] * 10 + ['easy'] * 10)
    assert protocol.errors_at(many, 0.0) == pytest.approx((0.5, 0.0))
    assert protocol.eer(judged([-1, 1, -2, 2], [0, 1, 0, 1], list('abab')))[0] == 0
    assert protocol.eer(judged([1, -1, 2, -2], [0, 1, 0, 1], list('abab')))[0] == 1


def test_a_cut_keeps_its_aim() -> None:
    rng = np.random.default_rng(1)
    some = judged([*rng.normal(2, 1, 300), *rng.normal(-2, 1, 300)], [1] * 300 + [0] * 300, list('abc') * 200)
    for aim in (0.01, 0.05, 0.2):
        assert protocol.errors_at(some, protocol.cut_for(some, apcer=aim))[0] <= aim + 1e-9
        assert protocol.errors_at(some, protocol.cut_for(some, bpcer=aim))[1] <= aim + 1e-9
    low, high = protocol.interval(some, 100)
    assert low <= protocol.eer(some)[0] <= high


def test_points_are_ordered_and_fitted_without_the_world_they_judge() -> None:
    rng = np.random.default_rng(2)
    worlds = np.repeat(list('abcdef'), 100)
    labels = np.tile([0, 1], 300)
    some = protocol.Judged(labels, rng.normal(labels * 3 - 1.5, 1.6), worlds)
    found = points.fit(some)
    assert all(p.live <= p.spoof for p in found.values())
    assert found['strict'].live <= found['balanced'].live <= found['lenient'].live
    assert found['strict'].spoof <= found['balanced'].spoof <= found['lenient'].spoof
    _, by_world = points.cross_fitted(some)
    moved = protocol.Judged(labels, np.where(worlds == 'a', some.margins + 50, some.margins), worlds)
    assert points.cross_fitted(moved)[1]['a'] == by_world['a']
    assert points.rates(some, points.Point(0.0, 0.0)).uncertain_live == 0


def test_devices_keep_the_face_in_the_frame(face: np.ndarray) -> None:
    image, box = face.astype(np.float32) / 255, (40.0, 50.0, 80.0, 100.0)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        shown, (x, y, w, h) = held_device(image, box, rng, image)
        assert shown.min() >= 0 and shown.max() <= 1
        assert 0 < x + w / 2 < shown.shape[1] and 0 < y + h / 2 < shown.shape[0]
        cut, (cx, cy, cw, ch) = reframed(image, box, rng)
        assert 0 <= cx + cw / 2 <= cut.shape[1] and 0 <= cy + ch / 2 <= cut.shape[0]
    wide = np.tile(image, (1, 3, 1))
    beside = beside_device(wide, (200.0, 50.0, 80.0, 100.0), np.random.default_rng(3), image, box)
    assert np.abs(beside - wide).max() > 0.05
    drawing, (x, y, w, h) = draw_face(np.random.default_rng(1))
    assert drawing.shape == (200, 200, 3) and 0 < x + w / 2 < 200 and 0 < y + h / 2 < 200


@pytest.fixture
def worlds(dataset: Path) -> Path:
    """The toy index as two worlds, one of them cut around the face."""
    lines = dataset.read_text().splitlines()
    named = [f'{lines[0]},kind'] + [line.replace(',toy,', f',worlds-{"ab"[n % 4 > 1]},') + (',crop' if n % 4 > 1 else ',full') for n, line in enumerate(lines[1:])]
    dataset.write_text('\n'.join(named) + '\n')
    cv2.imwrite(str(dataset.parent / 'thing.png'), np.random.default_rng(1).integers(0, 255, (90, 120, 3), dtype=np.uint8))
    return dataset


def test_scenes_say_what_is_in_them(worlds: Path, tmp_path: Path) -> None:
    rows = read_any(worlds)
    things = [worlds.parent / 'thing.png']
    assert {r.whole for r in rows} == {True, False}
    kinds = {job.kind for job in jobs_of(rows, 1, ONE_EACH)}
    assert kinds == {REAL, ATTACK, BESIDE, THING, DRAWN}
    made = scenes(rows, things, ONE_EACH, tmp_path / 'wide.npz', wide=True, say=lambda _: None)
    assert made.crops[0].shape[1:] == (97, 97, 3)
    assert (made.label[np.isin(made.kind, (ATTACK, THING, DRAWN))] == 1).all()
    assert (made.label[made.kind == BESIDE] == 0).all()
    out = np.array([r.set == 'worlds-a' for r in rows])
    kept = made.without(out)
    assert not out[made.row[kept & (made.row >= 0)]].any() and not out[made.other[kept & (made.other >= 0)]].any()
    assert kept[made.kind == DRAWN].all()
    chances = shares.chances(made, kept, shares.WIDE, {})
    assert chances.sum() == pytest.approx(1) and (chances[~kept] == 0).all()
    maker = Maker(rows, things)
    job = jobs_of(rows, 1, ONE_EACH)[0]
    one, two = (maker.wide(job, np.random.default_rng(5))[0] for _ in range(2))
    assert np.array_equal(one, two)


def test_the_teachers_are_bounded_and_averaged() -> None:
    assert margin_of(np.array([[2.0, 5.0, 2.0]]), 1)[0] == pytest.approx(np.log(2) - 3)
    said = np.full((1, 3, 6), 100.0, np.float32)
    assert mean_of_teachers(said).tolist() == [4.0]
    made = Scenes((), np.array([0, 1, 1]), np.array([REAL, ATTACK, THING]), np.array([0, 0, -1]), np.array([-1, 0, -1]), np.array(['a', 'a', 'thing']))
    target, known = branch_targets(said, made, np.zeros((3, 2), np.float32))
    assert target.tolist() == [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert known.tolist() == [True, True, False]


def test_no_look_outvotes_the_others() -> None:
    sure = torch.tensor([1e4])
    pair = joined(sure, sure)
    assert together(pair, -sure) == pytest.approx(4 - WIDE_SHARE * WIDE_CEILING)
    assert together(pair, sure) > 0 > together(-pair, -sure)


def test_the_wide_branch_starts_from_what_it_is_given(tmp_path: Path) -> None:
    """Every convolution takes its weights, with the batch norm's factor in them; of the last blocks' channels the weakest go."""
    stored: dict[str, torch.Tensor] = {'_conv_stem.weight': torch.randn(32, 3, 3, 3)}
    norms = {'_bn0': 32}
    for i, (inputs, middle, outputs, kernel, _) in enumerate(BLOCKS):
        middle = 480 if middle == 448 else middle
        if middle != inputs:
            stored[f'_blocks.{i}._expand_conv.weight'] = torch.randn(middle, inputs, 1, 1)
            norms[f'_blocks.{i}._bn0'] = middle
        stored[f'_blocks.{i}._depthwise_conv.weight'] = torch.randn(middle, 1, kernel, kernel)
        stored[f'_blocks.{i}._project_conv.weight'] = torch.randn(outputs, middle, 1, 1)
        norms[f'_blocks.{i}._bn1'], norms[f'_blocks.{i}._bn2'] = middle, outputs
    for name, channels in norms.items():
        stored |= {f'{name}.weight': torch.full((channels,), 2.0), f'{name}.bias': torch.ones(channels), f'{name}.running_mean': torch.zeros(channels), f'{name}.running_var': torch.full((channels,), 1 - 1e-3)}
    stored['_blocks.7._project_conv.weight'][:, :32] = 0
    torch.save(stored, tmp_path / 'lite0.pth')
    branch = WideBranch()
    start_from(branch, tmp_path / 'lite0.pth')
    assert torch.allclose(branch.blocks[7].project[0].weight, 2 * stored['_blocks.7._project_conv.weight'][:, 32:])
    assert torch.allclose(branch.stem[0].weight, 2 * stored['_conv_stem.weight'] * (255 / 128))


def test_the_runs_learn_from_what_they_may_see(worlds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, things = read_any(worlds), [worlds.parent / 'thing.png']
    quick = replace(learn.WIDE_RUN, steps=2, scenes=4, warmup=1)
    wide = scenes(rows, things, ONE_EACH, tmp_path / 'wide.npz', wide=True, say=lambda _: None)
    # Without ImageNet's weights: the tests need no download.
    monkeypatch.setattr(learn, 'start_from', lambda *_: None)
    monkeypatch.setattr(learn, 'pretrained_file', Path)
    branch = learn.learn_wide(wide, np.ones(len(wide), bool), quick, lambda _: None)
    pair = scenes(rows, things, replace(ONE_EACH, beside=0), tmp_path / 'pair.npz', wide=False, say=lambda _: None)
    start = Network()
    before = start.face_head.weight.clone()
    network = learn.learn_pair(start, pair, np.ones(len(pair), bool), (np.zeros((len(pair), 2), np.float32), np.ones(len(pair), bool)), replace(learn.PAIR_RUN, steps=2, scenes=4, warmup=1), lambda _: None)
    assert not torch.equal(before, network.face_head.weight)
    model = FullNetwork(network, branch).eval()
    n = len(rows)
    blank = Cache(*(np.zeros((n, 1, side, side, 3), np.uint8) for side in (128, 80)), {}, np.zeros((n, 1, 97, 97, 3), np.uint8))
    margins = measure.margins_of(model, blank, np.arange(n))
    assert margins.shape == (n,) and np.isfinite(margins).all()


def test_recolouring_moves_all_looks_alike() -> None:
    x = torch.rand(6, 3, 16, 16)
    small, large = learn.recoloured((x, x), 1.0, np.random.default_rng(1))
    assert torch.equal(small, large) and not torch.allclose(small, x)
    assert torch.allclose(learn.recoloured((x,), 0.0, np.random.default_rng(1))[0], x, atol=1e-5)
