"""tf.data; what is the same in each epoch may be cached, in memory or in files."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from loader_protocol import arguments, time_epochs

CROP = {"area_range": (0.08, 1.0), "aspect_ratio_range": (3 / 4, 4 / 3), "min_object_covered": 0.0}


def main(options):
    def decoded(path):
        return tf.io.decode_jpeg(tf.io.read_file(path), channels=3)

    def resized(photo):
        photo = tf.image.resize(photo, (options.size, options.size), antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(photo), 0, 255), tf.uint8)

    def cropped(photo):
        whole = tf.constant([[[0.0, 0.0, 1.0, 1.0]]])
        begin, size, _ = tf.image.sample_distorted_bounding_box(tf.shape(photo), whole, **CROP)
        return resized(tf.slice(photo, begin, size))

    stretch = options.transform == "stretch"
    prepare = (lambda path: resized(decoded(path))) if stretch else decoded
    finish = (lambda photo: photo) if stretch else cropped
    finish_and_flip = lambda photo: tf.image.random_flip_left_right(finish(photo))

    count = len(options.photos)
    data = tf.data.Dataset.from_tensor_slices(options.photos)
    if options.cache is None:
        data = data.shuffle(count).map(prepare, tf.data.AUTOTUNE)
    else:
        data = data.map(prepare, tf.data.AUTOTUNE)
        data = data.cache("" if options.cache == "memory" else os.path.join(options.cache, "tf"))
        data = data.shuffle(count)
    data = data.map(finish_and_flip, tf.data.AUTOTUNE)
    data = data.batch(options.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    time_epochs(options.epochs, lambda: iter(data))


main(arguments())
