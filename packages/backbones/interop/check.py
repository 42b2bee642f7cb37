"""Loads the weights that we wrote into the other projects' networks, and compares logits: check.py FOLDER"""

import pathlib
import sys

from models import DEVIATION, KERAS, MEAN, TORCH, keras_model, torch_logits

import numpy as np
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch


def compare(what, logits, golden):
    error = np.abs(logits - golden).max() / golden.std()
    print(f"{what}: {error:.1e}")
    assert error < 1e-4, what


def check_keras(folder, name):
    golden = load_file(folder / f"{name}.keras.golden.safetensors")
    model = keras_model(name)
    model.load_weights(folder / f"{name}.keras.ours.weights.h5")
    images = golden["images"]
    fed = (images * DEVIATION + MEAN) * 255 if name == "efficientnetb0" else images
    compare(f"{name} keras", model(fed.astype("float32"), training=False).numpy(), golden["logits"])


def check_torch(folder, name, layout):
    golden = load_file(folder / f"{name}.{layout}.golden.safetensors")
    model = TORCH[name, layout]()
    model.load_state_dict(load_torch(folder / f"{name}.{layout}.ours.safetensors"))
    compare(f"{name} {layout}", torch_logits(model, golden["images"]), golden["logits"])


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    for name in KERAS:
        check_keras(target, name)
    for name, layout in TORCH:
        check_torch(target, name, layout)
