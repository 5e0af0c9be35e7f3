"""Models whose rows fill blocks of 256, for recipes. Values follow from a seed."""

import json
import random
import struct

WIDTH, INNER, LAYERS, HEADS, KEY_VALUE_HEADS, EXPERTS = 256, 512, 2, 8, 2, 4
KEY_VALUE_WIDTH = WIDTH // HEADS * KEY_VALUE_HEADS
# Exponents of BF16 values between 0.0078 and 0.125, of both signs.
EXPONENTS = bytes(0x3C + (byte & 1) + (byte >> 1 & 1) * 0x80 for byte in range(256))


def values(count, source):
    data = bytearray(source.randbytes(2 * count))
    data[1::2] = data[1::2].translate(EXPONENTS)
    return bytes(data)


def write(folder, shapes, config):
    source, header, parts, offset = random.Random(11), {}, [], 0
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + 2 * count]}
        parts.append(values(count, source))
        offset += 2 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    shared = {"hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
              "num_attention_heads": HEADS, "num_key_value_heads": KEY_VALUE_HEADS, "rms_norm_eps": 1e-5,
              "rope_theta": 10000.0, "torch_dtype": "bfloat16", "max_position_embeddings": 128, "hidden_act": "silu",
              "tie_word_embeddings": False, "vocab_size": shapes["lm_head.weight"][0]}
    (folder / "config.json").write_text(json.dumps(shared | config, indent=1))


def shapes(folder, network):
    pieces = json.loads((folder / "tokenizer.json").read_text())
    tokens = max([token["id"] for token in pieces["added_tokens"]] + list(pieces["model"]["vocab"].values())) + 1
    result = {"model.embed_tokens.weight": [tokens, WIDTH], "model.norm.weight": [WIDTH],
              "lm_head.weight": [tokens, WIDTH]}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            result[f"{name}{norm}.weight"] = [WIDTH]
        for matrix, rows in (("q", WIDTH), ("k", KEY_VALUE_WIDTH), ("v", KEY_VALUE_WIDTH), ("o", WIDTH)):
            result[f"{name}self_attn.{matrix}_proj.weight"] = [rows, WIDTH]
        result.update({name + key: shape for key, shape in network.items()})
    return result


def write_dense(folder):
    network = {"mlp.gate_proj.weight": [INNER, WIDTH], "mlp.up_proj.weight": [INNER, WIDTH],
               "mlp.down_proj.weight": [WIDTH, INNER]}
    write(folder, shapes(folder, network), {"architectures": ["LlamaForCausalLM"], "model_type": "llama"})


def write_experts(folder):
    network = {"block_sparse_moe.gate.weight": [EXPERTS, WIDTH]}
    for expert in range(EXPERTS):
        name = f"block_sparse_moe.experts.{expert}."
        network |= {name + "w1.weight": [INNER, WIDTH], name + "w2.weight": [WIDTH, INNER],
                    name + "w3.weight": [INNER, WIDTH]}
    write(folder, shapes(folder, network), {
        "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "num_local_experts": EXPERTS,
        "num_experts_per_tok": 2})
