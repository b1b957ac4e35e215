"""The graph in PyTorch is the graph in onnxruntime, and noise stays within its bound."""

from __future__ import annotations

import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from training.config import MODELS_DIR
from training.perturb import Graph, fooled, perturbed

FILE = MODELS_DIR / 'unspoof-pad-1' / 'model.fp32.onnx'


def looks(n: int) -> tuple[torch.Tensor, ...]:
    shapes = [[d.dim_value for d in i.type.tensor_type.shape.dim][1:] for i in onnx.load(str(FILE)).graph.input]
    generator = torch.Generator().manual_seed(1)
    return tuple((torch.rand(n, *shape, generator=generator) * 255).round() / 255 for shape in shapes)


def test_the_graph_agrees_with_onnxruntime() -> None:
    given = looks(2)
    session = onnxruntime.InferenceSession(str(FILE), providers=['CPUExecutionProvider'])
    expected = session.run(None, {i.name: x.numpy() for i, x in zip(session.get_inputs(), given, strict=True)})[0]
    assert Graph(FILE)(*given).detach().numpy() == pytest.approx(expected, abs=1e-3)


def test_noise_stays_within_its_bound_and_raises_the_live_margin() -> None:
    graph, given = Graph(FILE), looks(2)
    noisy = perturbed(graph, given, 2 / 255)
    for before, after in zip(given, noisy, strict=True):
        assert float((after - before).abs().max()) <= 2 / 255 + 1e-6
        assert float(after.min()) >= 0 and float(after.max()) <= 1
    with torch.no_grad():
        margins = [(out[:, 0] - out[:, 1]) for out in (graph(*given), graph(*noisy))]
    assert bool((margins[1] > margins[0]).all())
    threshold = float((margins[0].max() + margins[1].min()) / 2)
    assert fooled(graph, given, 0, threshold) <= fooled(graph, given, 2 / 255, threshold) == 2


def test_refuses_a_graph_with_other_operators(tmp_path) -> None:
    node = helper.make_node('Erf', ['x'], ['y'])
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in 'xy')
    onnx.save(helper.make_model(helper.make_graph([node], 'g', [x], [y])), str(tmp_path / 'erf.onnx'))
    with pytest.raises(ValueError, match='Erf'):
        Graph(tmp_path / 'erf.onnx')
