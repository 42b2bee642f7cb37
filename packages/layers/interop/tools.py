"""What make.py and check.py share: the little model, its weights, and a quiet TensorFlow."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np

NAMES = [
    "conv/kernel",
    "conv/bias",
    "bn/gamma",
    "bn/beta",
    "bn/moving_mean",
    "bn/moving_variance",
    "depthwise/depthwise_kernel",
    "separable/depthwise_kernel",
    "separable/pointwise_kernel",
    "separable/bias",
    "predictions/kernel",
    "predictions/bias",
]


def little_model(keras):
    """One layer of each kind; works with Keras 3 and Keras 2, whose weights come in the order of NAMES."""
    layers = keras.layers
    image = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.DepthwiseConv2D(3, use_bias=False, name="depthwise")(x)
    x = layers.SeparableConv2D(2, 3, name="separable")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.Dense(2, name="predictions")(x)
    return keras.Model(image, x)


def value(index, shape):
    """The values of the weight with this index."""
    size = int(np.prod(shape))
    return (index + np.arange(size) / 64).astype("float32").reshape(shape)


def fill(model):
    model.set_weights([value(i, w.shape) for i, w in enumerate(model.get_weights())])
    return model
