"""Changes of a finished folder: what users' folders have beside other numbers. Each takes the folder and the seed's draws."""

import json
import random
import struct
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from fixtures.generate.checkpoints import IMAGE_TENSORS, nested_config
from fixtures.generate.places import write_json

from .drawing import text_of

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
OTHER_CARD = """---
license: other
license_name: tiny-license
license_link: https://example.org/LICENSE
base_model:
- some-org/Base-Model-3B-Instruct-v1.5
- other-org/second
base_model_relation: finetune
language: fr
library_name: transformers
pipeline_tag: text-generation
tags:
- merge
datasets: [one/a-b, https://example.org/two]
model-index:
- name: Tiny Chat
---
Text
"""
TEMPLATE = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
TOKENIZER = (
    "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
    "spiece.model", "chat_template.jinja")


def edit(path: Path, **changes) -> None:
    write_json(path, {**(json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}), **changes})


# The weights

def rewrite(folder: Path, change) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def rounded(dtype: str):
    """Values that bfloat16 does not have, so that every rounding shows."""
    def change(tensors: dict) -> dict:
        floats = {name: (tensor.float() * 1.00037).to(getattr(torch, dtype)) for name, tensor in tensors.items() if tensor.is_floating_point()}
        return {**tensors, **floats}
    return lambda folder, draw: rewrite(folder, change)


def widen_vectors(folder: Path, draw: random.Random) -> None:
    """Norms and biases in float32, with values that bfloat16 does not have, beside matrices in bfloat16."""
    def change(tensors: dict) -> dict:
        wide = {name: tensor.float() * 1.00037 for name, tensor in tensors.items() if tensor.is_floating_point() and tensor.dim() == 1}
        return {**tensors, **wide}
    rewrite(folder, change)


def add_buffers(folder: Path, draw: random.Random) -> None:
    """What transformers before 4.32 saved with LLaMA's relatives."""
    def change(tensors: dict) -> dict:
        layers = {name.split(".self_attn.")[0] for name in tensors if name.startswith("model.layers.") and ".self_attn." in name}
        return {**tensors, **{f"{layer}.self_attn.rotary_emb.inv_freq": torch.linspace(1, 0.1, 8) for layer in sorted(layers)}}
    rewrite(folder, change)


def add_rows(folder: Path, draw: random.Random) -> None:
    """More rows than the configuration states."""
    def change(tensors: dict) -> dict:
        embedding = tensors["model.embed_tokens.weight"]
        return {**tensors, "model.embed_tokens.weight": torch.cat([embedding, embedding[:5]])}
    rewrite(folder, change)


def ahead(folder: Path) -> list[str]:
    """The tensors of the layers that predict further tokens."""
    config = text_of(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    last = f"model.layers.{config.get('num_hidden_layers')}."
    return [name for name in load_file(folder / "model.safetensors") if name.startswith(("mtp.", last))]


def has_layers_ahead(folder: Path, draw: random.Random) -> bool:
    return bool(ahead(folder))


def store_tied_output(folder: Path, draw: random.Random) -> None:
    """Files in which a tied output stands a second time."""
    def change(tensors: dict) -> dict:
        embedding = tensors.get("model.embed_tokens.weight")
        return tensors if embedding is None else {**tensors, "lm_head.weight": embedding.clone()}
    rewrite(folder, change)


def shuffle(folder: Path, draw: random.Random) -> None:
    """The tensors in any order, as programs other than safetensors' own write them."""
    path = folder / "model.safetensors"
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    metadata, entries, parts, place = header.pop("__metadata__"), list(header.items()), [], 0
    draw.shuffle(entries)
    written = {}
    for name, entry in entries:
        part = data[slice(*entry["data_offsets"])]
        written[name] = {**entry, "data_offsets": [place, place + len(part)]}
        parts.append(part)
        place += len(part)
    text = json.dumps({"__metadata__": metadata, **written}).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def strip(classname: str):
    """The model without its head, under the names that it has by itself."""
    def change(folder: Path, draw: random.Random) -> None:
        rewrite(folder, lambda tensors: {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name != "lm_head.weight"})
        edit(folder / "config.json", architectures=[classname])
    return change


def put_inside(classname: str):
    """The model as the text part of one with images."""
    def change(folder: Path, draw: random.Random) -> None:
        path = folder / "config.json"
        write_json(path, nested_config(json.loads(path.read_text(encoding="utf-8")), classname))
        images = {name: torch.ones(shape, dtype=torch.bfloat16) for name, shape in IMAGE_TENSORS.items()}
        rewrite(folder, lambda tensors: images | {f"language_model.{name}": tensor for name, tensor in tensors.items()})
    return change


def shards(count: int):
    def change(folder: Path, draw: random.Random) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        path.unlink()
        places = {name: f"model-{draw.randrange(count) + 1:05}-of-{count:05}.safetensors" for name in tensors}
        for file in set(places.values()):
            save_file({name: tensors[name] for name in tensors if places[name] == file}, folder / file, metadata={"format": "pt"})
        index = {"metadata": {"total_size": sum(tensor.nbytes for tensor in tensors.values())}, "weight_map": dict(sorted(places.items()))}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return change


# The files beside them

def put_card(folder: Path, draw: random.Random) -> None:
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    generation = {"_from_model_config": True, "do_sample": True, "temperature": 0.7, "top_p": 0.9, "top_k": 20, "repetition_penalty": 1.05}
    (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")


def put_other_card(folder: Path, draw: random.Random) -> None:
    (folder / "README.md").write_text(OTHER_CARD, encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 5], "min_p": 0.05, "top_k": 0}), encoding="utf-8")
    edit(folder / "config.json", _name_or_path="some-org/Tiny-Chat-7B")


def put_templates(folder: Path, draw: random.Random) -> None:
    """One beside the default: the reference lists the names of several in an order that differs from run to run."""
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    edit(folder / "tokenizer_config.json", chat_template=[
        {"name": "default", "template": TEMPLATE}, {"name": "tool use-2", "template": TEMPLATE + "é\r\n{{ tools }}"}])


def put_template_files(folder: Path, draw: random.Random) -> None:
    configuration = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    configuration.pop("chat_template", None)
    write_json(folder / "tokenizer_config.json", configuration)
    (folder / "chat_template.jinja").write_bytes(b"a\r\n" + TEMPLATE.encode())
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "tools.jinja").write_text(TEMPLATE + "{{ tools }}", encoding="utf-8")


def put_template_json(folder: Path, draw: random.Random) -> None:
    configuration = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    configuration.pop("chat_template", None)
    write_json(folder / "tokenizer_config.json", configuration)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    write_json(folder / "chat_template.json", {"chat_template": TEMPLATE})


def keep_only(*names: str):
    """Without the other files of the tokenizer; nothing is tried where one of those to be kept is missing."""
    def change(folder: Path, draw: random.Random) -> bool:
        removed = [folder / name for name in TOKENIZER if name not in names]
        if any(not (folder / name).exists() for name in names) or not any(path.exists() for path in removed):
            return False
        for path in removed:
            path.unlink(missing_ok=True)
        return True
    return change


def answer(**answers: bool):
    """Answers that tokenizer_config.json may give."""
    return lambda folder, draw: edit(folder / "tokenizer_config.json", **answers)


def name_by_objects(folder: Path, draw: random.Random) -> None:
    """Special tokens as objects, the way transformers 4 saved slow tokenizers."""
    path = folder / "tokenizer_config.json"
    configuration = json.loads(path.read_text(encoding="utf-8"))
    named = {key: value for key, value in configuration.items() if key.endswith("_token") and isinstance(value, str)}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    edit(path, **{key: {"__type": "AddedToken", "content": value, **flags} for key, value in named.items()})


def add_beyond(folder: Path, draw: random.Random) -> bool:
    """A token for which the embedding has no row, in a folder with a SentencePiece model."""
    if not (folder / "tokenizer.model").exists():
        return False
    rows = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    path = folder / "added_tokens.json"
    tokens = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_json(path, {**tokens, "<|far|>": rows + 5})
    return True
