"""Sizes of families whose numbers depend on each other: delta nets, Gemma 4, latent attention, routers, text models inside
others. Each function redraws one part of a configuration and leaves it consistent with itself."""

import random

from .drawing import (
    FULL, LINEAR, SLIDING, constants, divisors, grouped_heads, layers, put, sections, split_heads, text_of, ties, width, windows,
)
from .encoders import embedding_gemma, encoder, eurobert, modern_bert, nomic_mixture
from .own_code import chatglm, qwen


# Gated delta nets

def delta_net(config: dict, draw: random.Random) -> None:
    width(config, draw)
    grouped_heads(config, draw, heads=(1, 2, 4), widths=(16, 32, 64))
    keys = draw.choice([1, 2, 3, 4])
    config.update(
        linear_num_key_heads=keys, linear_num_value_heads=keys * draw.choice([1, 2, 3, 4]), linear_key_head_dim=draw.choice([8, 16, 32]),
        linear_value_head_dim=draw.choice([8, 16, 24, 32]), linear_conv_kernel_dim=draw.choice([2, 3, 4, 5]))
    interval, count = draw.choice([2, 3, 4]), draw.choice([1, 2, 3])
    config.update(num_hidden_layers=interval * count, full_attention_interval=interval)
    if "layer_types" in config:
        pattern = ([LINEAR] * (interval - 1) + [FULL]) * count
        if draw.random() < 0.4:  # not periodic; the layer ahead is like the last one
            pattern = [draw.choice([LINEAR, FULL]) for _ in pattern[1:]] + [FULL]
        config["layer_types"] = pattern
    fraction = draw.choice([0.25, 0.5, 0.75, 1.0])
    config["partial_rotary_factor"] = fraction
    if rope := config.get("rope_parameters"):
        pairs = int(config["head_dim"] * fraction) // 2
        rope.update(partial_rotary_factor=fraction, mrope_section=sections(pairs, 3, draw))
    put(config, attention_bias=draw.choice([False, False, True]))
    if "num_experts" in config:
        softmax_experts(config, draw)
    constants(config, draw)
    ties(config, draw)


def softmax_experts(config: dict, draw: random.Random) -> None:
    count = draw.choice([2, 3, 5, 8])
    config.update(num_experts=count, num_experts_per_tok=draw.randint(1, count), moe_intermediate_size=draw.choice([24, 32, 64]))
    put(config, shared_expert_intermediate_size=draw.choice([24, 32, 96]))


# Gemma 4

def gemma4(config: dict, draw: random.Random) -> None:
    width(config, draw)
    grouped_heads(config, draw, heads=(2, 4, 6))
    config["global_head_dim"] = draw.choice([8, 16, 32, 64])
    layers(config, draw, (2, 3, 4, 5, 6))
    windows(config, draw, last=FULL)
    shares_keys = draw.choice([True, False])
    config.update(
        attention_k_eq_v=shares_keys, num_global_key_value_heads=draw.choice(divisors(config["num_attention_heads"])) if shares_keys else None,
        hidden_size_per_layer_input=draw.choice([0, 8, 16]), final_logit_softcapping=draw.choice([None, 15.0, 30.0]),
        use_double_wide_mlp=draw.choice([True, False]), num_kv_shared_layers=0)
    kinds, types = set(config["layer_types"]), config["layer_types"]
    config["num_kv_shared_layers"] = draw.choice([count for count in range(len(types)) if set(types[:len(types) - count]) == kinds])
    rope = config["rope_parameters"]
    rope["full_attention"].update(partial_rotary_factor=draw.choice([0.25, 0.5, 1.0]), rope_theta=draw.choice([1000000.0, 50000.0]))
    rope["sliding_attention"]["rope_theta"] = draw.choice([10000.0, 777.5])
    if config["enable_moe_block"]:
        count = draw.choice([2, 3, 5, 8])
        config.update(num_experts=count, top_k_experts=draw.randint(1, count), moe_intermediate_size=draw.choice([24, 32, 64]))
    constants(config, draw)


# Routers with a bias of selection

def groups(config: dict, draw: random.Random, experts: str) -> None:
    """Groups of at least two experts; those chosen must be in the best groups."""
    count = draw.choice([1, 1, 2, 4])
    each, best = draw.choice([2, 3, 4]), draw.randint(1, count)
    config.update({"n_group": count, "topk_group": best, experts: count * each, "num_experts_per_tok": draw.randint(1, min(each * best, 4))})


def routed(config: dict, draw: random.Random, experts: str, dense: str | None = None, shared: str | None = None, scale: str | None = None) -> None:
    put(config, moe_intermediate_size=draw.choice([24, 32, 64]))
    if "n_group" in config and config["model_type"] in ("deepseek_v3", "kimi_k2", "bailing_moe_v2", "glm4_moe", "glm4v_moe_text", "glm4_moe_lite", "dots1"):
        groups(config, draw, experts)
    else:
        count = draw.choice([2, 3, 5, 8])
        config.update({experts: count})
        put(config, num_experts_per_tok=draw.randint(1, min(count, 4)), experts_per_token=..., moe_k=draw.randint(1, min(count, 4)))
    if "experts_per_token" in config:
        config["experts_per_token"] = config["num_experts_per_tok"]
    if dense:
        config[dense] = draw.randint(0, config["num_hidden_layers"] - 1)
    if shared:
        config[shared] = draw.choice([1, 2, 3])
    if scale:
        config[scale] = draw.choice([1.0, 2.5, 0.3])


def latent(config: dict, draw: random.Random) -> None:
    width(config, draw)
    heads = draw.choice([1, 2, 4])
    config.update(
        num_attention_heads=heads, num_key_value_heads=heads, kv_lora_rank=draw.choice([16, 32, 64]), q_lora_rank=draw.choice([None, 16, 48] if config["model_type"] != "kimi_k2" else [16, 48]),
        qk_nope_head_dim=draw.choice([16, 24, 32]), qk_rope_head_dim=draw.choice([8, 16]), v_head_dim=draw.choice([16, 24, 32]))
    layers(config, draw)
    # transformers takes one dense layer for granted if it does not read the number.
    routed(config, draw, "n_routed_experts", "first_k_dense_replace" if config["model_type"] != "glm4_moe_lite" else None, "n_shared_experts", "routed_scaling_factor")
    if config["model_type"] == "glm4_moe_lite":
        layers(config, draw, (2, 3, 4))
    config["norm_topk_prob"] = draw.choice([True, True, False])
    if config.get("num_nextn_predict_layers"):
        config["num_nextn_predict_layers"] = draw.choice([0, 1])
    constants(config, draw)
    ties(config, draw)


def router(experts: str, dense: str | None = None, shared: str | None = None, scale: str | None = None, counts=(2, 3, 4)):
    def vary(config: dict, draw: random.Random) -> None:
        kind = config["model_type"]
        width(config, draw)
        grouped_heads(config, draw, heads=(2, 4, 6), widths=(8, 16, 32))
        layers(config, draw, counts)
        if kind == "ernie4_5_moe":
            split_heads(config, draw)
        if kind == "bailing_moe_v2":
            split_heads(config, draw, (8, 16))
        routed(config, draw, experts, dense, shared, scale)
        put(config, norm_topk_prob=draw.choice([True, True, False]), use_qk_norm=draw.choice([True, False]) if kind == "glm4_moe" else True)
        if kind in ("exaone_moe", "afmoe", "gpt_oss"):
            windows(config, draw)
        if "is_moe_layer" in config:
            config["is_moe_layer"] = [index >= config[dense] for index in range(config["num_hidden_layers"])]
        put(config, rotary_dim=draw.choice([4, 8, config["head_dim"]]) if "rotary_dim" in config else None)
        if kind in ("glm4_moe", "glm4v_moe_text"):
            config["partial_rotary_factor"] = draw.choice([0.25, 0.5, 1.0])
            config["attention_bias"] = draw.choice([True, False])
        if kind == "bailing_moe_v2":
            config["moe_shared_expert_intermediate_size"] = config["moe_intermediate_size"] * config["num_shared_experts"]
            config["partial_rotary_factor"] = draw.choice([0.5, 1.0])
        if kind == "ernie4_5_moe":
            config["moe_layer_start_index"] = draw.choice([0, 1])
            config["moe_layer_interval"] = 1
            config["moe_capacity"] = [64, 64, 64]
        if kind == "gpt_oss":
            config["swiglu_limit"] = 7.0
            config["head_dim"] = draw.choice([16, 32, 64])
        if config.get("num_nextn_predict_layers") and kind != "ernie4_5_moe":
            config["num_nextn_predict_layers"] = draw.choice([0, 1])
        put(config, mup_enabled=draw.choice([True, False]), route_norm=True)
        constants(config, draw)
        ties(config, draw)
    return vary


# Text models inside others

def with_sections(vary):
    """Sizes of a family whose rotary dimensions have several axes."""
    def varied(config: dict, draw: random.Random) -> None:
        vary(config, draw)
        rotated_sections(config, draw)
    return varied


def rotated_sections(config: dict, draw: random.Random) -> None:
    """The rotary dimensions of each axis; together those of half a head."""
    for member in ("rope_scaling", "rope_parameters"):
        rope = config.get(member)
        if not isinstance(rope, dict):
            continue
        fraction = config.get("partial_rotary_factor", rope.get("partial_rotary_factor", 1.0))
        head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        for key in ("mrope_section", "xdrope_section"):
            if key in rope:
                rope[key] = sections(int(head * fraction) // 2, len(rope[key]), draw)


def even_heads(config: dict, draw: random.Random) -> None:
    """Heads whose number divides the width, as LLaMA's class wants it."""
    grouped_heads(config, draw, heads=(1, 2, 4))


def inside(heads=grouped_heads, fraction: bool = False, experts: bool = False, tied: bool = False):
    """`tied`: transformers ties the matrices whatever the outer configuration says."""
    def vary(config: dict, draw: random.Random) -> None:
        width(config, draw)
        heads(config, draw)
        layers(config, draw)
        if fraction:
            config["partial_rotary_factor"] = draw.choice([0.5, 1.0])
        rotated_sections(config, draw)
        if experts:
            softmax_experts(config, draw)
        constants(config, draw)
        if not tied:
            ties(config, draw)
    return vary


def glm(config: dict, draw: random.Random) -> None:
    """What the reference writes whatever the configuration says stays: the hidden width as context, an epsilon, a base."""
    epsilon, base = config["rms_norm_eps"], config["rope_theta"]
    inside(split_heads)(config, draw)
    config.update(
        rms_norm_eps=epsilon, rope_theta=base, max_position_embeddings=config["hidden_size"], attention_bias=draw.choice([True, False]), tie_word_embeddings=False)


def internlm3(config: dict, draw: random.Random) -> None:
    inside(even_heads)(config, draw)
    has_biases = draw.choice([False, False, True])  # the class knows no biases of some matrices alone
    config.update(qkv_bias=has_biases, bias=has_biases)


def exaone4_5(config: dict, draw: random.Random) -> None:
    width(config, draw)
    grouped_heads(config, draw, heads=(2, 4))
    layers(config, draw, (2, 3, 4, 5))
    windows(config, draw)
    constants(config, draw)
    ties(config, draw)


FAMILIES = {
    "qwen3_5_text": delta_net, "qwen3_5_moe_text": delta_net, "qwen3_next": delta_net, "gemma4_text": gemma4,
    "deepseek_v3": latent, "kimi_k2": latent, "glm4_moe_lite": latent,
    "glm4_moe": router("n_routed_experts", "first_k_dense_replace", "n_shared_experts", "routed_scaling_factor"),
    "minimax_m2": router("num_local_experts"), "ernie4_5_moe": router("moe_num_experts", None, "moe_num_shared_experts"),
    "dots1": router("n_routed_experts", "first_k_dense_replace", "n_shared_experts", "routed_scaling_factor"),
    "exaone_moe": router("num_experts", "first_k_dense_replace", "num_shared_experts", "routed_scaling_factor", (3, 4, 5)),
    "afmoe": router("num_experts", "num_dense_layers", "num_shared_experts", "route_scale", (3, 4, 5)),
    "hy_v3": router("num_experts", None, "num_shared_experts", "router_scaling_factor"),
    "bailing_moe_v2": router("num_experts", "first_k_dense_replace", "num_shared_experts", "routed_scaling_factor"),
    "gpt_oss": router("num_local_experts"),
    "qwen2_vl": inside(split_heads), "qwen2_5_vl": inside(split_heads), "qwen3_vl_text": inside(), "qwen3_vl_moe_text": inside(experts=True),
    "ministral3": inside(), "glm4v_text": inside(split_heads, fraction=True), "glm_ocr_text": inside(),
    "paddleocr_vl": inside(even_heads, tied=True), "hunyuan_v1_dense": inside(), "hunyuan_vl": inside(tied=True), "qwen3_omni_moe_text": inside(experts=True),
    "distilbert": encoder, "xlm-roberta": encoder, "camembert": encoder, "modernbert": modern_bert, "eurobert": eurobert,
    "chatglm": chatglm, "qwen": qwen, "glm": glm, "internlm3": internlm3, "exaone4_5_text": exaone4_5,
    "glm4v_moe_text": with_sections(router("n_routed_experts", "first_k_dense_replace", "n_shared_experts", "routed_scaling_factor")),
}
# Those that share a type of model with an older family.
BY_NAME = {
    "mistral3": inside(), "embedding-gemma": embedding_gemma, "bert-reranker": encoder, "bert-pair": encoder, "roberta-classifier": encoder,
    "jina-bert-v2": encoder, "jina-bert-v3": encoder, "nomic-bert-moe": nomic_mixture,
    "kormo": inside(split_heads), "qwen3-asr": inside(),
}


def family_of(name: str, config: dict):
    """What draws its sizes; nothing for an older family."""
    return BY_NAME.get(name) or FAMILIES.get(text_of(config)["model_type"])
