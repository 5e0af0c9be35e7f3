"""What a configuration may say of the computation, beyond sizes: each feature changes a configuration, drawn by a seed.

A change returns False where the architecture has no such thing. Keys are those that transformers' classes read, whether or
not the published configuration of the fixture states them.
"""

import random

from ..definitions import reading
from .configs import HEADS, HIDDEN, LAYERS, stated
from .drawing import divisors
from .encoders import classifier_head, mixed_windows, norm_biases

GEMMAS = ("gemma", "gemma2", "gemma3_text")
MIXED = ("cohere2", "olmo3", "exaone4")
# Whose every class reads rope_scaling, and those whose own configuration says how much of a head is rotated.
ROTARY = (
    "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen2_moe", "qwen3_moe", *GEMMAS, "phi3", "phi", "starcoder2", "stablelm", "olmo2", "granite", "smollm3",
    "cohere", "deepseek_v2", "exaone", "internlm2", "gpt_neox", "falcon", "olmoe", "nemotron", "arcee", "granitemoe", "granitemoeshared", "seed_oss", "ernie4_5",
    "glm4", *MIXED, "deepseek_v3", "kimi_k2", "glm4_moe", "glm4_moe_lite", "minimax_m2", "ernie4_5_moe", "dots1", "exaone_moe", "afmoe", "hy_v3", "gpt_oss",
    "qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "qwen2_vl", "qwen2_5_vl", "qwen3_vl_text", "qwen3_vl_moe_text", "kormo",
    "glm4v_moe_text", "eurobert", "glm", "internlm3", "exaone4_5_text")
# What a scaling says of positions with several axes stays.
AXES = ("mrope_section", "mrope_interleaved", "xdrope_section")
PARTIAL = {"phi": "partial_rotary_factor", "phi3": "partial_rotary_factor", "stablelm": "partial_rotary_factor", "gpt_neox": "rotary_pct", "nemotron": "partial_rotary_factor",
    "glm": "partial_rotary_factor", "glm4": "partial_rotary_factor", "glm4_moe": "partial_rotary_factor", "glm4v_moe_text": "partial_rotary_factor", "qwen3_next": "partial_rotary_factor", "qwen3_5_text": "partial_rotary_factor",
    "qwen3_5_moe_text": "partial_rotary_factor"}
# Their classes take the width of a head from the hidden width alone.
HEAD_DIMENSIONS = reading("head_dim", but=("olmoe", "phi", "baichuan", "internlm2", "stablelm", "exaone", "opt"))
PATTERNS = ("qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "smollm3")
WINDOWS = reading("sliding_window")
ACTIVATIONS = ("silu", "gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "relu", "relu2", "quick_gelu")
ACTIVATION_KEYS = ("hidden_act", "hidden_activation", "activation_function", "activation")
# Keys whose value the definition does not read, or the class does not, differ from the definitions here.
FLAGS = {
    **{key: reading(key) for key in (
        "attention_out_bias", "use_bias", "use_qkv_bias", "bias", "use_parallel_residual", "multi_query", "new_decoder_architecture", "parallel_attn",
        "alibi", "apply_residual_connection_post_layernorm", "scale_attn_weights")},
    "attention_bias": reading("attention_bias", but=("mistral", "mixtral", "exaone4"), also=("gpt_neox", "modernbert")),
    "mlp_bias": reading("mlp_bias", but=("mistral", "mixtral", "granitemoe", "granitemoeshared"), also=("modernbert",)),
    "qkv_bias": frozenset({"qwen2_moe"}), "qk_layernorm": reading("qk_layernorm", also=("phi",)),
    "use_qk_norm": reading("use_qk_norm", but=("cohere2",)),
    "scale_attn_by_inverse_layer_idx": reading("scale_attn_by_inverse_layer_idx", but=("gpt_bigcode",)),
    "reorder_and_upcast_attn": frozenset({"gpt2"}), "norm_topk_prob": reading("norm_topk_prob", but=("deepseek_v2",)),
    "use_bidirectional_attention": frozenset({"gemma2", "gemma3_text"}),
    "tie_word_embeddings": frozenset((
        "llama", "mistral", "qwen2", "qwen3", "falcon", "bloom", "gpt2", "cohere", "smollm3", "starcoder2", "nemotron", "arcee", "olmoe", "granitemoe",
        "seed_oss", "ernie4_5", "glm4", "gpt_bigcode", "mpt")),
}


def kind(config: dict) -> str:
    return config["model_type"]


def head_width(config: dict) -> int:
    return config.get("qk_rope_head_dim") or config.get("head_dim") or stated(config, HIDDEN) // stated(config, HEADS)


def rotated(config: dict) -> int:
    return config.get("rotary_dim") or int(head_width(config) * config.get(PARTIAL.get(kind(config), ""), 1.0))


def factors(config: dict, draw: random.Random) -> list[float]:
    return [round(1 + 4 * draw.random(), 3) for _ in range(rotated(config) // 2)]


def scaling_of(name: str, config: dict, draw: random.Random) -> dict:
    original = draw.choice([16, 32, 50, 64])
    factor = draw.choice([1.0, 2.0, 3.7, 8.0, 32])
    values = {"linear": {"factor": factor}, "dynamic": {"factor": factor}}.get(name, {"factor": factor, "original_max_position_embeddings": original})
    if name == "llama3":
        low = draw.choice([1.0, 1.5])
        values |= {"low_freq_factor": low, "high_freq_factor": low * draw.choice([2.0, 4.0, 10.0])}
    if name == "longrope":
        values |= {"long_factor": factors(config, draw), "short_factor": factors(config, draw)}
    optional = {
        "attention_factor": 0.8 + draw.random(), "beta_fast": draw.choice([8, 16.0, 48]), "beta_slow": draw.choice([0.5, 2, 4.0]), "truncate": draw.choice([True, False])}
    for key in {"yarn": tuple(optional), "longrope": ("attention_factor",)}.get(name, ()):
        if draw.random() < 0.4:
            values[key] = optional[key]
    if name == "yarn" and draw.random() < 0.5:
        values |= {"mscale": 0.5 + draw.random(), "mscale_all_dim": 0.5 + draw.random()}
    if name == "longrope" and draw.random() < 0.3:
        del values["factor"]
    return values


def rope(name: str):
    def change(config: dict, draw: random.Random) -> bool:
        if kind(config) not in ROTARY or kind(config) == "phi3" and name != "longrope" or rotated(config) < 4:
            return False
        values = scaling_of(name, config, draw)
        if kind(config) == "phi3":  # states the original context outside
            config["original_max_position_embeddings"] = values.pop("original_max_position_embeddings")
            values.pop("factor", None)
        if name == "dynamic":
            config["max_position_embeddings"] = draw.choice([16, 32, 64])
        key = draw.choice(["rope_type", "type"])
        if isinstance(config.get("rope_parameters"), dict):
            config["rope_parameters"] = config["rope_parameters"] | {"rope_type": name, **values}
            return True
        values |= {axis: value for axis, value in (config.get("rope_scaling") or {}).items() if axis in AXES}
        # Of OLMo 3's class transformers 5 overlooks the old name.
        config["rope_scaling"] = {"rope_type" if kind(config) == "olmo3" else key: name, **values}
        return True
    return change


def heads(config: dict, draw: random.Random) -> bool:
    """One key-value head, one for each query head, or any number between."""
    count = stated(config, HEADS)
    if kind(config) in ("deepseek_v2", "baichuan") or "num_key_value_heads" not in config:
        return False
    config["num_key_value_heads"] = draw.choice([1, count, *divisors(count)])
    return True


def head_dimension(config: dict, draw: random.Random) -> bool:
    if kind(config) in HEAD_DIMENSIONS:
        config["head_dim"] = draw.choice([6, 8, 12, 20, 32, 48])
    return kind(config) in HEAD_DIMENSIONS


def odd_heads(config: dict, draw: random.Random) -> bool:
    """Counts of heads that are no power of two, which ALiBi's slopes depend on."""
    if kind(config) not in ("bloom", "falcon", "bert", "gpt2", "gpt_bigcode", "mpt"):
        return False
    count = draw.choice([3, 5, 6, 7, 12])
    config.update({key: count for key in HEADS if key in config})
    config.update({key: count * 8 for key in HIDDEN if key in config})
    if "num_kv_heads" in config:
        config["num_kv_heads"] = draw.choice(divisors(count))
    return True


def partial(config: dict, draw: random.Random) -> bool:
    key = PARTIAL.get(kind(config))
    scaling = config.get("rope_scaling")
    if key is None or isinstance(scaling, dict) and "long_factor" in scaling:
        return False
    config[key] = draw.choice([0.25, 0.4, 0.5, 0.75, 1.0])
    return rotated(config) >= 2


def window(config: dict, draw: random.Random) -> bool:
    if kind(config) not in WINDOWS:
        return False
    config["sliding_window"] = draw.choice([1, 2, 5, 16, 31, 100])
    if kind(config) in PATTERNS:
        config["use_sliding_window"] = draw.choice([True, True, False])
        config["max_window_layers"] = draw.choice([0, 1, 2, 28])
        config.pop("layer_types", None)
    return True


def no_window(config: dict, draw: random.Random) -> bool:
    if kind(config) in ("mistral", "mixtral", "phi3", "starcoder2"):
        config["sliding_window"] = None
    if kind(config) == "exaone4":
        config.update(sliding_window=None, layer_types=["full_attention"] * config["num_hidden_layers"])
    return kind(config) in ("mistral", "mixtral", "phi3", "starcoder2", "exaone4")


def layer_pattern(config: dict, draw: random.Random) -> bool:
    if kind(config) not in ("gemma2", "gemma3_text", *MIXED, *PATTERNS):
        return False
    config["layer_types"] = [draw.choice(["full_attention", "sliding_attention"]) for _ in range(stated(config, LAYERS))]
    config["sliding_window"] = draw.choice([2, 5, 16])
    if kind(config) in PATTERNS:
        config["use_sliding_window"] = True
    config.pop("sliding_window_pattern", None)
    return True


def window_period(config: dict, draw: random.Random) -> bool:
    if kind(config) in ("gemma3_text", "cohere2", "exaone4"):
        config["sliding_window_pattern"] = draw.choice([1, 2, 3, 6])
    if kind(config) in MIXED and config["sliding_window"] is not None:
        config.pop("layer_types", None)
    if kind(config) == "smollm3":
        config["no_rope_layer_interval"] = draw.choice([2, 3, 4])
        config.pop("no_rope_layers", None)
    return kind(config) in ("gemma3_text", "smollm3", *MIXED)


def unrotated(config: dict, draw: random.Random) -> bool:
    if kind(config) == "smollm3":
        config["no_rope_layers"] = [draw.choice([0, 1]) for _ in range(stated(config, LAYERS))]
    return kind(config) == "smollm3"


def caps(config: dict, draw: random.Random) -> bool:
    if kind(config) not in ("gemma2", "gemma3_text"):
        return False
    config["attn_logit_softcapping"] = draw.choice([None, 1.5, 5.0, 20.0])
    config["final_logit_softcapping"] = draw.choice([None, 0.7, 4.0, 30.0])
    config["query_pre_attn_scalar"] = draw.choice([2, 16, 144])
    return True


def activation(config: dict, draw: random.Random) -> bool:
    keys = [key for key in ACTIVATION_KEYS if key in config]
    if kind(config) == "falcon":
        keys = ["activation"]
    if not keys or kind(config) in ("bloom", "nomic_bert"):
        return False
    config.update(dict.fromkeys(keys, draw.choice(ACTIVATIONS)))
    return True


def factor_settings(config: dict, draw: random.Random) -> bool:
    keys = [key for key in ("attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale", "routed_scaling_factor") if key in config]
    for key in keys:
        config[key] = draw.choice([0.125, 0.3, 1.0, 2.5, 7])
    return bool(keys)


def mixture(config: dict, draw: random.Random) -> bool:
    count = next((config[key] for key in ("num_experts", "num_local_experts", "n_routed_experts") if key in config), None)
    if count is None:
        return False
    config["num_experts_per_tok"] = draw.choice([1, 2, count]) if "n_group" not in config or config["n_group"] == 1 else 1
    if kind(config) in ("qwen2_moe", "qwen3_moe"):
        config["mlp_only_layers"] = draw.choice([[], [0], [1, 2]])
        config["decoder_sparse_step"] = draw.choice([1, 2])
    if kind(config) == "deepseek_v2":
        config["n_shared_experts"] = draw.choice([1, 2, 3])
        config["first_k_dense_replace"] = draw.choice([0, 1, 2])
    return True


def clip(config: dict, draw: random.Random) -> bool:
    if kind(config) == "olmoe":
        config["clip_qkv"] = draw.choice([0.25, 1.5, 30.0])
    return kind(config) == "olmoe"


def ranks(config: dict, draw: random.Random) -> bool:
    if kind(config) == "deepseek_v2":
        config["q_lora_rank"] = draw.choice([None, 16, 48])
    return kind(config) == "deepseek_v2"


def inner_width(config: dict, draw: random.Random) -> bool:
    """Widths that the reference converter takes for granted."""
    key = {"falcon": "ffn_hidden_size", "gpt2": "n_inner", "gpt_bigcode": "n_inner", "phi": "intermediate_size"}.get(kind(config))
    if key:
        config[key] = draw.choice([40, 72, 120])
    return key is not None


def falcon_norms(config: dict, draw: random.Random) -> bool:
    if kind(config) == "falcon" and config.get("new_decoder_architecture"):
        config["num_ln_in_parallel_attn"] = draw.choice([1, 2])
        return True
    return False


def constants(config: dict, draw: random.Random) -> bool:
    for key in ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"):
        if key in config:
            config[key] = draw.choice([1e-12, 1e-5, 1e-3, 0.1])
    for key in ("rope_theta", "rotary_emb_base", "rope_local_base_freq"):
        if key in config:
            config[key] = draw.choice([100, 777.5, 10000.0, 5000000])
    return True


def linear_biases(config: dict, draw: random.Random) -> bool:
    """MPT's own settings of attention."""
    if kind(config) == "mpt":
        config["attn_config"] |= {
            "alibi_bias_max": draw.choice([4, 8, 16]), "clip_qkv": draw.choice([None, 0.5, 6.0]), "softmax_scale": draw.choice([None, None, 0.2])}
    return kind(config) == "mpt"


def token_types(config: dict, draw: random.Random) -> bool:
    if kind(config) in ("bert", "nomic_bert"):
        config["type_vocab_size"] = draw.choice([1, 2, 5])
    return kind(config) in ("bert", "nomic_bert")


def representable(config: dict, original: dict) -> None:
    """Takes back what a GGUF of the architecture has no key for."""
    for key, value in {"rope_theta": original.get("rope_theta"), "norm_topk_prob": original.get("norm_topk_prob"), "clip_qkv": None, "n_positions": 8192}.items():
        if key in config and (key != "n_positions" or kind(config) == "nomic_bert"):
            config[key] = value
    if kind(config) in ("mistral", "mixtral", "starcoder2"):
        config["sliding_window"] = None
    if kind(config) in ("afmoe", "gpt_oss", "gemma3_text"):  # whose layers are as their class has them
        config.pop("layer_types", None)
    if "query_pre_attn_scalar" in config:
        config["query_pre_attn_scalar"] = config["head_dim"]


def flipped(key: str):
    def change(config: dict, draw: random.Random) -> bool:
        if kind(config) not in FLAGS[key]:
            return False
        if key not in config:
            config[key] = draw.choice([True, False])
        else:
            config[key] = not config[key]
        return True
    return change


FEATURES = {
    **{name: rope(name) for name in ("linear", "dynamic", "yarn", "llama3", "longrope")}, "head dimension": head_dimension, "heads": heads,
    "odd heads": odd_heads, "partial": partial, "window": window, "no window": no_window, "layer pattern": layer_pattern, "window period": window_period,
    "unrotated": unrotated, "caps": caps, "activation": activation, "factors": factor_settings, "mixture": mixture, "clip": clip, "ranks": ranks,
    "inner width": inner_width, **{key: flipped(key) for key in FLAGS}, "falcon norms": falcon_norms, "constants": constants, "token types": token_types,
    "linear biases": linear_biases, "norm biases": norm_biases, "classifier head": classifier_head, "mixed windows": mixed_windows,
}
# Of families whose sizes depend on each other, these change nothing else.
OF_FAMILIES = ("linear", "dynamic", "yarn", "llama3", "longrope", "activation", "constants", "attention_bias", "mlp_bias", "use_bias",
    "partial", "token types", "norm biases", "classifier head", "mixed windows")
