"""FP32 to INT8, three ways, and which of them is fast, small and faithful enough to ship."""

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


def feeds_of(face: NDArray[np.uint8], context: NDArray[np.uint8]) -> Feeds:
    """n x h x w x 3 bytes -> what the graph takes: n x 3 x h x w, 0..1."""

    def planes(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(255)

    return {'face': planes(face), 'context': planes(context)}


class Crops(CalibrationDataReader):
    """Batches of training crops; never evaluation pictures."""

    def __init__(self, cache: Cache, rows: NDArray[np.integer], batch: int = 16) -> None:
        self.batches: Iterator[Feeds] = iter([feeds_of(cache.face[part, 0], cache.context[part, 0]) for part in np.array_split(rows, max(1, len(rows) // batch))])

    def get_next(self) -> Feeds | None:
        return next(self.batches, None)


VARIANTS = ('dynamic', 'static per tensor', 'static per channel', 'static per channel, 8-bit weights')
SHIPPED = 'static per channel'


def quantize(source: Path, target: Path, variant: str, cache: Cache, rows: NDArray[np.integer], method: CalibrationMethod = CalibrationMethod.MinMax) -> None:
    """One variant of `source`.

    `reduce_range` keeps weights within 7 bits: u8 x s8 products summed in pairs stay within 16 bits, so CPUs without
    VNNI (which saturate there) give the same answer as those with it. The last variant shows what that costs.
    """
    if variant == 'dynamic':
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
        logits = session.run(None, feeds_of(cache.face[part, 0], cache.context[part, 0]))[0]
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
