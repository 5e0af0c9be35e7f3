"""Families that are published with code of their own: their sizes, and the same values as the class of transformers has them."""

import random

from .drawing import divisors


def chatglm(config: dict, draw: random.Random) -> None:
    heads, head = draw.choice([1, 2, 4, 6]), draw.choice([8, 16, 32])
    layers, rows = draw.choice([1, 2, 3, 4]), config["padded_vocab_size"] + draw.choice([0, 1, 8, 63])
    config.update(
        hidden_size=heads * head, num_attention_heads=heads, kv_channels=head, multi_query_group_num=draw.choice(divisors(heads)), num_layers=layers,
        num_hidden_layers=layers, ffn_hidden_size=draw.choice([64, 96, 160]), padded_vocab_size=rows, vocab_size=rows, add_qkv_bias=draw.choice([True, True, False]),
        seq_length=draw.choice([256, 512, 1000]), rope_ratio=draw.choice([1, 50, 500, 0.5]), layernorm_epsilon=draw.choice([1.5625e-07, 1e-5, 1e-6]))


def qwen(config: dict, draw: random.Random) -> None:
    heads, head = draw.choice([1, 2, 3, 4]), draw.choice([8, 16, 32])
    context = draw.choice([256, 512, 1000])
    config.update(
        hidden_size=heads * head, num_attention_heads=heads, kv_channels=head, num_hidden_layers=draw.choice([1, 2, 3, 4]), seq_length=context,
        max_position_embeddings=context, intermediate_size=2 * draw.choice([64, 96, 160]), vocab_size=config["vocab_size"] + draw.choice([0, 1, 8, 63]),
        rotary_emb_base=draw.choice([10000, 1000000, 777]), layer_norm_epsilon=draw.choice([1e-5, 1e-6, 3e-6]))


def of_chatglm(config: dict) -> dict:
    return {
        "hidden_size": config["hidden_size"], "num_attention_heads": config["num_attention_heads"], "num_key_value_heads": config["multi_query_group_num"],
        "head_dim": config["kv_channels"], "num_hidden_layers": config["num_layers"], "intermediate_size": config["ffn_hidden_size"],
        "vocab_size": config["padded_vocab_size"], "max_position_embeddings": config["seq_length"], "attention_bias": config["add_qkv_bias"],
        "rope_theta": 10000.0 * config["rope_ratio"], "rms_norm_eps": config["layernorm_epsilon"]}


def of_qwen(config: dict) -> dict:
    return {
        "num_key_value_heads": config["num_attention_heads"], "intermediate_size": config["intermediate_size"] // 2,
        "rope_theta": float(config["rotary_emb_base"]), "rms_norm_eps": config["layer_norm_epsilon"]}


# By model type, what the configuration says in the words of the class that computes it.
RESTATED = {"chatglm": of_chatglm, "qwen": of_qwen}
