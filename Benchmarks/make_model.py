"""Writes a random bfloat16 LLaMA of about 1.1 billion parameters in three shards: make_model.py FOLDER TOKENIZER_FOLDER."""

import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file

HIDDEN, LAYERS, INNER, ROWS, HEADS, KEY_VALUE_HEADS = 2048, 22, 5632, 32000, 32, 4


def main(folder, tokenizer):
    os.makedirs(folder, exist_ok=True)
    for name in ("tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(os.path.join(tokenizer, name), folder)
    generator = torch.Generator().manual_seed(1)

    def matrix(rows, columns):
        return (torch.randn(rows, columns, generator=generator) * 0.02).to(torch.bfloat16)

    width = HIDDEN // HEADS * KEY_VALUE_HEADS
    tensors = {"model.embed_tokens.weight": matrix(ROWS, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{prefix}{norm}.weight"] = torch.ones(HIDDEN, dtype=torch.bfloat16)
        for name, rows, columns in (
            ("self_attn.q_proj", HIDDEN, HIDDEN), ("self_attn.k_proj", width, HIDDEN),
            ("self_attn.v_proj", width, HIDDEN), ("self_attn.o_proj", HIDDEN, HIDDEN),
            ("mlp.gate_proj", INNER, HIDDEN), ("mlp.up_proj", INNER, HIDDEN), ("mlp.down_proj", HIDDEN, INNER),
        ):
            tensors[f"{prefix}{name}.weight"] = matrix(rows, columns)
    tensors["model.norm.weight"] = torch.ones(HIDDEN, dtype=torch.bfloat16)
    tensors["lm_head.weight"] = matrix(ROWS, HIDDEN)

    names = list(tensors)
    third = -(-len(names) // 3)
    weight_map = {}
    for index in range(3):
        file = f"model-{index + 1:05d}-of-00003.safetensors"
        part = names[index * third:(index + 1) * third]
        save_file({name: tensors[name] for name in part}, os.path.join(folder, file), metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(part, file))
    total = sum(tensor.numel() for tensor in tensors.values())
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as out:
        json.dump({"metadata": {"total_size": 2 * total}, "weight_map": weight_map}, out)
    configuration = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_VALUE_HEADS, "vocab_size": ROWS, "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": False,
        "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2,
    }
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(configuration, out, indent=2)


main(*sys.argv[1:3])
