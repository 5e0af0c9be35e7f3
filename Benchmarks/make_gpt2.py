"""Writes a random bfloat16 GPT-2 of 1.56 billion parameters, whose matrices are stored transposed, in one file:
make_gpt2.py FOLDER TOKENIZER_FOLDER [float16]."""

import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file

WIDTH, LAYERS, HEADS, POSITIONS, ROWS = 1600, 48, 25, 1024, 50257


def main(folder, tokenizer, element_type="bfloat16"):
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(tokenizer):
        shutil.copy(os.path.join(tokenizer, name), folder)
    generator = torch.Generator().manual_seed(1)
    numbers = (torch.randn(1 << 27, generator=generator) * 0.02).to(getattr(torch, element_type))

    def tensor(*shape):
        # Drawing as many numbers as the model has would take minutes; a piece at a random place does as well.
        count = torch.Size(shape).numel()
        start = int(torch.randint(len(numbers) - count, (1,), generator=generator))
        return numbers[start:start + count].reshape(shape).clone()

    tensors = {"wte.weight": tensor(ROWS, WIDTH), "wpe.weight": tensor(POSITIONS, WIDTH)}
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("attn.c_attn", WIDTH, 3 * WIDTH), ("attn.c_proj", WIDTH, WIDTH), ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            tensors[f"h.{layer}.{name}.weight"] = tensor(rows, columns)
            tensors[f"h.{layer}.{name}.bias"] = tensor(columns)
        for name in ("ln_1", "ln_2"):
            tensors |= {f"h.{layer}.{name}.weight": tensor(WIDTH), f"h.{layer}.{name}.bias": tensor(WIDTH)}
    tensors |= {"ln_f.weight": tensor(WIDTH), "ln_f.bias": tensor(WIDTH)}
    save_file(
        {f"transformer.{name}": value for name, value in tensors.items()}, os.path.join(folder, "model.safetensors"),
        metadata={"format": "pt"})
    configuration = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS,
        "n_positions": POSITIONS, "n_ctx": POSITIONS, "vocab_size": ROWS, "layer_norm_epsilon": 1e-05,
        "activation_function": "gelu_new", "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": element_type,
    }
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(configuration, out, indent=2)


main(*sys.argv[1:])
