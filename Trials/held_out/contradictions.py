"""Configurations that contradict their tensors, or that have words nobody knows: are they refused, with the cause by name?

Usage: python -m Trials.held_out.contradictions INGOT [--first SEED] [--all] [NAME ...]

Each case is a checkpoint of sizes drawn by a seed (configs.py) and one change of its config.json. `convert` and `run` must end
with the status of refused input, and the message must name the changed member, a word of it, or a tensor. With --all, every
message is printed. Ends with status 1 if anything was accepted, or refused without a name.
"""

import copy
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

from fixtures.generate.architecture_configs import ARCHITECTURES
from fixtures.generate.checkpoints import write_checkpoint
from fixtures.generate.places import write_json
from fixtures.generate.staging import stage_tokenizer

from ..program import INPUT_REFUSED, Ingot
from .configs import ORIGINALS, published, varied
from .drawing import text_of
from .families import family_of

# Members that shapes or names of tensors depend on.
SIZES = (
    "hidden_size", "dim", "intermediate_size", "hidden_dim", "num_attention_heads", "n_heads", "num_key_value_heads", "head_dim", "num_hidden_layers",
    "n_layers", "moe_intermediate_size", "num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts", "kv_lora_rank", "q_lora_rank",
    "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "linear_num_key_heads", "linear_num_value_heads", "linear_key_head_dim",
    "linear_value_head_dim", "linear_conv_kernel_dim", "shared_expert_intermediate_size", "n_shared_experts", "num_shared_experts",
    "moe_num_shared_experts", "global_head_dim", "num_global_key_value_heads", "hidden_size_per_layer_input", "num_kv_shared_layers",
    "first_k_dense_replace", "num_dense_layers", "max_position_embeddings")
# Encoders alone have rows for positions.
WITH_POSITIONS = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert")
WORDS = ("scoring_func", "score_function", "score_func", "hidden_act", "hidden_activation", "activation", "use_bidirectional_attention")
EXPERT_COUNTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
UNKNOWN = "unheard_of"


def changes(config: dict) -> Iterator[tuple[str, dict, tuple[str, ...]]]:
    """What is changed, the members that are, and the words of which the message must have one."""
    for key in SIZES:
        value = config.get(key)
        if isinstance(value, int) and (key != "max_position_embeddings" or config["model_type"] in WITH_POSITIONS):
            for other in (value + 1, 2 * value, value - 1):
                if other > 0 and other != value:
                    yield f"{key} {value} → {other}", {key: other}, (key, "tensor")
    for key in WORDS:
        if isinstance(config.get(key), str) or key in config and key.startswith("use_"):
            yield f"{key} {UNKNOWN}", {key: UNKNOWN}, (UNKNOWN,)
    types = config.get("layer_types")
    if isinstance(types, list):
        yield "layer_types, an unknown one", {"layer_types": [*types[:-1], UNKNOWN]}, (UNKNOWN,)
        yield "layer_types, one less", {"layer_types": types[:-1]}, ("layer_types",)
        yield "layer_types, one more", {"layer_types": [*types, types[-1]]}, ("layer_types",)
        if "linear_attention" in types:
            other = ["full_attention" if kind == "linear_attention" else "linear_attention" for kind in types]
            yield "layer_types, the other way around", {"layer_types": other}, ("tensor", "layer_types")
    yield "rope_scaling, an unknown one", {"rope_scaling": {"rope_type": UNKNOWN, "factor": 2.0}}, (UNKNOWN,)
    rope = config.get("rope_parameters")
    if isinstance(rope, dict):
        inner = {key: {**value, "rope_type": UNKNOWN} if isinstance(value, dict) else value for key, value in rope.items()}
        yield "rope_parameters, an unknown one", {"rope_parameters": {**inner, "rope_type": UNKNOWN} if inner == rope else inner}, (UNKNOWN,)
    if used := next((key for key in ("num_experts_per_tok", "moe_k", "top_k_experts") if isinstance(config.get(key), int)), None):
        count = next((config[key] for key in EXPERT_COUNTS if isinstance(config.get(key), int)), None)
        if count:
            yield f"{used} beyond all", {used: count + 1}, (used, "expert")
            yield f"{used} 0", {used: 0}, (used, "expert")
    if isinstance(config.get("n_group"), int):
        yield "n_group 0", {"n_group": 0}, ("n_group", "group")
        yield "topk_group beyond all", {"topk_group": config["n_group"] + 1}, ("topk_group", "group")


def examine(program: Ingot, name: str, seed: int, prints: bool) -> tuple[int, list[str]]:
    count, failures = 0, []
    ARCHITECTURES[name] = architecture = varied(name, seed)
    with tempfile.TemporaryDirectory() as temporary:
        parent = Path(temporary) / "in"
        folder = stage_tokenizer(architecture.tokenizer, parent / name)
        write_checkpoint(folder, architecture._replace(fp8=None), seed)
        own = published(name, architecture, folder, parent / "disguised" / name)
        stated = json.loads((own / "config.json").read_text(encoding="utf-8"))
        for label, members, words in changes(text_of(stated)):
            changed = copy.deepcopy(stated)
            text_of(changed).update(members)
            write_json(own / "config.json", changed)
            for verb in (["convert", own, "-o", Path(temporary) / "out.gguf", "--overwrite"], ["run", own, "--tokens", "1,2,3"]):
                done, count = program.call(*verb), count + 1
                message = done.stderr.strip()
                if done.returncode != INPUT_REFUSED:
                    failures.append(f"{name} seed {seed}: {verb[0]}: {label}: status {done.returncode}: {message[-200:]}")
                elif not any(word in message for word in words):
                    failures.append(f"{name} seed {seed}: {verb[0]}: {label}: no name: {message[:400]}")
                if prints:
                    print(f"{name}: {verb[0]}: {label}: {done.returncode}: {message}", flush=True)
    return count, failures


def main() -> int:
    program, arguments = Ingot(sys.argv[1]), sys.argv[2:]
    first, prints = int(option(arguments, "--first", "3000")), "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    quiet()
    failed = 0
    for name in arguments or [name for name, architecture in ORIGINALS.items() if family_of(name, architecture.config)]:
        count, failures = examine(program, name, first + random.Random(name).randrange(100), prints)
        print(f"{name:24}{f'{count - len(failures)} of {count}':>14}", flush=True)
        print(*failures, sep="\n", end="\n" if failures else "", file=sys.stderr, flush=True)
        failed += len(failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
