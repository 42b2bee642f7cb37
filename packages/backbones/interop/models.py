"""The networks of other projects, by the name of ours and of the layout."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import timm
import torch
import transformers

CLASSES = 7
SIZE = 96
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

KERAS = {
    "densenet121": ("DenseNet121", {}),
    "resnet50": ("ResNet50", {}),
    "mobilenetv2_1.0": ("MobileNetV2", {}),
    "mobilenetv2_0.35": ("MobileNetV2", {"alpha": 0.35}),
    "efficientnetb0": ("EfficientNetB0", {}),
}


def keras_model(name):
    kind, options = KERAS[name]
    shape = (SIZE, SIZE, 3)
    build = getattr(keras.applications, kind)
    return build(weights=None, input_shape=shape, classes=CLASSES, classifier_activation=None, **options)


def _timm(name):
    return timm.create_model(name, pretrained=False, num_classes=CLASSES)


def _efficientnet():
    config = transformers.EfficientNetConfig(
        width_coefficient=1.0, depth_coefficient=1.0, image_size=SIZE, hidden_dim=1280, num_labels=CLASSES
    )
    return transformers.EfficientNetForImageClassification(config)


def _mobilenet(width):
    config = transformers.MobileNetV2Config(depth_multiplier=width, image_size=SIZE, num_labels=CLASSES)
    return transformers.MobileNetV2ForImageClassification(config)


TORCH = {
    ("efficientnetb0", "timm-tf"): lambda: _timm("tf_efficientnet_b0"),
    ("efficientnet_lite0", "timm-tf"): lambda: _timm("tf_efficientnet_lite0"),
    ("densenet121", "timm"): lambda: _timm("densenet121"),
    ("efficientnetb0", "transformers"): _efficientnet,
    ("mobilenetv2_1.0", "transformers"): lambda: _mobilenet(1.0),
    ("mobilenetv2_0.35", "transformers"): lambda: _mobilenet(0.35),
}


def torch_logits(model, images):
    """images: [batch, h, w, 3] → logits."""
    with torch.no_grad():
        result = model.eval()(torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))))
    return getattr(result, "logits", result).numpy()


def statistics(draws, name, shape):
    """Values for a batch norm's parameter or statistic; None for other weights."""
    if "variance" in name or "running_var" in name:
        return draws.uniform(0.5, 1.5, shape).astype("float32")
    if "gamma" in name:
        return draws.uniform(0.8, 1.2, shape).astype("float32")
    if "mean" in name or "beta" in name:
        return draws.normal(0, 0.1, shape).astype("float32")
    return None
