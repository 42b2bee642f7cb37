"""What the loaders in Python share: arguments, the list of photos, and the timing of epochs."""

import argparse
import json
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", required=True, help="file with the path of a photo in each line")
    parser.add_argument("--transform", choices=["stretch", "crop"], required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--cache", help="memory, or an empty folder")
    options = parser.parse_args()
    with open(options.list, encoding="utf-8") as file:
        options.photos = file.read().splitlines()
    return options


def time_epochs(epochs, batches):
    """Prints photos an epoch and seconds of each epoch. batches: makes the iterator of one epoch."""
    seconds = []
    for _ in range(epochs):
        seen = 0
        start = time.perf_counter()
        for batch in batches():
            seen += len(batch)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"photos": seen, "seconds": seconds}))
