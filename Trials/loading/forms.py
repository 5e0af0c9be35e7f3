"""The forms in which users have one checkpoint: its output matrix, and the files of its vocabulary."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from fixtures.generate.places import write_json

EMBEDDINGS = (
    "model.embed_tokens.weight", "transformer.wte.weight", "wte.weight", "gpt_neox.embed_in.weight", "model.tok_embeddings.weight", "shared.weight",
    "transformer.word_embeddings.weight", "word_embeddings.weight", "language_model.model.embed_tokens.weight")
OUTPUTS = ("lm_head.weight", "embed_out.weight", "output.weight", "language_model.lm_head.weight")
HEAD_OF = {"gpt_neox.embed_in.weight": "embed_out.weight", "model.tok_embeddings.weight": "output.weight",
           "language_model.model.embed_tokens.weight": "language_model.lm_head.weight"}

# Of a head and the embedding: the head, and whether config.json ties it.
HEADS: dict[str, Callable] = {
    "no": lambda embedding: (None, True),
    "equal": lambda embedding: (embedding.clone(), True),
    "other": lambda embedding: (torch.roll(embedding, 1, dims=0).contiguous(), False),
}

TOKENIZER_JSON, MODELS, BYTE_LEVEL = "tokenizer.json", ("tokenizer.model", "spiece.model"), ("vocab.json", "merges.txt")


def with_head(source: Path, folder: Path, make: Callable) -> bool:
    """A copy of the folder with this head; False where the model has no output matrix at all."""
    tensors = load_file(source / "model.safetensors")
    embedding = next((name for name in EMBEDDINGS if name in tensors), None)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    is_encoder = config.get("model_type") in ("bert", "nomic_bert") or "EncoderModel" in str(config.get("architectures"))
    if embedding is None or is_encoder:
        if make is not HEADS["no"]:
            return False
        shutil.copytree(source, folder)
        return True
    head, is_tied = make(tensors[embedding])
    # Head and embedding of T5 differ in width only if the model was trained so; a tied one is scaled.
    tensors = {name: tensor for name, tensor in tensors.items() if name not in OUTPUTS}
    if head is not None:
        tensors[HEAD_OF.get(embedding, "lm_head.weight")] = head
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    inner = config.get("text_config")
    for members in (config, inner) if inner else (config,):
        members["tie_word_embeddings"] = is_tied
    write_json(folder / "config.json", config)
    return True


def vocabularies(folder: Path) -> dict[str, tuple[str, ...]]:
    """The forms that its files allow, the folder's own first: the files that each leaves out."""
    names = {path.name for path in folder.iterdir()}
    models, byte_level = tuple(name for name in MODELS if name in names), BYTE_LEVEL if set(BYTE_LEVEL) <= names else ()
    forms: dict[str, tuple[str, ...]] = {"all files": ()}
    if TOKENIZER_JSON in names and (models or byte_level or "vocab.txt" in names):
        forms["tokenizer.json alone"] = (*models, *byte_level, "vocab.txt", "added_tokens.json", "special_tokens_map.json")
        if models:
            forms[f"{models[0]} alone"] = (TOKENIZER_JSON,)
        elif byte_level:
            forms["vocab.json and merges.txt"] = (TOKENIZER_JSON,)
    return forms
