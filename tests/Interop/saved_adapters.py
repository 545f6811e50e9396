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
from transformers import AutoModelForCausalLM

import saved_logits


def load(folder):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(folder, "base"), attn_implementation="eager", dtype=torch.float32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(model, folder).eval()
    missing = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    if missing:
        raise RuntimeError(missing[0])
    return model


if __name__ == "__main__":
    sys.exit(saved_logits.compare(sys.argv[1], load, "adapters"))
