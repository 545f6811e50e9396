"""Loads adapters that LongContext saved with PEFT, each on its base model, and compares logits.

    LONGCONTEXT_SAVED_ADAPTERS=/tmp/saved dotnet run -c Release --project tests/LongContext.Tests -- --filter-class "*SavedAdaptersTests*"
    python3 tests/Interop/saved_adapters.py /tmp/saved

Needs torch, transformers 5, peft and safetensors. Ends with 1 when an adapter does not load whole or differs by more than 2e-4.
"""

import os
import sys
import warnings

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TOLERANCE = 2e-4


def difference(folder):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(folder, "base"), attn_implementation="eager", dtype=torch.float32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(model, folder).eval()
    missing = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    if missing:
        raise RuntimeError(missing[0])
    expected = load_file(os.path.join(folder, "expected.safetensors"))
    with torch.no_grad():
        logits = model(input_ids=expected["input_ids"], use_cache=False).logits
    return (logits - expected["logits"]).abs().max().item()


def main(root):
    worst = 0.0
    names = sorted(name for name in os.listdir(root) if os.path.exists(os.path.join(root, name, "expected.safetensors")))
    for name in names:
        off = difference(os.path.join(root, name))
        worst = max(worst, off)
        print(f"{name:45} {off:.2e}{'' if off <= TOLERANCE else '  TOO FAR'}")
    print(f"{len(names)} adapters, largest difference {worst:.2e}")
    return 0 if names and worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
