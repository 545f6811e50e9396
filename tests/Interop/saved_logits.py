"""What the comparisons of saved folders have in common: logits beside those that LongContext wrote, folder by folder."""

import os

import torch
from safetensors.torch import load_file

TOLERANCE = 2e-4


def difference(model, folder):
    """Largest difference of a model's logits from those in the folder's expected.safetensors."""
    expected = load_file(os.path.join(folder, "expected.safetensors"))
    with torch.no_grad():
        logits = model(input_ids=expected["input_ids"], use_cache=False).logits
    return (logits - expected["logits"]).abs().max().item()


def compare(root, load, what):
    """Loads every folder below root that has expected logits, prints its difference, and returns the exit code."""
    worst = 0.0
    names = sorted(name for name in os.listdir(root) if os.path.exists(os.path.join(root, name, "expected.safetensors")))
    for name in names:
        folder = os.path.join(root, name)
        off = difference(load(folder), folder)
        worst = max(worst, off)
        print(f"{name:45} {off:.2e}{'' if off <= TOLERANCE else '  TOO FAR'}")
    print(f"{len(names)} {what}, largest difference {worst:.2e}")
    return 0 if names and worst <= TOLERANCE else 1
