"""Faults that conversions have had, planted into the float32 GGUF of a good one.

A fault changes the file and says what `verify` has to find: faults (any of them), and a pattern of the subject; or it returns
None where the architecture has no such thing. `Spoiled` gives the tensors to change in place, rows first."""

import random
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np

PERMUTED = ("llama", "granite", "granitemoe", "arcee", "internlm2", "baichuan", "smollm3")
BLOCK = re.compile(r"(?:(?:enc|dec)\.)?blk\.(\d+)\.")


class Expected(NamedTuple):
    causes: tuple[str, ...]
    place: str
    is_proven: bool = True
    survives_conversion: bool = True


class Spoiled:
    def __init__(self, program: str, path: Path, draw: random.Random) -> None:
        self.program, self.path, self.draw = program, path, draw
        reader = gguf.GGUFReader(path, "r+")
        self.tensors = {tensor.name: tensor.data for tensor in reader.tensors}
        self.fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("tokenizer.ggml.t")}
        self.lists = {name for name in reader.fields if name.startswith("tokenizer.ggml.")}
        self.reader = reader
        self.architecture = self.fields["general.architecture"]
        self.layers = sorted({int(match[1]) for name in self.tensors if (match := BLOCK.match(name))})

    def number(self, key: str, default=None):
        return self.fields.get(f"{self.architecture}.{key}", default)

    def meta(self, *arguments) -> None:
        """The reader holds the old file: tensors are changed before."""
        subprocess.run([self.program, "meta", *map(str, arguments[:1]), str(self.path), *map(str, arguments[1:]), "--quiet"], check=True, capture_output=True)

    def set(self, key: str, value) -> None:
        self.meta("set", f"{self.architecture}.{key}", value)

    def layer_with(self, *names: str) -> int | None:
        """A layer, drawn, that has all of these tensors."""
        layers = [layer for layer in self.layers if all(f"blk.{layer}.{name}.weight" in self.tensors for name in names)]
        return self.draw.choice(layers) if layers else None

    def get(self, layer: int, name: str) -> np.ndarray:
        return self.tensors[f"blk.{layer}.{name}.weight"]

    @property
    def heads(self) -> tuple[int, int]:
        count = self.number("attention.head_count", 1)
        return count, self.number("attention.head_count_kv", count)


def unpermute(array: np.ndarray, heads: int) -> None:
    shape = array.shape
    array[:] = array.reshape(heads, shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(shape)


def swap(one: np.ndarray, other: np.ndarray) -> None:
    one[:], other[:] = other.copy(), one.copy()


# Tensors

def query_unpermuted(model: Spoiled) -> Expected | None:
    layer = model.layer_with("attn_q")
    if model.architecture not in PERMUTED or layer is None:
        return None
    unpermute(model.get(layer, "attn_q"), model.heads[0])
    return Expected(("rotary_permutation",), f"layer {layer} attention query")


def key_unpermuted(model: Spoiled) -> Expected | None:
    layer = model.layer_with("attn_k")
    if model.architecture not in PERMUTED or layer is None:
        return None
    unpermute(model.get(layer, "attn_k"), model.heads[1])
    return Expected(("rotary_permutation",), f"layer {layer} attention key")


def all_unpermuted(model: Spoiled) -> Expected | None:
    if model.architecture not in PERMUTED or model.layer_with("attn_q") is None:
        return None
    # Without a rotation, as Baichuan 13B has its 40 layers, queries and keys in the same wrong order give the right scores.
    if model.architecture == "baichuan" and model.number("block_count") == 40:
        return None
    for layer in model.layers:
        unpermute(model.get(layer, "attn_q"), model.heads[0])
        unpermute(model.get(layer, "attn_k"), model.heads[1])
    return Expected(("rotary_permutation",), "layer 0 attention query")


def norm(model: Spoiled) -> tuple[np.ndarray, str] | None:
    names = [name for name in model.tensors if re.fullmatch(r".*norm.*\.weight", name) and model.tensors[name].ndim == 1]
    name = model.draw.choice(names)
    match = BLOCK.match(name)
    return model.tensors[name], f"layer {match[1]} .*norm" if match else ".*norm"


def norm_scaled(model: Spoiled) -> Expected | None:
    array, place = norm(model)
    array *= np.float32(1.02)
    return Expected(("scale",), place)


def norm_plus_one(model: Spoiled) -> Expected | None:
    array, place = norm(model)
    array += 1
    return Expected(("norm_offset",), place)


def norms_minus_one(model: Spoiled) -> Expected | None:
    """A conversion of this file sees it and mends it, so that only the file itself is judged."""
    if not model.architecture.startswith("gemma"):
        return None
    for name, array in model.tensors.items():
        if "norm" in name:
            array -= 1
    return Expected(("norm_offset",), "layer 0 .*norm", survives_conversion=False)


def expert_matrices(model: Spoiled) -> list[str]:
    return ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"]


def experts_swapped(model: Spoiled) -> Expected | None:
    layer = model.layer_with(*expert_matrices(model))
    if layer is None:
        return None
    one, other = model.draw.sample(range(len(model.get(layer, "ffn_up_exps"))), 2)
    for name in expert_matrices(model):
        swap(model.get(layer, name)[one], model.get(layer, name)[other])
    return Expected(("swapped",), f"layer {layer} .*expert")


def one_expert_matrix_swapped(model: Spoiled) -> Expected | None:
    layer = model.layer_with(*expert_matrices(model))
    if layer is None:
        return None
    array = model.get(layer, model.draw.choice(expert_matrices(model)))
    swap(array[0], array[-1])
    return Expected(("swapped",), f"layer {layer} .*expert")


def router_rows_swapped(model: Spoiled) -> Expected | None:
    layer = model.layer_with("ffn_gate_inp")
    if layer is None:
        return None
    array = model.get(layer, "ffn_gate_inp")
    swap(array[0], array[1])
    return Expected(("rows", "weights"), f"layer {layer} .*router")


def gate_and_up_swapped(model: Spoiled) -> Expected | None:
    layer = model.layer_with("ffn_up", "ffn_gate")
    if layer is not None:
        swap(model.get(layer, "ffn_gate"), model.get(layer, "ffn_up"))
    elif model.architecture == "phi3":
        layer = model.layer_with("ffn_up")
        array = model.get(layer, "ffn_up")
        swap(array[:len(array) // 2], array[len(array) // 2:])
    else:
        return None
    return Expected(("swapped",), f"layer {layer} feed forward (gate|up)")


def layers_swapped(model: Spoiled) -> Expected | None:
    def shapes(prefix: str) -> dict:
        return {name.removeprefix(prefix): array.shape for name, array in model.tensors.items() if name.startswith(prefix)}

    pairs = []
    for stack in ("", "enc.", "dec."):
        layers = [(layer, shapes(f"{stack}blk.{layer}.")) for layer in model.layers]
        pairs += [(stack, one[0], other[0]) for one in layers for other in layers if one[0] < other[0] and one[1] and one[1] == other[1]]
    if not pairs:
        return None
    stack, one, other = model.draw.choice(pairs)
    for name in shapes(f"{stack}blk.{one}."):
        swap(model.tensors[f"{stack}blk.{one}.{name}"], model.tensors[f"{stack}blk.{other}.{name}"])
    return Expected(("swapped",), f"layer ({one}|{other}) ")


def heads_swapped(model: Spoiled) -> Expected | None:
    name = "attn_q" if model.layer_with("attn_q") is not None else "attn_qkv"
    layer = model.layer_with(name)
    count = model.heads[0]
    if layer is None or count < 2 or "attention.key_length_mla" in model.fields:
        return None
    array = model.get(layer, name)
    width = model.number("attention.key_length") or model.number("embedding_length") // count
    if name == "attn_q" and len(array) != width * count:
        return None
    one, other = model.draw.sample(range(count), 2)
    swap(array[one * width:(one + 1) * width], array[other * width:(other + 1) * width])
    return Expected(("rows", "weights"), f"layer {layer} attention query")


def matrix_transposed(model: Spoiled) -> Expected | None:
    names = [name for name, array in model.tensors.items() if array.ndim == 2 and array.shape[0] == array.shape[1] and BLOCK.match(name)]
    if not names:
        return None
    name = model.draw.choice(names)
    model.tensors[name][:] = model.tensors[name].T.copy()
    return Expected(("transposed",), f"layer {BLOCK.match(name)[1]} ")


def left_transposed(model: Spoiled) -> Expected | None:
    """The bytes of a matrix that was to be transposed, under the shape that it should have: GPT-2 as it is published."""
    layer = model.layer_with("ffn_up")
    if layer is None or model.architecture != "gpt2":
        return None
    array = model.get(layer, "ffn_up")
    array[:] = array.T.copy().reshape(array.shape)
    return Expected(("transposed",), f"layer {layer} feed forward up")


def rows_zeroed(model: Spoiled) -> Expected | None:
    name = model.draw.choice([name for name, array in model.tensors.items() if array.ndim == 2 and BLOCK.match(name) and len(array) >= 16])
    array = model.tensors[name]
    start = model.draw.randrange(0, len(array) - 8)
    array[start:start + 8] = 0
    return Expected(("rows", "weights"), f"layer {BLOCK.match(name)[1]} ")


def one_row_zeroed(model: Spoiled) -> Expected | None:
    name = model.draw.choice([name for name, array in model.tensors.items() if array.ndim == 2 and BLOCK.match(name) and len(array) >= 16])
    model.tensors[name][model.draw.randrange(len(model.tensors[name]))] = 0
    return Expected(("rows", "weights"), f"layer {BLOCK.match(name)[1]} ")


def another_models_tensor(model: Spoiled) -> Expected | None:
    name = model.draw.choice([name for name, array in model.tensors.items() if array.ndim == 2 and BLOCK.match(name)])
    array = model.tensors[name]
    array[:] = np.random.default_rng(7).permutation(array.reshape(-1)).reshape(array.shape)
    return Expected(("weights",), f"layer {BLOCK.match(name)[1]} ")


def biases_lost(model: Spoiled) -> Expected | None:
    names = [name for name in model.tensors if BLOCK.match(name) and name.endswith(".bias")]
    if not names:
        return None
    name = model.draw.choice(names)
    model.tensors[name][:] = 0
    return Expected(("weights", "rows", "scale"), f"layer {BLOCK.match(name)[1]} .*bias")


def output_is_the_embedding(model: Spoiled) -> Expected | None:
    if "output.weight" not in model.tensors:
        return None
    model.tensors["output.weight"][:] = model.tensors["token_embd.weight"]
    return Expected(("tied_output",), "output")


def output_missing(model: Spoiled) -> Expected | None:
    """The name is spoiled, so that readers take the model for one with tied output."""
    if "output.weight" not in model.tensors:
        return None
    data = model.path.read_bytes().replace(b"output.weight\x02", b"outpux.weight\x02", 1)
    model.path.write_bytes(data)
    subprocess.run([model.program, "inspect", str(model.path)], capture_output=True)
    return Expected(("tied_output",), "output", is_proven=False)


def embedding_shifted(model: Spoiled) -> Expected | None:
    array = model.tensors["token_embd.weight"]
    array[:] = np.roll(array, 1, axis=0)
    return Expected(("rows", "weights"), "token embedding")


def embedding_zeroed_row(model: Spoiled) -> Expected | None:
    model.tensors["token_embd.weight"][13] = 0
    return Expected(("rows", "weights"), "token embedding")


def repacked(model: Spoiled) -> Expected | None:
    """Queries, keys and values head by head, as Hugging Face has them for BLOOM, GPT-NeoX and Falcon."""
    layer = model.layer_with("attn_qkv")
    if layer is None or model.architecture not in ("bloom", "gptneox", "falcon"):
        return None
    heads, groups = model.heads
    array = model.get(layer, "attn_qkv")
    width = len(array) // (heads + 2 * groups)
    if heads == 1 or groups == 1:
        return None
    query, key, value = (part.reshape(groups, -1, width, array.shape[1]) for part in np.split(array.copy(), [heads * width, (heads + groups) * width]))
    array[:] = np.concatenate([query, key, value], axis=1).reshape(array.shape)
    return Expected(("fusion_order",), f"layer {layer} attention (query|key|value)")


def frequencies_lost(model: Spoiled) -> Expected | None:
    name = next((name for name in model.tensors if name.startswith("rope_freqs")), None)
    if name is None:
        return None
    model.tensors[name][:] = 1
    return Expected(("rotary_scaling",), "rotary scaling")


# Numbers

def changed(key: str, cause: str, place: str, change):
    def fault(model: Spoiled) -> Expected | None:
        value = model.number(key)
        if value is None or change(value) == value:
            return None
        model.set(key, change(value))
        # A window wider than the run shows in no logit, and of T5's two keys for epsilon one is read: only the numbers tell.
        is_silent = "window" in key and value > 40 or key.endswith("norm_epsilon") and model.number("attention.layer_norm_rms_epsilon")
        # Without a cause that could be proven, a clear refusal will do.
        return Expected(() if is_silent or not cause else (cause,), place, is_proven=bool(cause))
    return fault


def root_mean_square_epsilon(model: Spoiled) -> Expected | None:
    """Not where norms have biases, as Nemotron's: they read the other key, though the file has both."""
    if "output_norm.bias" in model.tensors:
        return None
    return changed("attention.layer_norm_rms_epsilon", "norm_epsilon", "norm epsilon", lambda value: 1e-5 if value < 5e-6 else 1e-6)(model)


def removed(key: str, cause: str, place: str, default=None):
    def fault(model: Spoiled) -> Expected | None:
        if not any(name.startswith(f"{model.architecture}.{key}") for name in model.fields) or model.number(key) == default and default is not None:
            return None
        model.meta("rm", *(name for name in model.fields if name.startswith(f"{model.architecture}.{key}")))
        return Expected((cause,), place)
    return fault


def scaling_dropped(model: Spoiled) -> Expected | None:
    """Command R states that there is none, and Phi-3 a context although there is none: those may go."""
    if model.number("rope.scaling.type", "none") == "none":
        return None
    return removed("rope.scaling.", "rotary_scaling", "rotary scaling")(model)


def another_head_count(model: Spoiled) -> Expected | None:
    heads, groups = model.heads
    if heads == groups or groups == 1:
        return None
    model.set("attention.head_count_kv", heads)
    return Expected((), "", is_proven=False)


NUMBERS = {
    "rope base": changed("rope.freq_base", "rotary_base", ".*rotary base", lambda value: value * 5),
    "local rope base": changed("rope.freq_base_swa", "rotary_base", ".*rotary base", lambda value: value * 5),
    "rope base of the original LLaMA": changed("rope.freq_base", "rotary_base", ".*rotary base", lambda value: 10000.0),
    "rope scaling factor": changed("rope.scaling.factor", "rotary_scaling", "rotary scaling", lambda value: value * 2),
    "rope scaling dropped": scaling_dropped,
    "rope dimension": changed("rope.dimension_count", "", "", lambda value: value // 2),
    "RMS eps": root_mean_square_epsilon,
    "eps": changed("attention.layer_norm_epsilon", "norm_epsilon", "norm epsilon", lambda value: 1e-5 if value < 5e-6 else 1e-6),
    "window": changed("attention.sliding_window", "hyperparameters", "sliding window", lambda value: value + 3),
    "soft-cap of scores": changed("attn_logit_softcapping", "hyperparameters", "attention softcap", lambda value: value / 2),
    "soft-cap of logits": changed("final_logit_softcapping", "hyperparameters", "logit softcap", lambda value: value / 2),
    "soft-cap of logits dropped": removed("final_logit_softcapping", "hyperparameters", "logit softcap", default=30),
    "embedding scale": changed("embedding_scale", "hyperparameters", "embedding scale", lambda value: value * 2),
    "residual scale": changed("residual_scale", "hyperparameters", "residual scale", lambda value: value * 2),
    "attention scale": changed("attention.scale", "hyperparameters", "attention scale", lambda value: value * 2),
    "logit scale": changed("logit_scale", "hyperparameters", "logit (scale|divisor)", lambda value: value * 2),
    "experts used": changed("expert_used_count", "hyperparameters", "experts? used|hyperparameters", lambda value: value - 1 or 2),
    "expert scale": changed("expert_weights_scale", "hyperparameters", "expert.*|hyperparameters", lambda value: value + 0.5),
    "head count": another_head_count,
}

TENSORS = {
    "q unpermuted": query_unpermuted, "k unpermuted": key_unpermuted, "all q, k unpermuted": all_unpermuted, "norm × 1.02": norm_scaled,
    "norm + 1": norm_plus_one, "norms − 1": norms_minus_one, "two experts swapped": experts_swapped,
    "one matrix of two experts swapped": one_expert_matrix_swapped, "router's rows swapped": router_rows_swapped,
    "gate and up swapped": gate_and_up_swapped, "two layers swapped": layers_swapped, "two heads swapped": heads_swapped,
    "square matrix transposed": matrix_transposed, "left transposed": left_transposed, "eight rows zeroed": rows_zeroed,
    "one row zeroed": one_row_zeroed, "a tensor of another model": another_models_tensor, "a bias lost": biases_lost,
    "output is the embedding": output_is_the_embedding, "output missing": output_missing, "embedding shifted": embedding_shifted,
    "one embedding zeroed": embedding_zeroed_row, "q, k, v repacked": repacked, "llama3 frequencies lost": frequencies_lost,
}


# Tokenizers: expected is the check of a finding.

def vocabulary_swapped(model: Spoiled) -> Expected | None:
    words = model.reader.fields["tokenizer.ggml.tokens"].contents()
    # Ordinary tokens: the special ones come first, or last.
    middle = len(words) // 2
    words[middle], words[middle + 1] = words[middle + 1], words[middle]
    return write_list(model, "tokenizer.ggml.tokens", words)


def write_list(model: Spoiled, key: str, values: list) -> Expected:
    import json

    path = model.path.with_suffix(".json")
    path.write_text(json.dumps(values), encoding="utf-8")
    model.meta("set", key, "--from-file", path)
    return Expected((), "tokenizer", is_proven=False)


def merges_lost(model: Spoiled) -> Expected | None:
    if "tokenizer.ggml.merges" not in model.lists:
        return None
    return write_list(model, "tokenizer.ggml.merges", model.reader.fields["tokenizer.ggml.merges"].contents()[:4])


def scores_lost(model: Spoiled) -> Expected | None:
    if "tokenizer.ggml.scores" not in model.lists:
        return None
    return write_list(model, "tokenizer.ggml.scores", [0.0] * len(model.reader.fields["tokenizer.ggml.scores"].contents()))


def bos_flag(model: Spoiled) -> Expected | None:
    key = "tokenizer.ggml.add_bos_token"
    if key not in model.fields or "tokenizer.ggml.bos_token_id" not in model.fields:
        return None
    model.meta("set", key, str(not model.fields[key]).lower())
    return Expected((), "tokenizer", is_proven=False)


def other_special(name: str):
    def fault(model: Spoiled) -> Expected | None:
        key = f"tokenizer.ggml.{name}_token_id"
        if key not in model.fields:
            return None
        model.meta("set", key, model.fields[key] + 1)
        return Expected((), "tokenizer", is_proven=False)
    return fault


def pre_tokenizer(model: Spoiled) -> Expected | None:
    key = "tokenizer.ggml.pre"
    # Word pieces are cut in one way, whatever the key says.
    if key not in model.fields or model.fields[key] == "default" or model.fields["tokenizer.ggml.model"] == "bert":
        return None
    # StableLM 2 splits text as Qwen2 does.
    model.meta("set", key, "gpt-2" if model.fields[key] in ("qwen2", "stablelm2") else "qwen2")
    return Expected((), "tokenizer", is_proven=False)


TOKENIZERS = {
    "two tokens swapped": vocabulary_swapped, "merges lost": merges_lost, "scores lost": scores_lost, "add_bos flipped": bos_flag,
    "another bos": other_special("bos"), "another eos": other_special("eos"), "another pre-tokenizer": pre_tokenizer,
}
