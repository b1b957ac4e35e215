"""Rewrites a TFLite graph (NHWC) as an ONNX model (NCHW) that computes the same values."""

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

from tflite_graph import Graph, Operator

OPSET = 17
IR_VERSION = 8
# Channels are filled up with zeros to a multiple of this. The values stay the same and most channel paddings of the original
# fall away; measured on one thread, the short-range model gets 10 % faster in onnxruntime-node and more in onnxruntime-web.
ALIGNMENT = 8


def to_onnx(
    graph: Graph, name: str, output_names: dict[str, str], output_shapes: dict[str, list[int]] | None = None
) -> onnx.ModelProto:
    """`output_names` gives TFLite output names their ONNX names. Outputs keep TFLite's (batch, anchors, values) order and shape;
    `output_shapes` gives another shape to those (by ONNX name) that are an image of one pixel."""
    return _Writer(graph, output_names, output_shapes or {}).write(name)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME: the odd pixel goes to the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Writer:
    def __init__(self, graph: Graph, output_names: dict[str, str], output_shapes: dict[str, list[int]]):
        self.graph = graph
        self.output_names = output_names
        self.output_shapes = output_shapes
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        # Tensor index -> ONNX name, and whether its values lie as NCHW (pictures) or as TFLite has them (after a reshape).
        self.values: dict[int, str] = {}
        # FP16 constants that DEQUANTIZE turned into float32: kept as FP16 in the file.
        self.constants = dict(graph.constants)
        # What the outputs are made of keeps its channels: they become rows.
        self.exact = set(graph.inputs)
        self.exact.update(graph.outputs)
        for operator in graph.operators:
            if operator.name == "RESHAPE":
                self.exact.add(operator.inputs[0])

    def write(self, name: str) -> onnx.ModelProto:
        (source,) = self.graph.inputs
        batch, height, width, channels = self.graph.shapes[source]
        assert batch == 1
        self.values[source] = "input"
        for operator in self.graph.operators:
            getattr(self, f"_{operator.name.lower()}")(operator)
        outputs = []
        for index in self.graph.outputs:
            output = self.output_names[self.graph.names[index]]
            shape = self.output_shapes.get(output, self.graph.shapes[index])
            if output in self.output_shapes:
                self.nodes.append(helper.make_node("Reshape", [self.values[index], self._integers(shape)], [output]))
            else:
                self.nodes.append(helper.make_node("Identity", [self.values[index]], [output]))
            outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                name,
                [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, channels, height, width])],
                outputs,
                list(self.initializers.values()),
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="unspoof models/convert",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    # What the operators need

    def _emit(self, kind: str, inputs: list[str], operator: Operator, **attributes) -> str:
        (target,) = operator.outputs
        self.values[target] = f"t{target}"
        self.nodes.append(helper.make_node(kind, inputs, [self.values[target]], **attributes))
        return self.values[target]

    def _integers(self, values: list[int]) -> str:
        name = "i_" + "_".join(str(v).replace("-", "m") for v in values)
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def _channels(self, index: int) -> int:
        channels = self.graph.shapes[index][3]
        return channels if index in self.exact else -(-channels // ALIGNMENT) * ALIGNMENT

    def _weights(self, index: int, shape: tuple[int, ...], axes: tuple[int, ...]) -> str:
        """A float32 constant, its axes reordered and filled up with zeros to `shape`. Where it was FP16 it is stored so, with a
        Cast that runtimes fold away at load."""
        original = self.constants[index].transpose(axes)
        values = np.zeros(shape, original.dtype)
        values[tuple(slice(size) for size in original.shape)] = original
        stored = f"w{index}"
        self.initializers[stored] = numpy_helper.from_array(values, stored)
        if values.dtype == np.float32:
            return stored
        self.nodes.append(helper.make_node("Cast", [stored], [f"{stored}_f32"], to=TensorProto.FLOAT))
        return f"{stored}_f32"

    def _window(self, options, shape: list[int], kernel: tuple[int, int]) -> dict:
        stride = (options.StrideH(), options.StrideW())
        pads = [(0, 0), (0, 0)]
        if options.Padding() == tflite.Padding.SAME:
            pads = [_same_padding(shape[1 + axis], kernel[axis], stride[axis]) for axis in (0, 1)]
        return {
            "kernel_shape": list(kernel),
            "strides": list(stride),
            "pads": [pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        }

    def _no_fused_activation(self, options) -> None:
        if options.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
            raise ValueError("fused activations are not written")

    # The operators

    def _dequantize(self, operator: Operator) -> None:
        self.constants[operator.outputs[0]] = self.constants[operator.inputs[0]]

    def _conv_2d(self, operator: Operator) -> None:
        image, weights, bias = operator.inputs
        self._no_fused_activation(operator.options)
        _, height, width, _ = self.constants[weights].shape
        window = self._window(operator.options, self.graph.shapes[image], (height, width))
        channels = self._channels(operator.outputs[0])
        inputs = [
            self.values[image],
            self._weights(weights, (channels, self._channels(image), height, width), (0, 3, 1, 2)),
            self._weights(bias, (channels,), (0,)),
        ]
        self._emit("Conv", inputs, operator, **window)

    def _depthwise_conv_2d(self, operator: Operator) -> None:
        image, weights, bias = operator.inputs
        self._no_fused_activation(operator.options)
        if operator.options.DepthMultiplier() != 1:
            raise ValueError("depth multipliers other than 1 are not written")
        _, height, width, _ = self.constants[weights].shape
        window = self._window(operator.options, self.graph.shapes[image], (height, width))
        channels = self._channels(operator.outputs[0])
        inputs = [
            self.values[image],
            self._weights(weights, (channels, 1, height, width), (3, 0, 1, 2)),
            self._weights(bias, (channels,), (0,)),
        ]
        self._emit("Conv", inputs, operator, group=channels, **window)

    def _max_pool_2d(self, operator: Operator) -> None:
        (image,) = operator.inputs
        options = operator.options
        self._no_fused_activation(options)
        window = self._window(options, self.graph.shapes[image], (options.FilterHeight(), options.FilterWidth()))
        self._emit("MaxPool", [self.values[image]], operator, **window)

    def _relu(self, operator: Operator) -> None:
        self._emit("Relu", [self.values[operator.inputs[0]]], operator)

    def _prelu(self, operator: Operator) -> None:
        image, slopes = operator.inputs
        if self.constants[slopes].shape[:2] != (1, 1):
            raise ValueError("only one slope a channel is written")
        slope = self._weights(slopes, (self._channels(image), 1, 1), (2, 0, 1))
        self._emit("PRelu", [self.values[image], slope], operator)

    def _add(self, operator: Operator) -> None:
        self._no_fused_activation(operator.options)
        self._emit("Add", [self.values[index] for index in operator.inputs], operator)

    def _pad(self, operator: Operator) -> None:
        image, amounts = operator.inputs
        (target,) = operator.outputs
        if self.constants[amounts][:3].any() or self.constants[amounts][3][0] != 0:
            raise ValueError("only channels added at the end are written")
        added = self._channels(target) - self._channels(image)
        if added == 0:
            self.values[target] = self.values[image]
            return
        self._emit("Pad", [self.values[image], self._integers([0, 0, 0, 0, 0, added, 0, 0])], operator, mode="constant")

    def _resize_bilinear(self, operator: Operator) -> None:
        options = operator.options
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise ValueError("only half-pixel centres are written")
        (target,) = operator.outputs
        _, height, width, _ = self.graph.shapes[target]
        self._emit(
            "Resize",
            [self.values[operator.inputs[0]], "", "", self._integers([1, self._channels(target), height, width])],
            operator,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def _reshape(self, operator: Operator) -> None:
        (image, *_) = operator.inputs
        (target,) = operator.outputs
        self.nodes.append(helper.make_node("Transpose", [self.values[image]], [f"t{target}_nhwc"], perm=[0, 2, 3, 1]))
        shape = self.graph.shapes[target]
        self._emit("Reshape", [f"t{target}_nhwc", self._integers(shape)], operator)

    def _concatenation(self, operator: Operator) -> None:
        # Only ever follows a reshape here, so the axis is TFLite's.
        self._no_fused_activation(operator.options)
        inputs = [self.values[index] for index in operator.inputs]
        self._emit("Concat", inputs, operator, axis=operator.options.Axis())
