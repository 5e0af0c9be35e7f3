"""Faults of tensors: order of rows, norms, swapped, transposed, missing and foreign values."""

import re

import numpy as np

from ..definitions import ADDS_ONE, PERMUTED, TRANSPOSED
from .spoiled import BLOCK, Expected, Spoiled


def is_permuted(model: Spoiled) -> bool:
    return model.definition.has_transform(PERMUTED, roles=("attention_query",))


def unpermute(array: np.ndarray, heads: int) -> None:
    shape = array.shape
    array[:] = array.reshape(heads, shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(shape)


def swap(one: np.ndarray, other: np.ndarray) -> None:
    one[:], other[:] = other.copy(), one.copy()


def query_unpermuted(model: Spoiled) -> Expected | None:
    layer = model.layer_with("attn_q")
    if layer is None or not is_permuted(model):
        return None
    unpermute(model.get(layer, "attn_q"), model.heads[0])
    return Expected(("rotary_permutation",), f"layer {layer} attention query")


def key_unpermuted(model: Spoiled) -> Expected | None:
    layer = model.layer_with("attn_k")
    if layer is None or not is_permuted(model):
        return None
    unpermute(model.get(layer, "attn_k"), model.heads[1])
    return Expected(("rotary_permutation",), f"layer {layer} attention key")


def all_unpermuted(model: Spoiled) -> Expected | None:
    if not is_permuted(model) or model.layer_with("attn_q") is None:
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
    if not model.definition.detects(ADDS_ONE):
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
    """The bytes of a matrix that is transposed on the way, under the shape that it should have: GPT-2 as it is published."""
    layer = model.layer_with("ffn_up")
    if layer is None or not model.definition.has_transform(TRANSPOSED, scheme="hf"):
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
    return Expected(("tied_output",), "output", is_proven=False)


def embedding_shifted(model: Spoiled) -> Expected | None:
    array = model.tensors["token_embd.weight"]
    array[:] = np.roll(array, 1, axis=0)
    return Expected(("rows", "weights"), "token embedding")


def embedding_zeroed_row(model: Spoiled) -> Expected | None:
    model.tensors["token_embd.weight"][13] = 0
    return Expected(("rows", "weights"), "token embedding")


def repacked(model: Spoiled) -> Expected | None:
    """Queries, keys and values head by head, as Hugging Face's files have them."""
    layer = model.layer_with("attn_qkv")
    if layer is None or not model.definition.regroups_heads():
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
