"""Faults of tokenizers: what is expected is an error of the tokenizer, whatever its subject."""

import json

from .spoiled import Expected, Spoiled


def vocabulary_swapped(model: Spoiled) -> Expected | None:
    words = model.reader.fields["tokenizer.ggml.tokens"].contents()
    # Ordinary tokens: the special ones come first, or last.
    middle = len(words) // 2
    words[middle], words[middle + 1] = words[middle + 1], words[middle]
    return write_list(model, "tokenizer.ggml.tokens", words)


def write_list(model: Spoiled, key: str, values: list) -> Expected:
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
