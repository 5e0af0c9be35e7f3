"""What users' folders have beside other sizes: each variant changes the configuration before the checkpoint is made, the
finished folder, or both. A change returns False where it says nothing new of the architecture."""

import json
import random
from pathlib import Path
from typing import Callable, NamedTuple

from safetensors.torch import load_file, save_file

OPTIONAL = (
    "attention_bias", "attention_dropout", "hidden_act", "initializer_range", "mlp_bias", "pretraining_tp", "rms_norm_eps", "rope_scaling", "rope_theta",
    "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache", "max_window_layers", "use_sliding_window", "sliding_window")
BIASES = ("attention_bias", "mlp_bias", "use_bias", "use_qkv_bias")
CARD = """---
license: apache-2.0
language:
- en
- de
tags: [chat, tiny]
base_model: some-org/Base-7B-v2
datasets:
- org/data-set
---
# A card
"""


class Variant(NamedTuple):
    config: Callable[[dict, random.Random], bool] = lambda config, draw: True
    folder: Callable[[Path, random.Random], None] = lambda folder, draw: None


def flip(names: tuple[str, ...]) -> Variant:
    def change(config: dict, draw: random.Random) -> bool:
        present = [name for name in names if isinstance(config.get(name), bool)]
        config.update({name: not config[name] for name in present})
        return bool(present)
    return Variant(change)


def silence(config: dict, draw: random.Random) -> bool:
    removed = [config.pop(name) for name in OPTIONAL if name in config]
    return bool(removed)


def scaling(values: dict) -> Variant:
    def change(config: dict, draw: random.Random) -> bool:
        stated = config.get("rope_scaling")
        config["rope_scaling"] = values
        return "rope_theta" in config and not (isinstance(stated, dict) and "long_factor" in stated)
    return Variant(change)


def in_format(dtype: str) -> Variant:
    """Values that bfloat16 does not have, so that every rounding shows."""
    import torch

    def change(config: dict, draw: random.Random) -> bool:
        config["torch_dtype"] = dtype
        return True

    def rewrite(folder: Path, draw: random.Random) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        floats = {name: (tensor.float() * 1.00037).to(getattr(torch, dtype)) for name, tensor in tensors.items() if tensor.is_floating_point()}
        save_file({**tensors, **floats}, path, metadata={"format": "pt"})
    return Variant(change, rewrite)


def shard(folder: Path, draw: random.Random) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    path.unlink()
    count, places = 3, {}
    for name in tensors:
        places[name] = f"model-{draw.randrange(count) + 1:05}-of-{count:05}.safetensors"
    for file in set(places.values()):
        save_file({name: tensors[name] for name in tensors if places[name] == file}, folder / file, metadata={"format": "pt"})
    size = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def put_card(folder: Path, draw: random.Random) -> None:
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    (folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m['content'] }}\n{% endfor %}", encoding="utf-8")
    generation = {"_from_model_config": True, "do_sample": True, "temperature": 0.7, "top_p": 0.9, "top_k": 20, "repetition_penalty": 1.05}
    (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")


def pad(config: dict, draw: random.Random) -> bool:
    """More rows than tokens, as files padded to a multiple of 64 have."""
    config["vocab_size"] = (config["vocab_size"] // 64 + 2) * 64
    return config["model_type"] not in ("internlm2", "t5")


VARIANTS = {
    "tied": flip(("tie_word_embeddings",)),
    "biases": flip(BIASES),
    "norms of heads": flip(("qk_layernorm", "use_qk_norm")),
    "parallel": flip(("use_parallel_residual",)),
    "silent": Variant(silence),
    "linear": scaling({"rope_type": "linear", "factor": 4.0}),
    "yarn": scaling({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}),
    "dynamic": scaling({"rope_type": "dynamic", "factor": 2.0}),
    "llama3": scaling({"rope_type": "llama3", "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64}),
    "float16": in_format("float16"),
    "float32": in_format("float32"),
    "shards": Variant(folder=shard),
    "card and template": Variant(folder=put_card),
    "padded": Variant(pad),
}
