"""The models in PyTorch, equal to Keras' (which ours follow) in every layer and parameter."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from protocol import CLASSES


class ResNetBlock(nn.Module):
    """Bottleneck of ResNet v1: the stride is in the first 1×1, convolutions have biases."""

    def __init__(self, inputs, channels, stride, project):
        super().__init__()
        outputs = 4 * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)) if project else nn.Identity()
        )

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += self.shortcut(x)
        return self.relu(y)


def classifier(layers, channels):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for channels, repeats, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
        for i in range(repeats):
            layers.append(ResNetBlock(inputs, channels, stride if i == 0 else 1, project=i == 0))
            inputs = 4 * channels
    return classifier(layers, inputs)


def conv_bn_relu6(inputs, outputs, kernel=1, stride=1, groups=1):
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    ]


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            *(conv_bn_relu6(inputs, hidden) if expansion > 1 else []),
            *conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        y = self.layers(x)
        return y.add_(x) if self.residual else y


def mobilenetv2():
    layers = conv_bn_relu6(3, 32, 3, 2)
    inputs = 32
    stages = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    for expansion, channels, repeats, stride in stages:
        for i in range(repeats):
            layers.append(InvertedResidual(inputs, channels, stride if i == 0 else 1, expansion))
            inputs = channels
    return classifier(layers + conv_bn_relu6(inputs, 1280), 1280)


def bn_relu(channels):
    return [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


class DenseLayer(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.layers = nn.Sequential(
            *bn_relu(inputs),
            nn.Conv2d(inputs, 128, 1, bias=False),
            *bn_relu(128),
            nn.Conv2d(128, 32, 3, padding=1, bias=False),
        )

    def forward(self, x):
        return torch.cat([x, self.layers(x)], 1)


def densenet121():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), *bn_relu(64), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for i, repeats in enumerate([6, 12, 24, 16]):
        if i > 0:
            layers += [*bn_relu(channels), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
        for _ in range(repeats):
            layers.append(DenseLayer(channels))
            channels += 32
    return classifier([*layers, *bn_relu(channels)], channels)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.SiLU(inplace=True),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.gate(x)


def conv_bn_swish(inputs, outputs, kernel=1, stride=1, groups=1):
    *layers, _ = conv_bn_relu6(inputs, outputs, kernel, stride, groups)
    return [*layers, nn.SiLU(inplace=True)]


class MBConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            *(conv_bn_swish(inputs, hidden) if expansion > 1 else []),
            *conv_bn_swish(hidden, hidden, kernel, stride, groups=hidden),
            SqueezeExcite(hidden, inputs // 4),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        y = self.layers(x)
        return y.add_(x) if self.residual else y


def efficientnetb0():
    layers = conv_bn_swish(3, 32, 3, 2)
    inputs = 32
    stages = [
        (1, 3, 16, 1, 1),
        (6, 3, 24, 2, 2),
        (6, 5, 40, 2, 2),
        (6, 3, 80, 3, 2),
        (6, 5, 112, 3, 1),
        (6, 5, 192, 4, 2),
        (6, 3, 320, 1, 1),
    ]
    for expansion, kernel, channels, repeats, stride in stages:
        for i in range(repeats):
            layers.append(MBConv(inputs, channels, kernel, stride if i == 0 else 1, expansion))
            inputs = channels
    return classifier(layers + conv_bn_swish(inputs, 1280), 1280)


def conv_bn_relu(inputs, outputs, kernel=1, stride=1):
    norm = nn.BatchNorm2d(outputs, eps=1e-3)
    norm.weight.requires_grad_(False)  # TF-Slim's batch norm has no scale.
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        norm,
        nn.ReLU(inplace=True),
    ]


class Branches(nn.Module):
    """Lists of layers, side by side."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*layers) for layers in branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def one_three(inputs, middle, stride=1):
    return [*conv_bn_relu(inputs, middle[0]), *conv_bn_relu(middle[0], middle[1], 3, stride)]


def one_three_three(inputs, double, stride=1):
    return [*one_three(inputs, double), *conv_bn_relu(double[1], double[1], 3, stride)]


def inception_v2():
    """BN-Inception as in TF-Slim."""
    layers = [
        nn.Conv2d(3, 24, 7, 2, 3, groups=3, bias=False),
        nn.Conv2d(24, 64, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
        *conv_bn_relu(64, 64),
        *conv_bn_relu(64, 192, 3),
        nn.MaxPool2d(3, 2, 1),
    ]
    inputs = 192
    average = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    modules = [
        (64, (64, 64), (64, 96), 32),
        (64, (64, 96), (64, 96), 64),
        (None, (128, 160), (64, 96), None),
        (224, (64, 96), (96, 128), 128),
        (192, (96, 128), (96, 128), 128),
        (160, (128, 160), (128, 160), 96),
        (96, (128, 192), (160, 192), 96),
        (None, (128, 192), (192, 256), None),
        (352, (192, 320), (160, 224), 128),
        (352, (192, 320), (192, 224), 128),
    ]
    for i, (first, middle, double, last) in enumerate(modules):
        if first is None:
            smaller = [one_three(inputs, middle, 2), one_three_three(inputs, double, 2), [nn.MaxPool2d(3, 2, 1)]]
            layers.append(Branches(*smaller))
            inputs += middle[1] + double[1]
            continue
        pool = nn.MaxPool2d(3, 1, 1) if i == len(modules) - 1 else average
        layers.append(
            Branches(
                conv_bn_relu(inputs, first),
                one_three(inputs, middle),
                one_three_three(inputs, double),
                [pool, *conv_bn_relu(inputs, last)],
            )
        )
        inputs = first + middle[1] + double[1] + last
    return classifier(layers, inputs)


class Resizer(nn.Module):
    """The learned resizer of Talebi & Milanfar 2021, n = 16, r = 1, bilinear."""

    def __init__(self, target, filters=16):
        super().__init__()

        def conv(inputs, outputs, kernel):
            return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)

        self.target = target
        self.head = nn.Sequential(
            conv(3, filters, 7),
            nn.LeakyReLU(0.2, inplace=True),
            conv(filters, filters, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.BatchNorm2d(filters),
        )
        self.block = nn.Sequential(
            conv(filters, filters, 3),
            nn.BatchNorm2d(filters),
            nn.LeakyReLU(0.2, inplace=True),
            conv(filters, filters, 3),
            nn.BatchNorm2d(filters),
        )
        self.middle = nn.Sequential(conv(filters, filters, 3), nn.BatchNorm2d(filters))
        self.tail = conv(filters, 3, 7)

    def resize(self, x):
        return F.interpolate(x, size=(self.target, self.target), mode="bilinear", align_corners=False)

    def forward(self, x):
        features = self.resize(self.head(x))
        y = self.block(features).add_(features)
        y = self.middle(y).add_(features)
        return self.tail(y).add_(self.resize(x))


BACKBONES = {
    "inception_v2": inception_v2,
    "densenet121": densenet121,
    "resnet50": resnet50,
    "mobilenetv2_1.0": mobilenetv2,
    "efficientnetb0": efficientnetb0,
}


def model_of(name, size, resizer):
    model = BACKBONES[name]()
    if resizer:
        model = nn.Sequential(Resizer(size), model)
    return model.to(memory_format=torch.channels_last)
