"""PyTorch: channels_last, in-place activations, fused SGD; variants eager and compile (inductor)."""

import copy
import os

import torch
import torch._inductor.config
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from protocol import MOMENTUM, RATE, arguments, serve
from torch_models import model_of


def start():
    options = arguments()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    side = options.resizer or options.size
    model = model_of(options.model, options.size, options.resizer)
    images = torch.randn(options.batch, 3, side, side).to(memory_format=torch.channels_last)
    labels = torch.arange(options.batch)
    runnable = model
    if options.variant == "compile":
        # Folds batch norm and prepacks weights, as PyTorch advises for inference on a CPU.
        torch._inductor.config.freezing = options.task == "evaluate"
        runnable = torch.compile(model)
    make = train_step if options.task == "train" else evaluate_step
    return make(model, runnable, images, labels), lambda: describe(model, images)


def train_step(model, runnable, images, labels):
    optimiser = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM, fused=True)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(runnable(images), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def evaluate_step(model, runnable, images, labels):
    model.eval()

    def step():
        # torch.compile freezes weights under no_grad only; eager gains from inference_mode.
        with torch.no_grad() if runnable is not model else torch.inference_mode():
            return runnable(images)[0, 0].item()

    return step


def describe(model, images):
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        copy.deepcopy(model).to("meta")(images[:1].to("meta"))
    return {
        "versions": {"torch": torch.__version__},
        "threads": torch.get_num_threads(),
        "multiplyAdds": counter.get_total_flops() // 2,
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }


serve(start)
