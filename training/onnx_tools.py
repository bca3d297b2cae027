"""Edits of ONNX files that several stages need: names and dims of ports, constants, storage of weights.

Ignorant of any model.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.INT64: "int64",
    TensorProto.INT32: "int32",
    TensorProto.UINT8: "uint8",
    TensorProto.BOOL: "bool",
}

STORE_AS_HALF = 1000
"""Weights of at least this many elements are stored as float16."""


def port(value: onnx.ValueInfoProto) -> dict:
    """An input or output as the manifest writes it: name, type, dims (a number, or the name of a free dim)."""
    tensor = value.type.tensor_type
    return {
        "name": value.name,
        "type": TYPES[tensor.elem_type],
        "dims": [dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim],
    }


def set_dims(value: onnx.ValueInfoProto, dims: list[int | str]) -> None:
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    for dim in dims:
        entry = shape.dim.add()
        if isinstance(dim, int):
            entry.dim_value = dim
        else:
            entry.dim_param = dim


def rename(model: onnx.ModelProto, names: dict[str, str]) -> None:
    """Renames values everywhere: ports, and the nodes that make or read them."""
    graph = model.graph
    for value in [*graph.input, *graph.output, *graph.value_info]:
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def reshape_output(model: onnx.ModelProto, old: str, new: str, dims: list[int]) -> None:
    """Adds a Reshape behind output `old` and makes its result the output `new` in that place."""
    graph = model.graph
    shape = f"{new}_dims"
    graph.initializer.append(numpy_helper.from_array(np.array(dims, np.int64), shape))
    graph.node.append(helper.make_node("Reshape", [old, shape], [new], name=f"reshape_{new}"))
    for value in graph.output:
        if value.name == old:
            value.name = new
            set_dims(value, dims)


def constants_to_initializers(model: onnx.ModelProto) -> None:
    """Constant nodes with a tensor become initialisers: smaller to edit, same meaning."""
    graph = model.graph
    kept = []
    for node in graph.node:
        value = next((item.t for item in node.attribute if item.name == "value"), None) if node.op_type == "Constant" else None
        if value is None:
            kept.append(node)
        else:
            tensor = graph.initializer.add()
            tensor.CopyFrom(value)
            tensor.name = node.output[0]
    del graph.node[:]
    graph.node.extend(kept)


def store_half(model: onnx.ModelProto, smallest: int = STORE_AS_HALF) -> int:
    """Stores large float32 weights as float16 with a Cast back to float32 behind: half the download.

    onnxruntime folds the Cast when it loads the graph, so activations and arithmetic stay float32.
    Returns how many tensors changed; one that float16 cannot hold stays as it is.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims, dtype=np.int64)) < smallest:
            continue
        value = numpy_helper.to_array(tensor)
        if not np.isfinite(value).all() or np.abs(value).max() > np.finfo(np.float16).max:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    return len(casts)
