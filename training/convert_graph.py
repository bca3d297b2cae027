"""A frozen TensorFlow graph → its constants, in the environment that holds TensorFlow (requirements-convert.txt); called by convert.py.

    .venv-convert/bin/python convert_graph.py <graph.pb> <constants.npz> <check.npz>

check.npz holds a seeded random input, grey, and what the graph's average pool, the last thing before its embedding, makes of it.
"""

import sys

import numpy as np
import tensorflow as tf


def main() -> None:
    source, target, check = sys.argv[1:]
    graph = tf.compat.v1.GraphDef()
    with open(source, "rb") as handle:
        graph.ParseFromString(handle.read())
    constants = {node.name: tf.make_ndarray(node.attr["value"].tensor) for node in graph.node if node.op == "Const"}
    np.savez(target, **{name: value for name, value in constants.items() if value.ndim and value.dtype == np.float32})
    (pool,) = (node.name for node in graph.node if node.op == "AvgPool")
    x = np.random.default_rng(1).normal(0, 0.5, (1, 160, 160, 1)).astype(np.float32)
    with tf.Graph().as_default() as opened:
        tf.import_graph_def(graph, name="")
        with tf.compat.v1.Session(graph=opened) as session:
            pooled = session.run(f"{pool}:0", {"input:0": x.repeat(3, 3)})
    np.savez(check, x=x.transpose(0, 3, 1, 2), pooled=pooled.reshape(-1))


if __name__ == "__main__":
    main()
