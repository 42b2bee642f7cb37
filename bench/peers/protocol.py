"""What every contestant in Python shares: arguments, and JSON lines on stdin and stdout."""

import argparse
import json
import math
import os
import sys
import time

CLASSES = 1000
RATE = 0.01
MOMENTUM = 0.9


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", required=True)
    parser.add_argument("--task", choices=["train", "evaluate"], required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--resizer", type=int, required=True, help="side of the resizer's input, 0 for none")
    return parser.parse_args()


def serve(start):
    """Answers `{"run": n}` and `{"describe": true}` until stdin ends.

    start: makes the work; returns (step, describe). A step returns one number, the loss or a logit, so
    that it is over when it returns. Frameworks that print do so on stderr: stdout is the harness's.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    step, describe = start()
    for line in sys.stdin:
        request = json.loads(line)
        answer = describe() if "describe" in request else run(step, request["run"])
        print(json.dumps(answer), file=answers, flush=True)


def run(step, count):
    seconds = []
    for _ in range(count):
        before = time.perf_counter()
        value = step()
        seconds.append(time.perf_counter() - before)
        if not math.isfinite(value):
            sys.exit(f"step gave {value}")
    return {"seconds": seconds}
