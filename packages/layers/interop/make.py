"""Writes weight files with the real tools: make.py FOLDER [--applications]"""

import pathlib
import shutil
import sys

from tools import NAMES, fill, little_model, value

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras
import torch
from keras.src.legacy.saving import legacy_h5_format
from safetensors.torch import save_file


def keras_files(folder):
    model = fill(little_model(keras))
    model.save_weights(folder / "keras3.weights.h5")
    model.save(folder / "keras3_model.h5")
    fill(little_model(tf_keras)).save_weights(folder / "keras2.h5")


def tensorflow_files(folder):
    model = fill(little_model(keras))
    shapes = [w.shape for w in model.get_weights()]
    step = tf.Variable(2**40 + 1, dtype=tf.int64, name="step")
    tf.train.Checkpoint(model=model, step=step).write(str(folder / "tf2"))
    model.export(str(folder / "exported"), verbose=False)
    shutil.rmtree(folder / "saved_model", ignore_errors=True)
    (folder / "saved_model").mkdir()
    shutil.move(folder / "exported" / "variables", folder / "saved_model" / "variables")
    shutil.rmtree(folder / "exported")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for i, (name, shape) in enumerate(zip(NAMES, shapes)):
            tf.compat.v1.get_variable(f"Slim/{name}", initializer=value(i, shape))
        tf.compat.v1.get_variable("half", initializer=np.array([1.5, -2], "float16"))
        tf.compat.v1.get_variable("global_step", initializer=np.int64(2**40 + 1))
        tf.compat.v1.get_variable("zeros", initializer=np.zeros((20, 50), "float32"))
        session.run(tf.compat.v1.global_variables_initializer())
        for version, name in [(1, "slim_v1.ckpt"), (2, "slim_v2.ckpt")]:
            saver = tf.compat.v1.train.Saver(write_version=version)
            saver.save(session, str(folder / name), write_meta_graph=False)
    (folder / "checkpoint").unlink()


def torch_file(folder):
    tensors = {n: torch.from_numpy(w) for n, w in zip(NAMES, fill(little_model(keras)).get_weights())}
    save_file({**tensors, "step": torch.tensor(2**40 + 1)}, folder / "torch.safetensors", {"format": "pt"})


def applications(folder):
    """Keras Applications with random weights, in the layout of Keras 3 and in that of the releases."""
    for name in ["MobileNetV2", "EfficientNetB0", "ResNet50", "DenseNet121"]:
        model = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=2)
        model.save_weights(folder / f"{name}.weights.h5")
        with h5py.File(folder / f"{name}.h5", "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(exist_ok=True)
    keras_files(target)
    tensorflow_files(target)
    torch_file(target)
    if "--applications" in sys.argv:
        applications(target)
