"""Other sizes of the tiny configurations: widths, head counts, layers, experts, vocabularies, constants, drawn by a seed."""

import copy
import json
import random
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from fixtures.generate.architecture_configs import ARCHITECTURES
from fixtures.generate.checkpoints import nested_config, nested_entries, save
from fixtures.generate.decoder_configs import Architecture, dense
from fixtures.generate.fp8 import quantized
from fixtures.generate.places import write_json
from fixtures.generate.recurrent_configs import wrapped_config as around_recurrent, wrapped_entries as inside_recurrent
from fixtures.generate.repacking import renamed
from fixtures.generate.wrappers import WRAPPERS, wrapped_name

from .drawing import divisors, text_of
from .families import family_of
from .own_code import RESTATED

HIDDEN = ("hidden_size", "n_embd", "d_model")
HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads")
LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
KEY_VALUE_HEADS = ("num_key_value_heads", "num_kv_heads")
# The reference writes four times the hidden width, or one number of heads, whatever the configuration says.
FOUR_TIMES = ("phi", "falcon", "bloom", "gpt2", "gpt_bigcode")
EQUAL_HEADS = ("phi", "deepseek_v2")
# The reference writes this epsilon whatever the configuration says; ingot writes the model's.
EPSILONS = {"olmoe": 1e-05}
# They state the width of a head, and llama.cpp takes it for granted that heads make up the width.
FULL_WIDTH = ("cohere2", "exaone", "exaone4")
# What their configurations call keys of the configuration by which transformers computes the model.
SPELLINGS = {
    "nomic_bert": {
        "hidden_size": "n_embd", "num_attention_heads": "n_head", "num_hidden_layers": "n_layer", "intermediate_size": "n_inner", "vocab_size": "vocab_size",
        "layer_norm_eps": "layer_norm_epsilon", **{name: name for name in ("num_experts", "moe_top_k", "moe_every_n_layers")}},
    "exaone": {"num_hidden_layers": "num_layers", "rms_norm_eps": "layer_norm_epsilon", "hidden_act": "activation_function"},
    "bailing_moe_v2": {"n_routed_experts": "num_experts", "n_shared_experts": "num_shared_experts"},
}


def set_all(config: dict, names: tuple[str, ...], value) -> None:
    for name in names:
        if name in config:
            config[name] = value


def stated(config: dict, names: tuple[str, ...]):
    return next((config[name] for name in names if name in config), None)


def vary_attention(config: dict, draw: random.Random) -> None:
    hidden = draw.choice([32, 64, 96, 128])
    kind = config["model_type"]
    if "head_dim" in config and kind not in FULL_WIDTH or kind in ("t5", "deepseek_v2"):
        # transformers wants the heads of these to divide the width, which they have nothing to do with; Mistral's become LLaMA's.
        heads = draw.choice([2, 4] if kind in ("deepseek_v2", "gemma2", "gemma3_text", "gemma3n_text", "llama", "mistral", "arcee") else [2, 3, 4, 6])
        set_all(config, ("head_dim", "d_kv"), draw.choice([8, 16, 32]))
    else:
        heads = hidden // draw.choice([16, 32] if kind in ("phi", "stablelm", "gpt_neox") else [8, 16, 32])
        set_all(config, ("head_dim",), hidden // heads)
    if kind == "nemotron":  # of which the reference and llama.cpp know no other width of a head
        heads = hidden // draw.choice([16, 32])
        config["head_dim"] = hidden // heads
    groups = heads if kind in EQUAL_HEADS or stated(config, KEY_VALUE_HEADS) is None else draw.choice(divisors(heads))
    if config.get("word_embed_proj_dim") == config.get("hidden_size"):
        set_all(config, ("word_embed_proj_dim",), hidden)
    set_all(config, HIDDEN, hidden)
    set_all(config, HEADS, heads)
    set_all(config, KEY_VALUE_HEADS, groups)
    scaling = config.get("rope_scaling")
    if isinstance(scaling, dict) and "long_factor" in scaling:
        for name in ("long_factor", "short_factor"):
            scaling[name] = [round(1 + draw.random() * 4, 3) for _ in range(hidden // heads // 2)]
    if kind == "deepseek_v2":
        for name, choices in (("kv_lora_rank", [32, 64]), ("qk_nope_head_dim", [16, 32]), ("qk_rope_head_dim", [8, 16]), ("v_head_dim", [16, 24, 32])):
            config[name] = draw.choice(choices)
        if config["q_lora_rank"] is not None:
            config["q_lora_rank"] = draw.choice([32, 64])


def set_layers(config: dict, layers: int) -> None:
    set_all(config, LAYERS, layers)
    # The reference knows as many layers of a decoder as the encoder has.
    set_all(config, ("num_decoder_layers",), min(layers, config.get("num_decoder_layers", layers)))
    if "no_rope_layers" in config:
        config["no_rope_layers"] = [int((index + 1) % 4 != 0) for index in range(layers)]
        config["layer_types"] = ["full_attention"] * layers
    elif "layer_types" in config:
        config["layer_types"] = [["sliding_attention", "full_attention"][index % 4 == 3] for index in range(layers)]


def vary_layers(config: dict, draw: random.Random) -> None:
    layers = draw.choice([1, 2, 3, 4])
    set_all(config, ("num_decoder_layers",), draw.choice([1, 2, 3]))
    set_layers(config, layers)
    set_all(config, ("first_k_dense_replace",), draw.choice([0, 1]))
    inner = 4 * stated(config, HIDDEN) if config["model_type"] in FOUR_TIMES else draw.choice([64, 96, 160, 192])
    for name in ("intermediate_size", "n_inner", "d_ff", "ffn_dim"):
        if config.get(name) is not None:
            config[name] = inner
    if config["model_type"] == "gemma3n_text":
        vary_streams(config, draw)


def vary_streams(config: dict, draw: random.Random) -> None:
    """Sizes and sparsities of each layer, and a type for each so that layers before the last ones have keys and values of both."""
    layers = draw.choice([2, 3, 4, 6])
    set_all(config, LAYERS, layers)
    config["layer_types"] = [["sliding_attention", "full_attention"][index % 2] for index in range(layers)]
    config["num_kv_shared_layers"] = draw.choice(range(layers - 1))
    config["intermediate_size"] = [draw.choice([64, 96, 160]) for _ in range(layers)]
    config["activation_sparsity_pattern"] = [draw.choice([0.0, 0.5, 0.9, 0.95, 0.975]) for _ in range(layers)]
    config["laurel_rank"] = draw.choice([4, 16, 32])
    config["hidden_size_per_layer_input"] = draw.choice([8, 32])
    config["altup_active_idx"] = draw.choice([0, 0, 3])


def vary_experts(config: dict, draw: random.Random) -> None:
    groups = config.get("n_group", 1)
    count = groups * draw.choice([2, 3])
    set_all(config, ("num_experts", "num_local_experts", "n_routed_experts"), count)
    set_all(config, ("num_experts_per_tok",), draw.choice([1, 2]))
    set_all(config, ("moe_intermediate_size",), draw.choice([32, 64, 96]))
    set_all(config, ("shared_expert_intermediate_size", "shared_intermediate_size"), draw.choice([32, 64, 128]))
    set_all(config, ("norm_topk_prob",), draw.choice([True, False]) if "moe" in config["model_type"] else False)


def vary_rest(config: dict, draw: random.Random) -> None:
    if config["model_type"] not in ("internlm2", "t5"):
        config["vocab_size"] += draw.choice([0, 1, 8, 63])
    epsilon = draw.choice([1e-5, 1e-6, 3e-6])
    set_all(config, ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"), EPSILONS.get(config["model_type"], epsilon))
    if "rope_theta" in config:
        config["rope_theta"] = draw.choice([10000.0, 500000.0, 1000000, 12345.5])
    if config.get("tie_word_embeddings") is False and config["model_type"] not in ("t5", "baichuan", "internlm2"):
        config["tie_word_embeddings"] = draw.choice([True, False])
    for name in ("attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale"):
        if name in config:
            config[name] = round(0.1 + 2 * draw.random(), 4)


def varied(name: str, seed: int) -> Architecture:
    architecture, draw = ORIGINALS[name], random.Random(seed)
    config = copy.deepcopy(architecture.config)
    inner = text_of(config)
    family = family_of(name, config)
    for vary in [family] if family else (vary_attention, vary_layers, vary_experts, vary_rest):
        vary(inner, draw)
    set_all(config, ("tie_word_embeddings",), inner.get("tie_word_embeddings", config.get("tie_word_embeddings")))
    return following(architecture._replace(config=config))


def following(architecture: Architecture) -> Architecture:
    """With the configuration by which transformers computes the model brought to that of the folder."""
    config, native = text_of(architecture.config), copy.deepcopy(architecture.native)
    if native:
        names = SPELLINGS.get(config["model_type"], {})
        native.update({name: config[spelling] for name, spelling in names.items() if spelling in config})
    if native and config["model_type"] != "nomic_bert":
        native.update({name: value for name, value in config.items() if name in native and name not in ("architectures", "model_type")})
        native["num_key_value_heads"] = config.get("num_key_value_heads", config["num_attention_heads"])
    if native and config["model_type"] in RESTATED:
        native.update(RESTATED[config["model_type"]](config))
    return architecture._replace(native=native)


# The family of LLaMA, whose fixtures are made elsewhere. The reference knows neither Yi's first names nor Aquila's class:
# it is given the same weights as LLaMA's, and the way back leads to LLaMA's names.
MORE = {
    "llama": Architecture("llama", dense("LlamaForCausalLM", "llama", attention_bias=False, mlp_bias=False, pretraining_tp=1, rope_scaling=None, vocab_size=384)),
    "llama-3": Architecture("smollm3", dense("LlamaForCausalLM", "llama", attention_bias=False, bos_token_id=300, eos_token_id=[301, 306], mlp_bias=False, rope_scaling={
        "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64, "rope_type": "llama3"}), pre="llama-bpe"),
    "mistral": Architecture("llama", dense("MistralForCausalLM", "mistral", head_dim=16, rope_theta=1000000.0, sliding_window=16, vocab_size=384)),
    "yi": Architecture("llama", dense("LlamaForCausalLM", "llama", vocab_size=384)),
    "aquila": Architecture("gpt2", dense("LlamaForCausalLM", "llama")),
}
# Text models inside others, for which the reference is given the text model alone.
NESTED = {f"{name}-nested": name for name in ("qwen3-5", "gemma4", "gemma4-wide")}
INSIDE = {**NESTED, **{name: wrapper.base for name, wrapper in WRAPPERS.items()}}
ORIGINALS = {**MORE, **ARCHITECTURES, **{name: ARCHITECTURES[base] for name, base in INSIDE.items()}}
ARCHITECTURES.update(MORE)


def disguised(classname: str, model_type: str, names: dict[str, str]):
    """A copy of a LLaMA folder under another class and other names of tensors."""
    def disguise(folder: Path, target: Path) -> Path:
        shutil.copytree(folder, target)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        write_json(target / "config.json", {**config, "architectures": [classname], "model_type": model_type})
        for path in target.glob("*.safetensors"):
            save_file({renamed(name, names): tensor for name, tensor in load_file(path).items()}, path, metadata={"format": "pt"})
        for path in target.glob("*.index.json"):
            path.write_text(renamed(path.read_text(encoding="utf-8"), names), encoding="utf-8")
        return target
    return disguise


def enclosed(config_of, names_of, others: dict[str, list[int]]):
    """A folder's model as the text part of another one, whose other tensors are ones."""
    def enclose(folder: Path, target: Path) -> Path:
        shutil.copytree(folder, target)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        outer = config_of(config)
        set_all(outer, ("tie_word_embeddings",), config.get("tie_word_embeddings"))
        write_json(target / "config.json", outer)
        for path in target.glob("model*.safetensors*"):  # shards and their index become one file
            path.unlink()
        inner = {names_of(name): tensor for path in folder.glob("*.safetensors") for name, tensor in load_file(path).items()}
        save(target, {name: torch.ones(shape, dtype=torch.bfloat16) for name, shape in others.items()} | inner)
        return target
    return enclose


def enclosing_entries(entries_of) -> tuple:
    """How the fixtures call a tensor inside, and what they put beside the text model."""
    outside = {entry[0]: entry[1] for entry in entries_of([])}
    return lambda name: next(entry[0] for entry in entries_of([[name, [], 0, 1, 0, 0]]) if entry[0] not in outside), outside


def published(name: str, architecture: Architecture, folder: Path, target: Path) -> Path:
    """The folder that the program is given; the other tools read the same values in `folder`."""
    if name in DISGUISES:
        return DISGUISES[name](folder, target)
    if architecture.fp8 is None or not (folder / "model.safetensors").exists():
        return folder
    shutil.copytree(folder, target)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    write_json(target / "config.json", {**config, "quantization_config": architecture.fp8})
    stored, plain = quantized(load_file(folder / "model.safetensors"), architecture.fp8, getattr(torch, architecture.scale_type))
    save(target, stored)
    save(folder, plain)
    return target


DISGUISES = {
    "yi": disguised("YiForCausalLM", "Yi", {".input_layernorm.": ".ln1.", ".post_attention_layernorm.": ".ln2."}),
    "aquila": disguised("AquilaForCausalLM", "aquila", {}),
    **{name: enclosed(wrapper.config, lambda own, names=wrapper.names: wrapped_name(own, names), wrapper.others) for name, wrapper in WRAPPERS.items()},
    **{name: enclosed(lambda config, outer=ORIGINALS[name].nested, around=around: around(config, outer), *enclosing_entries(entries))
       for name, around, entries in (
           ("qwen3-5-nested", around_recurrent, inside_recurrent),
           ("gemma4-nested", nested_config, lambda entries: nested_entries(entries, "Gemma4ForConditionalGeneration")),
           ("gemma4-wide-nested", nested_config, lambda entries: nested_entries(entries, "Gemma4UnifiedForConditionalGeneration")))},
}
