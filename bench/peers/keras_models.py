"""The models in Keras: Keras Applications where it has them, optionally behind the learned resizer."""

import functools

import keras
from keras import layers

# The function behind EfficientNetB0, which fixes the drop rates: what we compare drops nothing.
from keras.src.applications.efficientnet import EfficientNet

from protocol import CLASSES


def application(build, size):
    return build(input_shape=(size, size, 3), weights=None, classes=CLASSES, classifier_activation=None)


def inception_v2(size):
    """BN-Inception as in TF-Slim, which Keras Applications does not have."""

    def unit(x, filters, kernel=1, strides=1):
        x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(scale=False)(x))

    def pool(x, strides, kind=layers.MaxPooling2D):
        return kind(3, strides, padding="same")(x)

    def mixed(x, first, middle, double, last, kind=layers.AveragePooling2D):
        branches = [
            unit(x, first),
            unit(unit(x, middle[0]), middle[1], 3),
            unit(unit(unit(x, double[0]), double[1], 3), double[1], 3),
            unit(pool(x, 1, kind), last),
        ]
        return layers.Concatenate()(branches)

    def smaller(x, middle, double):
        branches = [
            unit(unit(x, middle[0]), middle[1], 3, 2),
            unit(unit(unit(x, double[0]), double[1], 3), double[1], 3, 2),
            pool(x, 2),
        ]
        return layers.Concatenate()(branches)

    images = keras.Input((size, size, 3))
    x = layers.DepthwiseConv2D(7, 2, padding="same", depth_multiplier=8, use_bias=False)(images)
    x = pool(layers.ReLU()(layers.Conv2D(64, 1)(x)), 2)
    x = pool(unit(unit(x, 64), 192, 3), 2)
    x = mixed(x, 64, (64, 64), (64, 96), 32)
    x = mixed(x, 64, (64, 96), (64, 96), 64)
    x = smaller(x, (128, 160), (64, 96))
    x = mixed(x, 224, (64, 96), (96, 128), 128)
    x = mixed(x, 192, (96, 128), (96, 128), 128)
    x = mixed(x, 160, (128, 160), (128, 160), 96)
    x = mixed(x, 96, (128, 192), (160, 192), 96)
    x = smaller(x, (128, 192), (192, 256))
    x = mixed(x, 352, (192, 320), (160, 224), 128)
    x = mixed(x, 352, (192, 320), (192, 224), 128, layers.MaxPooling2D)
    return keras.Model(images, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x)))


BACKBONES = {
    "inception_v2": inception_v2,
    "densenet121": functools.partial(application, keras.applications.DenseNet121),
    "resnet50": functools.partial(application, keras.applications.ResNet50),
    "mobilenetv2_1.0": functools.partial(application, keras.applications.MobileNetV2),
    "efficientnetb0": functools.partial(
        application,
        functools.partial(EfficientNet, 1.0, 1.0, 224, dropout_rate=0, drop_connect_rate=0),
    ),
}


def resized(images, target, filters=16):
    """The learned resizer of Talebi & Milanfar 2021, n = 16, r = 1, bilinear."""

    def conv(x, outputs, kernel):
        return layers.Conv2D(outputs, kernel, padding="same", use_bias=False)(x)

    def norm(x):
        return layers.BatchNormalization()(x)

    def leaky(x):
        return layers.LeakyReLU(negative_slope=0.2)(x)

    def resize(x):
        return layers.Resizing(target, target, interpolation="bilinear")(x)

    y = leaky(conv(leaky(conv(images, filters, 7)), filters, 1))
    features = resize(norm(y))
    y = leaky(norm(conv(features, filters, 3)))
    y = norm(conv(y, filters, 3)) + features
    y = norm(conv(y, filters, 3)) + features
    return conv(y, 3, 7) + resize(images)


def model_of(name, size, resizer):
    side = resizer or size
    images = keras.Input((side, side, 3))
    backbone = BACKBONES[name](size)
    return keras.Model(images, backbone(resized(images, size) if resizer else images))
