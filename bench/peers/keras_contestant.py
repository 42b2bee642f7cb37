"""Keras on TensorFlow; variants eager, graph (tf.function) and xla (tf.function, jit_compile)."""

import math
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

from keras_models import model_of
from protocol import CLASSES, MOMENTUM, RATE, arguments, serve


def start():
    options = arguments()
    tf.random.set_seed(0)
    side = options.resizer or options.size
    model = model_of(options.model, options.size, options.resizer)
    images = tf.random.normal([options.batch, side, side, 3])
    labels = tf.one_hot(tf.range(options.batch), CLASSES)
    make = train_step if options.task == "train" else evaluate_step
    step = make(model)
    if options.variant != "eager":
        step = tf.function(step, jit_compile=options.variant == "xla")
    return lambda: float(step(images, labels)), lambda: describe(model)


def train_step(model):
    optimiser = keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    optimiser.build(model.trainable_variables)

    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimiser.apply(gradients, model.trainable_variables)
        return loss

    return step


def evaluate_step(model):
    return lambda images, labels: model(images, training=False)[0, 0]


def describe(model):
    return {
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or len(os.sched_getaffinity(0)),
        "multiplyAdds": sum(multiply_adds(layer) for layer in flattened(model)),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
    }


def flattened(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flattened(layer)
        else:
            yield layer


def multiply_adds(layer):
    """Of one image. A weight of a kernel is used once for each pixel of the output."""
    if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
        _, height, width, _ = layer.output.shape
        return math.prod(layer.kernel.shape) * height * width
    return math.prod(layer.kernel.shape) if isinstance(layer, keras.layers.Dense) else 0


serve(start)
