"""FP32 to INT8, in several ways, and which of them is faithful, small and fast enough to ship."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static

from .cache import Cache
from .export import IR_VERSION

Feeds = dict[str, NDArray[np.float32]]


def planes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """n x h x w x 3 bytes -> n x 3 x h x w, 0..1."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(255)


def feeds_of(cache: Cache, rows: NDArray[np.integer]) -> Feeds:
    """What the graph takes: the first view of the given scenes."""
    out = {'face': planes(cache.face[rows, 0]), 'context': planes(cache.context[rows, 0])}
    return out if cache.wide is None else {**out, 'wide': planes(cache.wide[rows, 0])}


class Crops(CalibrationDataReader):
    """Batches of training crops; never evaluation images."""

    def __init__(self, cache: Cache, rows: NDArray[np.integer], batch: int = 16) -> None:
        self.batches: Iterator[Feeds] = iter([feeds_of(cache, part) for part in np.array_split(rows, max(1, len(rows) // batch))])

    def get_next(self) -> Feeds | None:
        return next(self.batches, None)


VARIANTS = ('weights only', 'dynamic', 'static per tensor', 'static per channel', 'static per channel, 8-bit weights')
SHIPPED = 'weights only'


def _grid(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(whole numbers, scale of each output channel): weight is about their product."""
    scale = np.abs(weight).reshape(len(weight), -1).max(1) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32).reshape(-1, *[1] * (weight.ndim - 1))
    return np.clip(np.round(weight / scale), -127, 127).astype(np.int8), scale


def corrected_biases(source: Path, cache: Cache, rows: NDArray[np.integer]) -> onnx.ModelProto:
    """`source` with its convolutions' weights rounded and each bias moved so that the mean of every channel stays what it was.

    After Nagel et al., "Data-free quantization through weight equalization and bias correction" (ICCV 2019), with
    measured means. Layer by layer in the graph's order, so that each sees what the rounded ones before it give.
    """
    model = onnx.load(str(source))
    stored = {i.name: i for i in model.graph.initializer}
    convolutions = [n for n in model.graph.node if n.op_type == 'Conv']
    feeds = feeds_of(cache, rows)

    def means(graph: onnx.ModelProto, names: list[str]) -> list[NDArray[np.float64]]:
        probe = onnx.ModelProto()
        probe.CopyFrom(graph)
        # Without the graph's own output, only the layers up to the named ones are run.
        del probe.graph.output[:]
        probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(n) for n in names)
        session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=['CPUExecutionProvider'])
        parts = [session.run(names, {k: v[i : i + 32] for k, v in feeds.items()}) for i in range(0, len(rows), 32)]
        return [np.concatenate([p[j] for p in parts]).mean((0, 2, 3), dtype=np.float64) for j in range(len(names))]

    names = [n.output[0] for n in convolutions]
    wanted = means(model, names)
    for node in convolutions:
        weight = onnx.numpy_helper.to_array(stored[node.input[1]])
        whole, scale = _grid(weight)
        stored[node.input[1]].CopyFrom(onnx.numpy_helper.from_array(whole * scale, node.input[1]))
    for node, mean in zip(convolutions, wanted, strict=True):
        found = means(model, [node.output[0]])[0]
        bias = onnx.numpy_helper.to_array(stored[node.input[2]]) + (mean - found).astype(np.float32)
        stored[node.input[2]].CopyFrom(onnx.numpy_helper.from_array(bias, node.input[2]))
    return model


def quantize_weights(source: Path, target: Path, cache: Cache, rows: NDArray[np.integer]) -> None:
    """Weights of convolutions as INT8 with a scale an output channel; all arithmetic stays FP32.

    A weight is stored as bytes that the graph casts and multiplies by the scales. Both nodes have constant inputs, so every
    runtime folds them when the graph is loaded, and what runs is the FP32 graph: the same numbers with and without VNNI,
    in Node and in WebAssembly (which has no fast INT8 convolutions). DequantizeLinear would say the same, but onnxruntime
    does not fold that one.
    """
    convolutions = {n.input[1] for n in onnx.load(str(source)).graph.node if n.op_type == 'Conv'}
    model = corrected_biases(source, cache, rows)
    graph = model.graph
    nodes: list[onnx.NodeProto] = []
    for tensor in [i for i in graph.initializer if i.name in convolutions]:
        whole, scale = _grid(onnx.numpy_helper.to_array(tensor))
        graph.initializer.remove(tensor)
        graph.initializer.append(onnx.numpy_helper.from_array(whole, f'{tensor.name}.int8'))
        graph.initializer.append(onnx.numpy_helper.from_array(scale, f'{tensor.name}.scale'))
        nodes.append(onnx.helper.make_node('Cast', [f'{tensor.name}.int8'], [f'{tensor.name}.whole'], to=onnx.TensorProto.FLOAT))
        nodes.append(onnx.helper.make_node('Mul', [f'{tensor.name}.whole', f'{tensor.name}.scale'], [tensor.name]))
    nodes.extend(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def quantize(source: Path, target: Path, variant: str, cache: Cache, rows: NDArray[np.integer], method: CalibrationMethod = CalibrationMethod.MinMax) -> None:
    """One variant of `source`.

    `reduce_range` keeps weights within 7 bits: u8 x s8 products summed in pairs stay within 16 bits, so CPUs without
    VNNI (which saturate there) give the same answer as those with it. The last variant shows what that costs.
    """
    if variant == 'weights only':
        quantize_weights(source, target, cache, rows)
    elif variant == 'dynamic':
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, reduce_range=True)
    else:
        quantize_static(
            source,
            target,
            Crops(cache, rows),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel='per channel' in variant,
            reduce_range='8-bit' not in variant,
            calibrate_method=method,
            extra_options={'ActivationSymmetric': False, 'WeightSymmetric': True},
        )
    shrink(target)


def shrink(file: Path) -> None:
    """Short names and no leftovers: in a graph of this size the names weigh as much as a layer."""
    model = onnx.load(str(file))
    graph = model.graph
    keep = {i.name for i in graph.input} | {o.name for o in graph.output}
    names: dict[str, str] = {}

    def short(name: str) -> str:
        if not name or name in keep:
            return name
        return names.setdefault(name, f't{len(names)}')

    for node in graph.node:
        node.name = ''
        node.doc_string = ''
        for field in (node.input, node.output):
            renamed = [short(n) for n in field]
            del field[:]
            field.extend(renamed)
    # Zero points and the like repeat in every layer: one copy of each is enough.
    same: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    twins: dict[str, str] = {}
    kept: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
        content = onnx.numpy_helper.to_array(tensor)
        first = same.setdefault((tensor.data_type, tuple(tensor.dims), content.tobytes()), tensor.name)
        if first == tensor.name:
            kept.append(tensor)
        else:
            twins[tensor.name] = first
    del graph.initializer[:]
    graph.initializer.extend(kept)
    for node in graph.node:
        renamed = [twins.get(n, n) for n in node.input]
        del node.input[:]
        node.input.extend(renamed)
    del graph.value_info[:]
    model.ir_version = IR_VERSION
    model.producer_name = 'unspoof'
    del model.metadata_props[:]
    onnx.save(model, str(file))


def session_of(file: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])


def milliseconds(file: Path, runs: int = 200) -> float:
    """Median time of one verdict (batch of one) on one thread."""
    session = session_of(file)
    rng = np.random.default_rng(1)
    feeds = {i.name: rng.random([1 if not isinstance(d, int) else d for d in i.shape], dtype=np.float32) for i in session.get_inputs()}
    for _ in range(20):
        session.run(None, feeds)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        session.run(None, feeds)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)


def margins_of(file: Path, cache: Cache, rows: NDArray[np.integer]) -> NDArray[np.float32]:
    """Spoof margins of the first view."""
    session = session_of(file, 0)
    out = []
    for part in np.array_split(rows, max(1, len(rows) // 32)):
        logits = session.run(None, feeds_of(cache, part))[0]
        out.append(logits[:, 1] - logits[:, 0])
    return np.concatenate(out)


@dataclass(frozen=True)
class Measured:
    """One line of the quantisation table."""

    variant: str
    bytes: int
    milliseconds: float
    auc: dict[str, float]
    drift: float
    """Mean absolute change of the sigmoid of the margin against FP32."""


def calibration_rows(cache: Cache, count: int = 320, seed: int = 3) -> NDArray[np.integer]:
    """Training scenes, evenly from every set, real and simulated."""
    rng = np.random.default_rng(seed)
    keys = np.char.add(cache.meta['set'].astype(str), cache.meta['kind'].astype(str))
    names = np.unique(keys)
    parts = [rng.choice(np.flatnonzero(keys == k), min(count // len(names) + 1, int((keys == k).sum())), replace=False) for k in names]
    return np.sort(np.concatenate(parts))
