"""Loads the files that we wrote with the real tools, and compares: check.py FOLDER"""

import pathlib
import sys

from tools import NAMES, fill, little_model

import keras
import numpy as np
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch


def check_little(folder):
    wanted = fill(little_model(keras)).get_weights()
    model = little_model(keras)
    model.load_weights(folder / "ours.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), wanted, strict=True))
    ours = load_file(folder / "ours.safetensors")
    assert all(np.array_equal(ours[name], w) for name, w in zip(NAMES, wanted, strict=True))
    assert ours["step"] == 2**40 + 1 and ours["step"].dtype == np.int64
    assert len(load_torch(folder / "ours.safetensors")) == len(NAMES) + 1


def check_applications(folder):
    for name in ["MobileNetV2", "EfficientNetB0", "ResNet50", "DenseNet121"]:
        models = []
        for file in [f"{name}.weights.h5", f"{name}_ours.weights.h5"]:
            model = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=2)
            model.load_weights(folder / file)
            models.append(model.get_weights())
        assert all(np.array_equal(a, b) for a, b in zip(*models, strict=True)), name


if __name__ == "__main__":
    check_little(pathlib.Path(sys.argv[1]))
    check_applications(pathlib.Path(sys.argv[1]))
    print("ok")
