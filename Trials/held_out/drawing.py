"""Draws that several families share: each changes one part of a configuration."""

import random

FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"


def divisors(number: int) -> list[int]:
    return [value for value in range(1, number + 1) if number % value == 0]


def text_of(config: dict) -> dict:
    """The configuration of the text model, which may be a member of another's."""
    for member in ("thinker_config", "text_config", "llm_config"):
        config = config.get(member, config)
    return config


def put(config: dict, **values) -> None:
    """Changes those that the configuration states."""
    config.update({key: value for key, value in values.items() if key in config})


def sections(total: int, count: int, draw: random.Random) -> list[int]:
    """A sum of this many numbers, each 1 or more if that can be."""
    cuts = sorted(draw.sample(range(1, total), count - 1)) if total >= count else [min(index, total) for index in range(1, count)]
    return [end - begin for begin, end in zip([0, *cuts], [*cuts, total])]


# Attention and layers

def width(config: dict, draw: random.Random, choices=(32, 64, 96)) -> None:
    config["hidden_size"] = draw.choice(choices)
    put(config, intermediate_size=draw.choice([64, 96, 160]))
    if not config["model_type"].startswith("hunyuan"):  # whose scaling the reference knows for one context alone
        put(config, max_position_embeddings=draw.choice([256, 512, 1000]))


def grouped_heads(config: dict, draw: random.Random, heads=(1, 2, 3, 4, 6), widths=(8, 16, 32)) -> None:
    """Heads whose width is stated, so that it need not divide anything."""
    count = draw.choice(heads)
    config.update(num_attention_heads=count, num_key_value_heads=draw.choice(divisors(count)), head_dim=draw.choice(widths))


def split_heads(config: dict, draw: random.Random, widths=(8, 16, 32)) -> None:
    """Heads that make up the hidden width."""
    count = config["hidden_size"] // draw.choice(widths)
    config.update(num_attention_heads=count, num_key_value_heads=draw.choice(divisors(count)))
    put(config, head_dim=config["hidden_size"] // count)


def layers(config: dict, draw: random.Random, counts=(1, 2, 3, 4)) -> None:
    config["num_hidden_layers"] = draw.choice(counts)


def windows(config: dict, draw: random.Random, last: str | None = None) -> None:
    """Any pattern of layers with and without a window."""
    config["layer_types"] = [draw.choice([FULL, SLIDING]) for _ in range(config["num_hidden_layers"])]
    if last:
        config["layer_types"][-1] = last
    config["sliding_window"] = draw.choice([2, 5, 8, 16])


def constants(config: dict, draw: random.Random) -> None:
    put(config, rms_norm_eps=draw.choice([1e-5, 1e-6, 3e-6]), norm_eps=1e-5)
    if not config["model_type"].startswith("hunyuan"):  # whose scaling the reference knows for one base alone
        put(config, rope_theta=draw.choice([10000.0, 500000.0, 1000000, 12345.5]))
    rope = config.get("rope_parameters")
    if isinstance(rope, dict) and "rope_theta" in rope:
        rope["rope_theta"] = draw.choice([10000.0, 500000, 12345.5])
    config["vocab_size"] += draw.choice([0, 1, 8, 63])
    put(config, vocab_size_per_layer_input=config["vocab_size"])


def ties(config: dict, draw: random.Random) -> None:
    put(config, tie_word_embeddings=draw.choice([True, False]))
