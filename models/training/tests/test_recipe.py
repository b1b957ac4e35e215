"""The recipe from pictures to a quantised graph, on synthetic pictures and a handful of steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from training import cache as crop_cache
from training import calibrate, metrics, prepare, quantize, sampling, splits
from training.config import Paths
from training.export import export_fp32, read_pair
from training.full import FullNetwork
from training.index import read_any, read_folders
from training.finetune import finetune, split_captures
from training.losses import distil_loss, label_loss, log_spectrum, trust
from training.network import Branch, Network, Widths, bound, either, joined, multiplications
from training.prune import start_from
from training.reconstruct import reconstruct
from training.simulate import Camera, shoot, simulate_attack
from training.teachers import Teacher
from training.worlds.cache import evaluation_cache


def test_index_keeps_people_and_labels(dataset: Path) -> None:
    rows = read_any(dataset)
    assert len(rows) == 16
    assert {r.label for r in rows} == {0, 1}
    assert len({r.group for r in rows}) == 16
    assert all(r.box == (40.0, 50.0, 80.0, 100.0) for r in rows)


def test_folders_name_species_and_people(tmp_path: Path) -> None:
    for name in ('live/anna/1.jpg', 'live/anna/2.jpg', 'spoof/print/sheet-1/1.jpg', 'spoof/replay/1.jpg', 'live/notes.txt'):
        file = tmp_path / 'mine' / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'')
    rows = read_folders(tmp_path / 'mine')
    assert [(r.label, r.attack, r.group) for r in rows] == [
        (0, '', 'mine/anna'),
        (0, '', 'mine/anna'),
        (1, 'print', 'mine/print/sheet-1'),
        (1, 'replay', 'mine/replay'),
    ]


def test_a_source_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='Expected an index CSV'):
        read_any(tmp_path)


def test_splits_do_not_depend_on_what_else_is_there(dataset: Path) -> None:
    rows = read_any(dataset)
    assert [splits.split_of(r) for r in rows[:3]] == [splits.split_of(r) for r in rows][:3]


def test_near_duplicates_across_the_split_are_found(face: np.ndarray) -> None:
    value = splits.perceptual_hash(face)
    assert splits.leaks({'a': value}, {'b': value ^ 0b101}) == [('b', 'a')]
    assert splits.leaks({'a': value}, {'b': value ^ 0x7FFF}) == []


@pytest.mark.parametrize('species', ['print', 'screen', 'cut'])
@pytest.mark.parametrize('edges', [True, False])
def test_attacks_are_repeatable_and_keep_the_face(face: np.ndarray, species: str, edges: bool) -> None:
    image = face.astype(np.float32) / 255
    one = simulate_attack(image, (40, 50, 80, 100), np.random.default_rng(3), image, species, edges)
    two = simulate_attack(image, (40, 50, 80, 100), np.random.default_rng(3), image, species, edges)
    assert np.array_equal(one.image, two.image)
    assert np.isfinite(one.image).all()
    assert one.species == species
    height, width = one.image.shape[:2]
    x, y, w, h = one.box
    assert 0 <= x + w / 2 <= width and 0 <= y + h / 2 <= height
    assert 0.6 < w * h / 8000 < 1.7
    assert np.abs(one.image[: face.shape[0], : face.shape[1]].mean() - image.mean()) > 1e-4


def test_the_camera_leaves_alone_at_strength_zero(face: np.ndarray) -> None:
    image = face.astype(np.float32) / 255
    assert np.array_equal(shoot(image, np.random.default_rng(1), Camera(0.0)), image)
    shot = shoot(image, np.random.default_rng(1), Camera(1.0))
    assert shot.shape == image.shape and shot.min() >= 0 and shot.max() <= 1


def test_the_cache_is_the_same_for_any_number_of_processes(dataset: Path, tmp_path: Path) -> None:
    rows = read_any(dataset)
    plan = prepare.Plan({'*': 1}, {'*': 1}, 0.2)
    one = prepare.build_training_cache(rows, tmp_path / 'one', plan, 1, 1, say=lambda _: None)
    two = prepare.build_training_cache(rows, tmp_path / 'two', plan, 1, 2, say=lambda _: None)
    assert np.array_equal(one.face, two.face)
    assert np.array_equal(one.meta['label'], two.meta['label'])
    assert set(one.meta['kind']) == {'real', 'simulated', 'mixed'}
    assert (one.meta['label'][one.meta['kind'] == 'simulated'] == 1).all()
    chances = sampling.weights(one, one.meta['kind'] != 'mixed')
    assert chances.sum() == pytest.approx(1)
    assert (chances[one.meta['kind'] == 'mixed'] == 0).all()


def test_losses_do_what_they_say() -> None:
    margin = torch.tensor([4.0, -4.0, 0.0])
    sure = label_loss(margin, torch.tensor([1, 0, -1]), torch.ones(3))
    wrong = label_loss(-margin, torch.tensor([1, 0, -1]), torch.ones(3))
    assert sure < 0.2 < wrong
    assert label_loss(margin, torch.tensor([-1, -1, -1]), torch.ones(3)) == 0
    assert distil_loss(margin, margin, torch.ones(3), 6.0) == pytest.approx(0)
    # Beyond the ceiling a difference hardly counts, around zero it counts in full.
    far, near = (distil_loss(torch.tensor([a]), torch.tensor([b]), torch.ones(1), 6.0) for a, b in ((30.0, 20.0), (10.0, 0.0)))
    assert far < 0.01 < 4 < near
    assert trust(torch.tensor([1, 1, 0, -1]), torch.tensor([3.0, -3.0, 3.0, 3.0])).tolist() == pytest.approx([1, 0.1, 0.1, 1])


def test_the_spectrum_sees_a_screen_grid() -> None:
    x = torch.arange(128).float()
    plain = torch.full((1, 3, 128, 128), 0.5) + 0.001 * torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    grid = plain + 0.2 * torch.cos(2 * torch.pi * 32 / 128 * x)
    difference = (log_spectrum(grid) - log_spectrum(plain))[0]
    assert log_spectrum(grid).shape == (1, 16, 16)
    # 32 cycles across are four of sixteen cells from the centre.
    assert difference[8, 12] == difference[8].max() or difference[8, 4] == difference[8].max()


def test_rates_have_exact_intervals() -> None:
    assert metrics.clopper_pearson(0, 150)[1] == pytest.approx(0.0243, abs=1e-4)
    assert str(metrics.Rate(0, 0)) == '-'
    assert str(metrics.Rate(0, 150)) == '0 of 150 (<= 2.4 %)'
    labels, scores = np.array([0, 0, 1, 1]), np.array([-2.0, 0.5, 0.1, 3.0])
    assert metrics.auc(labels, scores) == pytest.approx(0.75)
    assert metrics.eer(labels, scores) == pytest.approx(0.5)
    apcer, bpcer = metrics.errors_at(labels, scores)
    assert (apcer.errors, bpcer.errors) == (0, 1)
    assert metrics.bpcer_at(labels, scores, 0.0) == pytest.approx(0.5)


def test_calibration_turns_margins_into_probabilities() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 4000)
    truth = rng.normal(np.where(labels == 1, 1.0, -1.0), 1.0)
    sets = np.array(['a'] * 4000)
    fitted = calibrate.fit(labels, truth * 3, sets)
    live = fitted.live(truth * 3)
    assert calibrate.calibration_error(labels, live) < 0.03
    assert fitted.live(np.array([fitted.spoof_margin(0.7)]))[0] == pytest.approx(0.7)


def test_export_and_int8_agree_with_the_network(dataset: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = FullNetwork().eval()
    export_fp32(model, tmp_path / 'model.fp32.onnx')
    graph = onnx.load(str(tmp_path / 'model.fp32.onnx'))
    kinds = {n.op_type for n in graph.graph.node}
    assert kinds <= {'Conv', 'Relu', 'Add', 'Flatten', 'Reshape', 'Concat', 'Gemm', 'Constant', 'Gather', 'Unsqueeze', 'Slice', 'Sub', 'Neg', 'Div', 'Mul', 'Tanh', 'Softplus'}
    assert graph.ir_version <= 10 and graph.opset_import[0].version <= 21
    inputs = torch.rand(2, 3, 128, 128), torch.rand(2, 3, 80, 80)
    assert torch.allclose(read_pair(tmp_path / 'model.fp32.onnx').eval()(*inputs), model.pair(*inputs), atol=1e-4)
    rows = read_any(dataset)
    cache = evaluation_cache(rows, tmp_path / 'evaluation.npz')
    index = quantize.calibration_rows(cache, 16)
    everything = np.arange(len(cache))
    exact = quantize.margins_of(tmp_path / 'model.fp32.onnx', cache, everything)
    for variant, allowed in (('weights only', 0.02), ('static per channel', 0.25)):
        quantize.quantize(tmp_path / 'model.fp32.onnx', tmp_path / 'model.onnx', variant, cache, index)
        assert variant != quantize.SHIPPED or (tmp_path / 'model.onnx').stat().st_size <= 600_000
        coarse = quantize.margins_of(tmp_path / 'model.onnx', cache, everything)
        assert np.abs(exact - coarse).mean() < allowed * max(0.05, float(np.abs(exact).mean()))
    # Seven-bit weights: u8 x s8 pairs cannot saturate 16 bits on CPUs without VNNI.
    stored = onnx.load(str(tmp_path / 'model.onnx'))
    for tensor in stored.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.int8 and values.ndim > 1:
            assert np.abs(values.astype(int)).max() <= 64


def test_captures_are_split_by_person_and_artefact(tmp_path: Path) -> None:
    for name in ('live/anna/1.jpg', 'live/anna/2.jpg', 'live/ben/1.jpg', 'spoof/print/one/1.jpg', 'spoof/replay/two/1.jpg'):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'')
    mine, held = split_captures(read_folders(tmp_path))
    assert {r.group for r in mine} & {r.group for r in held} == set()
    for part in (mine, held):
        assert {r.label for r in part} == {0, 1}
    with pytest.raises(ValueError, match='at least two people'):
        split_captures([r for r in read_folders(tmp_path) if 'ben' not in r.group])


def test_weights_of_ones_own_need_no_teacher(dataset: Path, tmp_path: Path) -> None:
    start = tmp_path / 'start.pt'
    torch.manual_seed(1)
    torch.save(Network().state_dict(), start)
    said: list[str] = []
    tuned = finetune(dataset, start, Paths(tmp_path / 'nothing', tmp_path / 'work'), mode='head', steps=2, say=said.append)
    before, after = torch.load(start, weights_only=True), torch.load(tuned, weights_only=True)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and all(name.startswith(('face_head', 'context_head')) for name in moved)
    assert any('labels alone' in line for line in said)
    assert [line.split(':')[0] for line in said[-2:]] == ['before', 'after']


def test_two_kinds_of_attack_become_one_margin() -> None:
    margins = torch.tensor([[1.0, -2.0], [300.0, -300.0], [-300.0, 300.0], [-5.0, -5.0]])
    assert torch.allclose(either(margins), torch.logsumexp(margins, 1), atol=1e-5)


def test_no_branch_says_more_than_its_ceiling() -> None:
    sure = torch.tensor([1e4, -1e4])
    assert bound(sure, 6.0).tolist() == [6.0, -6.0]
    assert joined(sure, -sure)[0] == pytest.approx(0.4 * 4 - 0.6 * 4)
    assert joined(torch.tensor([0.01]), torch.tensor([0.01]))[0] == pytest.approx(0.01, rel=1e-3)


@torch.no_grad()
def test_a_narrow_copy_is_fitted_to_its_teacher() -> None:
    """Ours between the blocks is what is left of the teacher on fewer axes: with all of them and the same rectifier the copy is exact."""
    torch.manual_seed(2)
    small = Widths(8, (16, 24, 24), (12, 16, 24), (8, 8), (16, 8), (8,), 32)
    source = Branch(32, small).eval()
    # At their initial values the last layers hardly see the picture; as loud as the first ones, there is something to fit.
    for module in source.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.mul_(2.5)
    teacher = Teacher(source, torch.randn(128, 2), 0)
    pictures = torch.rand(24, 3, 32, 32)
    same = Branch(32, small).eval()
    errors = reconstruct(same, teacher, *start_from(same, teacher, pictures), pictures)
    assert max(errors) < 1e-4
    narrow = Branch(32, Widths(6, (8, 12, 12), (12, 16, 24), (8, 8), (16, 8), (8,), 32)).eval()
    kept, axes = start_from(narrow, teacher, pictures)
    wanted = source(pictures)
    pruned = float((narrow(pictures) - wanted).pow(2).mean())
    reconstruct(narrow, teacher, kept, axes, pictures)
    fitted = float((narrow(pictures) - wanted).pow(2).mean())
    assert fitted < 0.5 * pruned
    assert all(torch.allclose(a.columns.T @ a.columns, torch.eye(a.columns.shape[1]), atol=1e-5) for a in axes.values())


def test_the_network_is_small() -> None:
    model = Network().eval()
    assert multiplications(model, torch.rand(1, 3, 128, 128), torch.rand(1, 3, 80, 80)) < 55e6


def test_paths_are_overridable(tmp_path: Path) -> None:
    assert Paths(tmp_path, tmp_path / 'w').cache == tmp_path / 'w' / 'cache'
