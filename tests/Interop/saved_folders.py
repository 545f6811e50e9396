"""Loads folders that LongContext saved with transformers and compares logits.

    LONGCONTEXT_SAVED_MODELS=/tmp/saved dotnet run -c Release --project tests/LongContext.Tests -- --filter-class "*SavedFoldersTests*"
    python3 tests/Interop/saved_folders.py /tmp/saved

Needs torch, transformers 5 and safetensors. Ends with 1 when a folder does not load or differs by more than 2e-4.
"""

import sys

import torch
from transformers import AutoModelForCausalLM

import saved_logits


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


if __name__ == "__main__":
    sys.exit(saved_logits.compare(sys.argv[1], load, "folders"))
