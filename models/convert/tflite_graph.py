"""Reads a TFLite file into plain Python: tensors, constant values and operators with their options."""

from dataclasses import dataclass, field

import numpy as np
import tflite

_OPERATOR_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if not k.startswith("_")}
_DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OPTIONS = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "ADD": tflite.AddOptions,
    "CONCATENATION": tflite.ConcatenationOptions,
    "RESIZE_BILINEAR": tflite.ResizeBilinearOptions,
}


@dataclass
class Operator:
    name: str
    inputs: list[int]
    outputs: list[int]
    options: object


@dataclass
class Graph:
    shapes: dict[int, list[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """Values of the tensors that are stored in the file."""
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


def read_graph(data: bytes) -> Graph:
    model = tflite.Model.GetRootAs(data, 0)
    if model.SubgraphsLength() != 1:
        raise ValueError(f"expected one subgraph, found {model.SubgraphsLength()}")
    source = model.Subgraphs(0)
    graph = Graph(inputs=source.InputsAsNumpy().tolist(), outputs=source.OutputsAsNumpy().tolist())
    for index in range(source.TensorsLength()):
        tensor = source.Tensors(index)
        if tensor.Sparsity() is not None:
            raise ValueError("sparse tensors are not read; use the dense model")
        if tensor.Type() not in _DTYPES:
            raise ValueError(f"tensor {index} has the unknown type {tensor.Type()}")
        graph.shapes[index] = tensor.ShapeAsNumpy().tolist() if tensor.ShapeLength() else []
        graph.names[index] = tensor.Name().decode()
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength() > 0:
            values = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=_DTYPES[tensor.Type()])
            graph.constants[index] = values.reshape(graph.shapes[index])
    for index in range(source.OperatorsLength()):
        operator = source.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = _OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        options = None
        if name in _OPTIONS:
            table = operator.BuiltinOptions()
            options = _OPTIONS[name]()
            options.Init(table.Bytes, table.Pos)
        graph.operators.append(
            Operator(name, operator.InputsAsNumpy().tolist(), operator.OutputsAsNumpy().tolist(), options)
        )
    return graph
