"""Writes weights, images and logits of other projects' networks: make.py FOLDER"""

import pathlib
import sys

from models import DEVIATION, KERAS, MEAN, SIZE, TORCH, keras_model, statistics, torch_logits

import h5py
import keras
import numpy as np
import torch
from keras.src.legacy.saving import legacy_h5_format
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch


def images_of(draws):
    """Preprocessed; EfficientNet of Keras gets 0 … 255 that give the same."""
    return draws.uniform(-2, 2, (2, SIZE, SIZE, 3)).astype("float32")


def keras_files(folder, name):
    draws = np.random.default_rng(1)
    keras.utils.set_random_seed(1)
    model = keras_model(name)
    for layer in model.layers:
        for weight in layer.weights:
            value = statistics(draws, weight.name, weight.shape)
            if value is not None:
                weight.assign(value)
        if layer.name == "normalization":
            layer.set_weights([np.array(MEAN), np.array(DEVIATION) ** 2, np.array(0)])
            layer.mean, layer.variance = layer.adapt_mean, layer.adapt_variance
            layer.finalize_state()
    images = images_of(draws)
    fed = (images * DEVIATION + MEAN) * 255 if name == "efficientnetb0" else images
    logits = model(fed.astype("float32"), training=False).numpy()
    save_file({"images": images, "logits": logits}, folder / f"{name}.keras.golden.safetensors")
    model.save_weights(folder / f"{name}.keras.weights.h5")
    with h5py.File(folder / f"{name}.keras.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def torch_files(folder, name, layout):
    draws = np.random.default_rng(2)
    torch.manual_seed(2)
    model = TORCH[name, layout]()
    state = model.state_dict()
    norms = {key.removesuffix("running_var") for key in state if key.endswith("running_var")}
    for key, value in state.items():
        norm = key.rpartition(".")[0] + "." in norms
        alias = key.replace("weight", "gamma").replace("bias", "beta") if norm else ""
        new = statistics(draws, alias, value.shape)
        if new is not None:
            value.copy_(torch.from_numpy(new))
    images = images_of(draws)
    golden = {"images": images, "logits": torch_logits(model, images)}
    save_file(golden, folder / f"{name}.{layout}.golden.safetensors")
    save_torch({k: v.contiguous() for k, v in state.items()}, folder / f"{name}.{layout}.safetensors", {"format": "pt"})


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(exist_ok=True)
    for name in KERAS:
        keras_files(target, name)
    for name, layout in TORCH:
        torch_files(target, name, layout)
