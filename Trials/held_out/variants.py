"""What users' folders have beside other sizes: each variant changes the configuration before the checkpoint is made, the
finished folder, or both. A change returns False where it says nothing new of the architecture."""

import random
from pathlib import Path
from typing import Callable, NamedTuple

from . import folders
from .configs import EQUAL_HEADS, HEADS, HIDDEN, KEY_VALUE_HEADS, LAYERS, set_all, set_layers, stated

OPTIONAL = (
    "attention_bias", "attention_dropout", "hidden_act", "initializer_range", "mlp_bias", "pretraining_tp", "rms_norm_eps", "rope_scaling", "rope_theta",
    "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache", "max_window_layers", "use_sliding_window", "sliding_window")
MORE_OPTIONAL = ("max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id", "layer_norm_eps", "hidden_activation", "initializer_range", "norm_eps")
NULLABLE = ("rope_scaling", "num_key_value_heads", "head_dim", "pad_token_id", "sliding_window", "bos_token_id")
BIASES = ("attention_bias", "attention_out_bias", "mlp_bias", "use_bias", "use_qkv_bias")
# Classes whose heads may have a width of their own, as far as the reference follows it.
OWN_WIDTH = (
    "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "olmo2", "smollm3", "starcoder2", "cohere", "gemma", "gemma2", "gemma3_text",
    "cohere2", "olmo3", "exaone4", "arcee", "seed_oss", "ernie4_5", "glm4")


class Variant(NamedTuple):
    config: Callable[[dict, random.Random], bool] = lambda config, draw: True
    folder: Callable[[Path, random.Random], bool | None] = lambda folder, draw: None
    name: str | None = None  # of the folder, which the reference reads as well
    # Texts are compared without and with what is put around them; not where the files contradict each other or are silent there.
    frames: tuple[bool, ...] = (False, True)
    options: tuple[str, ...] = ()  # of the program and of the reference, which have the same


def flip(names: tuple[str, ...]) -> Variant:
    def change(config: dict, draw: random.Random) -> bool:
        present = [name for name in names if isinstance(config.get(name), bool)]
        config.update({name: not config[name] for name in present})
        return bool(present)
    return Variant(change)


def without(names: tuple[str, ...]) -> Variant:
    """Of GLM the reference writes an epsilon of its own, whatever the class computes with; the configuration states that one."""
    def change(config: dict, draw: random.Random) -> bool:
        kept = ("rms_norm_eps",) if config["model_type"] == "glm" else ()
        return bool([config.pop(name) for name in names if name in config and name not in kept])
    return Variant(change)


def silence_more(config: dict, draw: random.Random) -> bool:
    # Of models that transformers does not know, the reference knows no context then, and llama.cpp wants one.
    removed = [config.pop(name) for name in MORE_OPTIONAL if name in config]
    return bool(removed) and "auto_map" not in config


def scaling(values: dict, theta: bool = True) -> Variant:
    def change(config: dict, draw: random.Random) -> bool:
        own = config.get("rope_scaling")
        if "rope_theta" not in config or isinstance(own, dict) and "long_factor" in own:
            return False
        # For these the reference overlooks a scaling by its old name, which is not to be repeated.
        if "type" in values and config["model_type"] in ("gemma3_text", "olmo3"):
            return False
        # The reference calls every scaling of Nemotron linear.
        if config["model_type"] == "nemotron" and "linear" not in values.values() and "default" not in values.values():
            return False
        config["rope_scaling"] = values
        if "long_factor" in values:
            pairs = (config.get("head_dim") or stated(config, HIDDEN) // stated(config, HEADS)) // 2
            # Phi-3 states the original context outside.
            inner = {key: value for key, value in values.items() if key not in config}
            config["rope_scaling"] = {**inner, **{name: [round(1 + draw.random() * 4, 3) for _ in range(pairs)] for name in ("long_factor", "short_factor")}}
        if not theta:
            del config["rope_theta"]
        return True
    return Variant(change)


def in_format(dtype: str) -> Variant:
    def change(config: dict, draw: random.Random) -> bool:
        config["torch_dtype"] = dtype
        return True
    return Variant(change, folders.rounded(dtype))


def resize(config: dict, rows: int) -> bool:
    """ChatGLM states the rows twice; the reference counts tokens by one of them, whatever rows there are."""
    set_all(config, ("vocab_size", "padded_vocab_size"), rows)
    return config["model_type"] not in ("internlm2", "t5")


def pad(config: dict, draw: random.Random) -> bool:
    """More rows than tokens, as files padded to a multiple of 64 have."""
    return resize(config, (config["vocab_size"] // 64 + 2) * 64)


def make_odd(config: dict, draw: random.Random) -> bool:
    return resize(config, config["vocab_size"] + 1 + config["vocab_size"] % 2)


def key_value_heads(count: int | None) -> Variant:
    """None for as many as there are heads."""
    def change(config: dict, draw: random.Random) -> bool:
        if config["model_type"] in EQUAL_HEADS or stated(config, KEY_VALUE_HEADS) is None:
            return False
        set_all(config, KEY_VALUE_HEADS, count or stated(config, HEADS))
        return True
    return Variant(change)


def widen_heads(config: dict, draw: random.Random) -> bool:
    heads = stated(config, HEADS)
    config["head_dim"] = 2 * max(4, stated(config, HIDDEN) // heads)
    return config["model_type"] in OWN_WIDTH and stated(config, HIDDEN) % heads == 0


def state_width(config: dict, draw: random.Random) -> bool:
    config["head_dim"] = stated(config, HIDDEN) // stated(config, HEADS)
    return config["model_type"] in (*OWN_WIDTH, "granite") and stated(config, HIDDEN) % stated(config, HEADS) == 0


def single_layer(config: dict, draw: random.Random) -> bool:
    set_layers(config, 1)
    return True


def nullify(config: dict, draw: random.Random) -> bool:
    present = [name for name in NULLABLE if name in config]
    # Null means one key-value head for each head, so the weights are made that way.
    config.update(dict.fromkeys(present))
    return config["model_type"] in OWN_WIDTH and config["model_type"] not in ("gemma", "gemma2", "gemma3_text")


def slide(config: dict, draw: random.Random) -> bool:
    if "sliding_window" not in config:
        return False
    config["sliding_window"] = 12
    if "use_sliding_window" in config:
        config.update(use_sliding_window=True, max_window_layers=1)
    return True


def list_layers(config: dict, draw: random.Random) -> bool:
    if config["model_type"] not in ("gemma2", "gemma3_text", "qwen2", "qwen3", "cohere2", "olmo3", "exaone4"):
        return False
    count = stated(config, LAYERS)
    config.pop("sliding_window_pattern", None)
    config["sliding_window"] = 12
    if config["model_type"].startswith("qwen"):
        config["use_sliding_window"] = True
    config["layer_types"] = [draw.choice(["sliding_attention", "full_attention"]) for _ in range(count)]
    return True


def set_pattern(config: dict, draw: random.Random) -> bool:
    config["sliding_window_pattern"] = draw.choice([2, 3])
    if config["model_type"] == "exaone4":
        del config["layer_types"]
    return config["model_type"] in ("gemma3_text", "cohere2", "exaone4")


def list_ends(config: dict, draw: random.Random) -> bool:
    end = config.get("eos_token_id")
    config["eos_token_id"] = [end, 3]
    return isinstance(end, int)


def set_scalar(config: dict, draw: random.Random) -> bool:
    config["query_pre_attn_scalar"] = config.get("head_dim", 16) + 8
    return config["model_type"] in ("gemma2", "gemma3_text")


def tie(config: dict, draw: random.Random) -> bool:
    config["tie_word_embeddings"] = True
    return "rope_theta" in config and config["model_type"] not in ("baichuan", "internlm2")


def repeats_space(config: dict, draw: random.Random) -> bool:
    """Only of these a GGUF says whether a space is put before the text."""
    return config["model_type"] in ("llama", "mistral", "mixtral", "granite", "smollm3", "arcee", "granitemoe", "granitemoeshared", "ernie4_5")


LLAMA3 = {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64}
VARIANTS = {
    "tied": flip(("tie_word_embeddings",)),
    "tied, stored twice": Variant(tie, folders.store_tied_output),
    "biases": flip(BIASES),
    "norms of heads": flip(("qk_layernorm", "use_qk_norm")),
    "parallel": flip(("use_parallel_residual",)),
    "silent": without(OPTIONAL),
    "more silent": Variant(silence_more),
    "nulls": Variant(nullify),
    "list of ends": Variant(list_ends),
    "one layer": Variant(single_layer),
    "one key-value head": key_value_heads(1),
    "no groups": key_value_heads(None),
    "wider heads": Variant(widen_heads),
    "width stated": Variant(state_width),
    "odd rows": Variant(make_odd),
    "padded": Variant(pad),
    "linear": scaling({"rope_type": "linear", "factor": 4.0}),
    "linear, old": scaling({"type": "linear", "factor": 2.5}),
    "yarn": scaling({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}),
    "yarn, old": scaling({"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}),
    "yarn, all keys": scaling({
        "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 32, "beta_fast": 24.0, "beta_slow": 2.0, "attention_factor": 1.25}),
    "dynamic": scaling({"rope_type": "dynamic", "factor": 2.0}),
    "dynamic, old": scaling({"type": "dynamic", "factor": 2.0}),
    "llama3": scaling({"rope_type": "llama3", **LLAMA3}),
    "llama3, no base": scaling({"rope_type": "llama3", **LLAMA3, "low_freq_factor": 2.0}, theta=False),
    "longrope": scaling({"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 64, "long_factor": []}),
    "default scaling": scaling({"rope_type": "default"}),
    "window": Variant(slide),
    "listed windows": Variant(list_layers),
    "period of windows": Variant(set_pattern),
    "scalar of scores": Variant(set_scalar),
    "float16": in_format("float16"),
    "float32": in_format("float32"),
    "float32 vectors": Variant(folder=folders.widen_vectors),
    "buffers": Variant(folder=folders.add_buffers),
    "spare rows": Variant(lambda config, draw: config["model_type"] == "gemma3_text", folders.add_rows),
    "any order": Variant(folder=folders.shuffle),
    "shards": Variant(folder=folders.shards(3)),
    "LlamaModel": Variant(lambda config, draw: config["model_type"] == "llama", folders.strip("LlamaModel")),
    "Qwen2Model": Variant(lambda config, draw: config["model_type"] == "qwen2", folders.strip("Qwen2Model")),
    "Qwen3Model": Variant(lambda config, draw: config["model_type"] == "qwen3", folders.strip("Qwen3Model")),
    "inside Gemma 3": Variant(lambda config, draw: config["model_type"] == "gemma3_text", folders.put_inside("Gemma3ForConditionalGeneration")),
    "inside LLaVA": Variant(lambda config, draw: config["model_type"] == "llama", folders.put_inside("LlavaForConditionalGeneration")),
    "index of one": Variant(folder=folders.shards(1)),
    "card and template": Variant(folder=folders.put_card),
    "other card": Variant(folder=folders.put_other_card, name="Tiny-Chat-v0.3-7B-Instruct"),
    "several templates": Variant(folder=folders.put_templates),
    "template files": Variant(folder=folders.put_template_files),
    "template of json": Variant(folder=folders.put_template_json),
    "only tokenizer.model": Variant(folder=folders.keep_only("tokenizer.model"), frames=()),
    "tokenizer.model configured": Variant(folder=folders.keep_only("tokenizer.model", "tokenizer_config.json")),
    "only tokenizer.json": Variant(folder=folders.keep_only("tokenizer.json")),
    "tokenizer.json configured": Variant(folder=folders.keep_only("tokenizer.json", "tokenizer_config.json")),
    "vocab.json and merges.txt": Variant(folder=folders.keep_only("vocab.json", "merges.txt", "tokenizer_config.json")),
    "both ends added": Variant(folder=folders.answer(add_bos_token=True, add_eos_token=True), frames=(False,)),
    "none added": Variant(folder=folders.answer(add_bos_token=False, add_eos_token=False), frames=(False,)),
    "a space before": Variant(repeats_space, folders.answer(add_prefix_space=True)),
    "no space before": Variant(folder=folders.answer(add_prefix_space=False)),
    "tokens as objects": Variant(folder=folders.name_by_objects),
    "beyond the rows": Variant(folder=folders.add_beyond),
    "no layers ahead": Variant(folder=folders.has_layers_ahead, options=("--no-mtp",)),
}
# Of families whose sizes depend on each other, these change nothing else.
OF_FAMILIES = (
    "tied", "silent", "list of ends", "padded", "odd rows", "linear", "yarn, old", "llama3", "float16", "float32", "float32 vectors", "any order", "shards",
    "card and template", "only tokenizer.json", "no layers ahead")
