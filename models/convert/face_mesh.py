"""Makes models/face-mesh/model.onnx from the npm package @mediapipe/face_mesh.

    pip install -r requirements.txt
    python face_mesh.py                    # fetches the package with npm, checks its hash, writes the model
    python face_mesh.py --package DIR      # uses an unpacked package

The converted graph is first compared with the TFLite original as BlazeFace is. Then the weights of the large convolutions are
rounded to INT8, with one FP16 scale for each output channel: 0.68 MB instead of 1.22. The landmarks of both are compared too.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from convert_package import Recipe, compare, random_images, run
from onnx_graph import to_onnx
from tflite_graph import read_graph

PACKAGE = "@mediapipe/face_mesh@0.4.1657299874"
RECIPE = Recipe(
    # Emscripten's packed assets: several files in one.
    file="face_mesh_solution_packed_assets.data",
    start=2495952,
    end=3737848,
    sha256="c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
    outputs={"conv2d_21": "landmarks", "conv2d_31": "presence"},
)
SHAPES = {"landmarks": [1, 468, 3], "presence": [1, 1]}
# Largest difference from TFLite, in input pixels and logits: float32 rounding in another order.
TOLERANCE = 2e-3
# Convolutions with at least this many weights are rounded. The smaller ones hold 7 % of the weights and cost the most accuracy.
LARGE = 16384
# Input pixels that a landmark may move by through rounding, mean over random images.
ROUNDING = 0.3


def round_weights(converted: bytes) -> bytes:
    """FP16 weights as INT8 and a scale. What the graph casts and multiplies are constants: runtimes fold them at load."""
    model = onnx.load_from_string(converted)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        weights = stored.get(node.input[0])
        if node.op_type != "Cast" or weights is None or np.prod(weights.dims) < LARGE:
            nodes.append(node)
            continue
        name, values = weights.name, numpy_helper.to_array(weights).astype(np.float32)
        scale = np.abs(values).reshape(len(values), -1).max(1) / 127
        scale = np.where(scale > 0, scale, 1).astype(np.float16).reshape(-1, *[1] * (values.ndim - 1))
        whole = np.clip(np.round(values / scale.astype(np.float32)), -127, 127).astype(np.int8)
        graph.initializer.remove(weights)
        graph.initializer.append(numpy_helper.from_array(whole, f"{name}_i8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        nodes.append(helper.make_node("Cast", [f"{name}_i8"], [f"{name}_whole"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Cast", [f"{name}_scale"], [f"{name}_scale_f32"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}_whole", f"{name}_scale_f32"], [node.output[0]]))
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def moved(before: bytes, after: bytes) -> float:
    """Mean way of a landmark from one network's place to the other's, in input pixels, over random images."""
    networks = [onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]) for model in (before, after)]
    ways = []
    for image in random_images(192, 192, 0, 1):
        a, b = (network.run(["landmarks"], {"input": image.transpose(0, 3, 1, 2)})[0] for network in networks)
        ways.append(np.hypot(*(a - b)[0, :, :2].T))
    return float(np.mean(ways))


def convert(package: Path, models: Path) -> None:
    original = RECIPE.read(package)
    exact = to_onnx(read_graph(original), "face-mesh", RECIPE.outputs, SHAPES).SerializeToString(deterministic=True)
    worst = compare(original, exact, RECIPE.outputs, low=0)
    if worst is None:
        print("face-mesh: not compared, ai-edge-litert is not installed")
    else:
        print(f"face-mesh: largest difference from TFLite before rounding {worst}")
        if max(worst.values()) > TOLERANCE:
            sys.exit(f"face-mesh: differs from the original by more than {TOLERANCE}")
    rounded = round_weights(exact)
    way = moved(exact, rounded)
    print(f"face-mesh: rounding moves a landmark by {way:.3f} input pixels on average")
    if way > ROUNDING:
        sys.exit(f"face-mesh: rounding moves landmarks by more than {ROUNDING} pixels")
    RECIPE.write(models / "face-mesh" / "model.onnx", rounded)


if __name__ == "__main__":
    run(__doc__, PACKAGE, convert)
