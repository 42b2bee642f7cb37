"""The models in Keras: Keras Applications itself, optionally behind the learned resizer."""

import keras
from keras import layers

from protocol import CLASSES

BACKBONES = {
    "resnet50": keras.applications.ResNet50,
    "mobilenetv2_1.0": keras.applications.MobileNetV2,
    "densenet121": keras.applications.DenseNet121,
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
    backbone = BACKBONES[name](
        input_shape=(size, size, 3), weights=None, classes=CLASSES, classifier_activation=None
    )
    return keras.Model(images, backbone(resized(images, size) if resizer else images))
