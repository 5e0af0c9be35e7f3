"""Sizes of encoders and of their heads, and features of their classes."""

import random

from .drawing import constants, grouped_heads, layers, put, split_heads, width, windows


def encoder(config: dict, draw: random.Random) -> None:
    heads = draw.choice([1, 2, 3, 4])
    hidden = heads * draw.choice([16, 32])
    put(config, hidden_size=hidden, dim=hidden, num_attention_heads=heads, n_heads=heads, intermediate_size=draw.choice([64, 96, 128]),
        hidden_dim=draw.choice([64, 96, 128]), num_hidden_layers=draw.choice([1, 2, 3]), n_layers=draw.choice([1, 2, 3]),
        layer_norm_eps=draw.choice([1e-12, 1e-5, 1e-7]))
    config["vocab_size"] += draw.choice([0, 1, 8])
    config["max_position_embeddings"] = draw.choice([66, 130, 514])
    if labels := config.get("id2label"):
        count = draw.choice([1, 2, 3, 5, 12])  # numbers of two digits have an order of their own as words
        names = list(labels.values()) + [f"label {index}" for index in range(count)]
        if config["architectures"][0].endswith("SequenceClassification"):
            config.update(id2label={str(index): names[index] for index in range(count)}, label2id={names[index]: index for index in range(count)})


def modern_bert(config: dict, draw: random.Random) -> None:
    encoder(config, draw)
    every, pairs = draw.choice([1, 2, 3]), draw.choice([4, 8, 16])
    config.update(
        num_hidden_layers=draw.choice([1, 2, 3, 5]), global_attn_every_n_layers=every, local_attention=2 * pairs, norm_eps=draw.choice([1e-5, 1e-6]),
        global_rope_theta=draw.choice([160000.0, 10000.0]), local_rope_theta=draw.choice([10000.0, 777.5]),
        classifier_pooling=draw.choice(["cls", "mean"]))


def eurobert(config: dict, draw: random.Random) -> None:
    width(config, draw)
    split_heads(config, draw)
    layers(config, draw)
    constants(config, draw)


def embedding_gemma(config: dict, draw: random.Random) -> None:
    width(config, draw)
    grouped_heads(config, draw, heads=(2, 4))
    layers(config, draw, (1, 2, 5, 7))
    windows(config, draw)
    config["query_pre_attn_scalar"] = config["head_dim"]
    put(config, rope_local_base_freq=draw.choice([10000.0, 777.5]))
    constants(config, draw)


def nomic_mixture(config: dict, draw: random.Random) -> None:
    heads, count = draw.choice([1, 2, 3, 4]), draw.choice([2, 3, 5, 8])
    config.update(
        n_embd=heads * draw.choice([16, 32]), n_head=heads, n_inner=draw.choice([64, 96, 128]), n_layer=draw.choice([2, 3, 4]), num_experts=count,
        moe_top_k=draw.randint(1, count), layer_norm_epsilon=draw.choice([1e-12, 1e-5, 1e-7]), vocab_size=config["vocab_size"] + draw.choice([0, 1, 8]))


# Features

def norm_biases(config: dict, draw: random.Random) -> bool:
    if config["model_type"] == "modernbert":
        config["norm_bias"] = True
    return config["model_type"] == "modernbert"


def classifier_head(config: dict, draw: random.Random) -> bool:
    """What ModernBERT's head may have besides its matrices."""
    if config["model_type"] == "modernbert":
        config.update(classifier_bias=draw.choice([True, False]), classifier_activation=draw.choice(["gelu", "silu", "relu", "tanh"]))
    return config["model_type"] == "modernbert"


def mixed_windows(config: dict, draw: random.Random) -> bool:
    """Any layers with a window, in the words of transformers 5."""
    if config["model_type"] == "modernbert":
        config["layer_types"] = [draw.choice(["full_attention", "sliding_attention"]) for _ in range(config["num_hidden_layers"])]
    return config["model_type"] == "modernbert"
