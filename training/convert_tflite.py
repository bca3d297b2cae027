"""tflite → ONNX, in the environment that holds TensorFlow (requirements-convert.txt); called by convert.py.

    .venv-convert/bin/python convert_tflite.py <file.tflite> <file.onnx> <check.npz>

check.npz holds a seeded random input in [-1, 1] and what the tflite interpreter makes of it.
"""

import subprocess
import sys

import numpy as np
import tensorflow as tf


def main() -> None:
    source, target, check = sys.argv[1:]
    subprocess.run([sys.executable, "-m", "tf2onnx.convert", "--tflite", source, "--opset", "17", "--output", target], check=True)
    interpreter = tf.lite.Interpreter(source, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    x = np.random.default_rng(1).uniform(-1, 1, entry["shape"]).astype(np.float32)
    interpreter.set_tensor(entry["index"], x)
    interpreter.invoke()
    outputs = sorted((interpreter.get_tensor(item["index"]).reshape(-1) for item in interpreter.get_output_details()), key=len)
    np.savez(check, x=x, small=outputs[0], large=outputs[1])


if __name__ == "__main__":
    main()
