"""Convert the fetched detectors and the text reader to ONNX with our port names, and check them.

    python convert.py

Writes work/onnx/{face-detector-short,face-detector-full,face-landmarks,text-detector,text-recognizer}.onnx
and work/onnx/dictionary.txt; after `fetch.py --teacher` work/base/facenet.npz too.
Needs .venv-convert beside .venv for three tflite files and a frozen graph. Half a minute.
"""

import subprocess

import numpy as np
import onnx
import onnxruntime
import torch

import facenet
from common import HERE, WORK
from fetch import BASE
from onnx_tools import constants_to_initializers, rename, reshape_output, set_dims

ONNX = WORK / "onnx"
CONVERT_PYTHON = HERE / ".venv-convert" / "bin" / "python"
TFLITE_TOLERANCE = 1e-3
"""Largest difference to the tflite interpreter, over the largest output value."""


def open_session(path: str | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def convert_tflite(name: str, small: tuple[str, list[int]], large: tuple[str, list[int]]) -> None:
    """tflite → ONNX; the output with fewer elements gets the name and dims `small`, the other `large`."""
    raw, check = ONNX / f"{name}.raw.onnx", ONNX / f"{name}.check.npz"
    subprocess.run([CONVERT_PYTHON, HERE / "convert_tflite.py", BASE / f"{name}.tflite", raw, check], check=True, capture_output=True)
    model = onnx.load(raw)
    rename(model, {model.graph.input[0].name: "pixel_values"})
    by_size = sorted(model.graph.output, key=lambda value: np.prod([dim.dim_value for dim in value.type.tensor_type.shape.dim]))
    for value, (port_name, dims) in zip(by_size, (small, large), strict=True):
        if [dim.dim_value for dim in value.type.tensor_type.shape.dim] == dims:
            rename(model, {value.name: port_name})
        else:
            reshape_output(model, value.name, port_name, dims)
    onnx.checker.check_model(model)
    onnx.save(model, ONNX / f"{name}.onnx")
    expected = np.load(check)
    got = open_session(str(ONNX / f"{name}.onnx")).run([small[0], large[0]], {"pixel_values": expected["x"]})
    for key, value in zip(("small", "large"), got, strict=True):
        error = float(np.abs(value.reshape(-1) - expected[key]).max() / np.abs(expected[key]).max())
        print(f"{name} {key}: {error:.1e} from tflite")
        if error > TFLITE_TOLERANCE:
            raise SystemExit(f"{name}: the ONNX graph is not the tflite graph (relative error {error:.1e})")
    raw.unlink()
    check.unlink()


def convert_text(name: str, output: str, dims_in: list[int | str], dims_out: list[int | str]) -> None:
    """Our names and dims on a PaddleOCR graph, batch fixed to one; the numbers must stay the same to the bit."""
    model = onnx.load(BASE / f"{name}.onnx")
    constants_to_initializers(model)
    rename(model, {model.graph.input[0].name: "pixel_values", model.graph.output[0].name: output})
    set_dims(model.graph.input[0], dims_in)
    set_dims(model.graph.output[0], dims_out)
    del model.graph.value_info[:]
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, ONNX / f"{name}.onnx")
    height = dims_in[2] if isinstance(dims_in[2], int) else 96
    x = np.random.default_rng(1).uniform(-1, 1, (1, 3, height, 160)).astype(np.float32)
    before = open_session(str(BASE / f"{name}.onnx")).run(None, {"x": x})[0]
    after = open_session(str(ONNX / f"{name}.onnx")).run(None, {"pixel_values": x})[0]
    error = float(np.abs(before - after).max())
    print(f"{name}: {error:.1e} from the original")
    if error > 1e-5:
        raise SystemExit(f"{name}: renaming its ports changed its numbers by {error:.1e}")


def convert_facenet() -> None:
    """The constants of FaceNet's frozen graph, and that `facenet.FaceNet` makes the same of them."""
    source, target, check = BASE / "facenet.pb", BASE / "facenet.npz", ONNX / "facenet.check.npz"
    subprocess.run([CONVERT_PYTHON, HERE / "convert_graph.py", source, target, check], check=True, capture_output=True)
    with np.load(check) as expected, np.load(target) as constants, torch.no_grad():
        x = torch.from_numpy(expected["x"])
        model = facenet.FaceNet(facenet.FaceNetConfig(side=x.shape[-1]))
        facenet.load_start(model, dict(constants), x, gain=1.0)
        error = float(np.abs(model(x)[1].numpy().reshape(-1) - expected["pooled"]).max() / np.abs(expected["pooled"]).max())
    print(f"facenet: {error:.1e} from the frozen graph")
    if error > TFLITE_TOLERANCE:
        raise SystemExit(f"facenet.FaceNet is not the frozen graph (relative error {error:.1e})")
    check.unlink()


def write_dictionary() -> None:
    """The recogniser's characters from its metadata, one a line; index 0 (blank) and the last (space) are not in it."""
    metadata = {item.key: item.value for item in onnx.load(BASE / "text-recognizer.onnx").metadata_props}
    characters = metadata["character"].splitlines()
    classes = onnx.load(ONNX / "text-recognizer.onnx").graph.output[0].type.tensor_type.shape.dim[2].dim_value
    if len(characters) + 2 != classes:
        raise SystemExit(f"the dictionary has {len(characters)} characters, the recogniser {classes} classes: expected two more")
    (ONNX / "dictionary.txt").write_text("\n".join(characters) + "\n")


def main() -> None:
    ONNX.mkdir(parents=True, exist_ok=True)
    convert_tflite("face-detector-short", ("classificators", [1, 896, 1]), ("regressors", [1, 896, 16]))
    convert_tflite("face-detector-full", ("classificators", [1, 2304, 1]), ("regressors", [1, 2304, 16]))
    convert_tflite("face-landmarks", ("presence", [1, 1]), ("landmarks", [1, 1404]))
    convert_text("text-detector", "probability", [1, 3, "H", "W"], [1, 1, "H", "W"])
    convert_text("text-recognizer", "probabilities", [1, 3, 48, "W"], [1, "T", 6625])
    if (BASE / "facenet.pb").exists():
        convert_facenet()
    write_dictionary()


if __name__ == "__main__":
    main()
