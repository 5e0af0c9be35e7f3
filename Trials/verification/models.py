"""The models that `verify` is tried on: every fixture as a user has it, and the same architectures in widths that fill K-quants' blocks."""

import copy
import json
import shutil
from pathlib import Path

from fixtures.generate import staging
from fixtures.generate.checkpoints import CHECKPOINTS, write_checkpoint
from fixtures.generate.decoder_configs import Architecture
from fixtures.generate.places import FIXTURES
from fixtures.generate.weights import put_weights

from ..held_out.configs import EQUAL_HEADS, HEADS, HIDDEN, KEY_VALUE_HEADS, ORIGINALS, set_all, stated

WIDTH = 256
TAKEN_FOR_GRANTED = {
    "gemma2": ("query_pre_attn_scalar", lambda config: config["head_dim"]),
    "gemma3_text": ("query_pre_attn_scalar", lambda config: config["head_dim"]), "mistral": ("sliding_window", lambda config: None),
    "starcoder2": ("sliding_window", lambda config: None), "t5": ("relative_attention_max_distance", lambda config: 128),
}
# Models of 64 positions.
SHORT = ("gpt2", "gpt2-bare", "starcoder", "bert-bge", "wide-gpt2", "wide-starcoder", "wide-bert-bge")
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json",
    "spiece.model", "vocab.txt", "tokenization_baichuan.py", "chat_template.jinja")
TEXT = (
    "The river runs past the mill, and the mill grinds the grain that the valley grows. In winter the wheel stands still; "
    "1984 people lived here once: \"nobody\" counted them, they said, naïve as they were.\n")


def widened(architecture: Architecture) -> Architecture:
    """The same architecture with rows of 256 and 512 weights, so that no format needs a fallback."""
    config, native = copy.deepcopy(architecture.config), copy.deepcopy(architecture.native)
    for values in filter(None, (config, native)):
        kind = values["model_type"]
        groups = stated(values, KEY_VALUE_HEADS)
        has_fewer = groups is not None and groups < stated(values, HEADS) and kind not in EQUAL_HEADS
        set_all(values, HIDDEN, WIDTH)
        set_all(values, HEADS, 8)
        set_all(values, KEY_VALUE_HEADS, (1 if groups == 1 else 2) if has_fewer else 8)
        set_all(values, ("head_dim", "d_kv"), WIDTH // 8)
        for name in ("intermediate_size", "n_inner", "d_ff", "moe_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size"):
            if values.get(name) is not None:
                values[name] = 4 * WIDTH if kind in ("phi", "falcon", "bloom", "gpt2", "gpt_bigcode") else 2 * WIDTH
        if kind == "deepseek_v2":
            values.update(kv_lora_rank=WIDTH, q_lora_rank=values["q_lora_rank"] and WIDTH, qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=32)
        scaling = values.get("rope_scaling")
        if isinstance(scaling, dict) and "long_factor" in scaling:
            scaling.update({name: [round(1 + 0.2 * place, 3) for place in range(WIDTH // 16)] for name in ("long_factor", "short_factor")})
    return architecture._replace(config=config, native=native)


def fixture(name: str, parent: Path) -> Path:
    if (CHECKPOINTS / name).exists():
        return staging.stage(name, parent)
    if not (FIXTURES / "variants" / name).exists():
        folder = Path(shutil.copytree(FIXTURES / name, parent / name))
        put_weights(folder)
        return folder
    source = FIXTURES / "variants" / name
    facts = json.loads((source / "variant.json").read_text(encoding="utf-8"))
    folder = Path(shutil.copytree(FIXTURES / facts["base"], parent / facts["folderName"]))
    for path in source.iterdir():
        if path.name not in ("expected.metadata.json", "variant.json"):
            shutil.copyfile(path, folder / path.name)
    for removed in facts.get("removed", []):
        (folder / removed).unlink()
    return folder


def wide(name: str, parent: Path) -> Path:
    architecture = widened(ORIGINALS[name])
    folder = staging.stage_tokenizer(architecture.tokenizer, parent / name)
    write_checkpoint(folder, architecture, seed=sum(name.encode()))
    (folder / "config.transformers5.json").unlink(missing_ok=True)
    return folder


def stage(name: str, parent: Path) -> Path:
    """`llama-gqa` or `wide-llama` as a folder under `parent`."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = wide(name.removeprefix("wide-"), parent) if name.startswith("wide-") else fixture(name, parent)
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # Numbers that a GGUF has no place for are lost in it, which verify says: these models have what llama.cpp takes for granted.
    if config.get("model_type") in TAKEN_FOR_GRANTED:
        key, value = TAKEN_FOR_GRANTED[config["model_type"]]
        path.write_text(json.dumps({**config, key: value(config)}), encoding="utf-8")
    return folder


def without_tokenizer(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*TOKENIZER_FILES)))


def has_tokenizer(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.txt"))


def vocabulary_size(folder: Path) -> int:
    for name in ("config.json", "params.json"):
        if (folder / name).exists():
            config = json.loads((folder / name).read_text(encoding="utf-8"))
            # A text model inside another may leave the size to its class; the tokens of the fixtures are fewer.
            return config["vocab_size"] if "vocab_size" in config else config["text_config"].get("vocab_size", 320)
    raise ValueError(f"{folder} has no configuration")


def judging_text(name: str) -> str:
    return TEXT[:40] if name in SHORT else TEXT


def tokens(folder: Path, count: int = 48) -> str:
    """Ids from all over the vocabulary, separated by commas."""
    size = min(vocabulary_size(folder), 320 if has_tokenizer(folder) else 1 << 30)
    return ",".join(str((place * 7919 + 13) % size) for place in range(count))


WEIGHTS = ("model.safetensors", "model-00001-of-00003.safetensors", "weights.json")
# Dynamic scaling, too, is lost in a GGUF.
FIXTURE_NAMES = [
    *sorted({path.parent.name for name in WEIGHTS for path in FIXTURES.glob(f"*/{name}")} - {"llama-dynamic"}),
    *sorted(path.parent.name for path in CHECKPOINTS.glob("*/fixture.json") if json.loads(path.read_text(encoding="utf-8")).get("gguf", True)),
]
WIDE_NAMES = [f"wide-{name}" for name, architecture in ORIGINALS.items() if architecture.gguf and not architecture.fp8]
