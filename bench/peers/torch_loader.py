"""PyTorch's DataLoader with two workers; photos decoded and resized by Pillow, as torchvision does it."""

import math
import random

import numpy
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from loader_protocol import arguments, time_epochs


class Photos(Dataset):
    def __init__(self, options):
        self.options = options

    def __len__(self):
        return len(self.options.photos)

    def __getitem__(self, index):
        photo = Image.open(self.options.photos[index]).convert("RGB")
        if self.options.transform == "crop":
            photo = photo.crop(random_box(photo.width, photo.height))
        photo = photo.resize((self.options.size, self.options.size), Image.Resampling.BILINEAR)
        if random.random() < 0.5:
            photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return torch.from_numpy(numpy.array(photo))


def random_box(width, height):
    """torchvision's RandomResizedCrop, with its default scale and ratio."""
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        aspect = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return left, top, left + w, top + h
    return 0, 0, width, height


if __name__ == "__main__":
    options = arguments()
    loader = DataLoader(
        Photos(options),
        batch_size=options.batch,
        shuffle=True,
        drop_last=True,
        num_workers=2,
        persistent_workers=True,
        prefetch_factor=4,
    )
    time_epochs(options.epochs, lambda: iter(loader))
