"""Writes a small LLaMA with rows of whole blocks, so that every storage format is used, and values from a fixed seed.

    python3 scripts/packaging/seeded_model.py FOLDER
"""

import json
import random
import shutil
import struct
import sys
from pathlib import Path

FIXTURE = Path(__file__).parents[2] / "fixtures/llama-gqa"
WIDTH, INNER, HEADS, KEY_VALUE_HEADS, LAYERS = 256, 512, 4, 2, 2


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    config = json.loads((FIXTURE / "config.json").read_text())
    vocabulary = config["vocab_size"]
    config.update(
        hidden_size=WIDTH, intermediate_size=INNER, num_attention_heads=HEADS, num_key_value_heads=KEY_VALUE_HEADS,
        num_hidden_layers=LAYERS, head_dim=WIDTH // HEADS, tie_word_embeddings=False)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    for path in FIXTURE.iterdir():
        if path.name not in ("config.json", "fixture.json") and path.suffix in (".json", ".model", ".txt", ".jinja"):
            shutil.copy(path, folder)
    keys = WIDTH // HEADS * KEY_VALUE_HEADS
    shapes = {"model.embed_tokens.weight": (vocabulary, WIDTH), "lm_head.weight": (vocabulary, WIDTH)}
    shapes["model.norm.weight"] = (WIDTH,)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for name, shape in {
            "self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (keys, WIDTH), "self_attn.v_proj": (keys, WIDTH),
            "self_attn.o_proj": (WIDTH, WIDTH), "mlp.gate_proj": (INNER, WIDTH), "mlp.up_proj": (INNER, WIDTH),
            "mlp.down_proj": (WIDTH, INNER), "input_layernorm": (WIDTH,), "post_attention_layernorm": (WIDTH,),
        }.items():
            shapes[f"{prefix}{name}.weight"] = shape
    seeded = random.Random(20261130)
    header, data, offset = {}, [], 0
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        center = 1.0 if len(shape) == 1 else 0.0
        values = struct.pack(f"<{count}f", *(seeded.gauss(center, 0.05) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(values)]}
        data.append(values)
        offset += len(values)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


if __name__ == "__main__":
    main()
