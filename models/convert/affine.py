"""Makes the 141-byte ONNX model (y = 2 x + 1) of the runtime conformance suite and prints it as base64.

Needs `pip install onnx`. The answer is the constant AFFINE_MODEL in packages/core/src/testing/conformance.ts.
"""

import base64

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

graph = helper.make_graph(
    [helper.make_node("Mul", ["x", "two"], ["d"]), helper.make_node("Add", ["d", "one"], ["y"])],
    "affine",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    [
        numpy_helper.from_array(np.array([2], np.float32), "two"),
        numpy_helper.from_array(np.array([1], np.float32), "one"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7, producer_name="unspoof")
onnx.checker.check_model(model)
print(base64.b64encode(model.SerializeToString()).decode())
