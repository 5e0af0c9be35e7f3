"""What is judged of one held-out checkpoint; every check returns None or what differs."""

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from fixtures.generate import reference
from fixtures.generate.texts import TEXTS

from ..definitions import ADDS_ONE, of_model_type
from ..program import Ingot


def reference_file(name: str, folder: Path, kind: str, out: Path) -> str | None:
    """None, or why the reference refuses the folder."""
    try:
        reference.convert(name, folder, kind, out)
    except (Exception, SystemExit) as error:  # noqa: BLE001: a refusal is a fact
        return repr(error)
    return None


def same_file(program: Ingot, folder: Path, kind: str, wanted: Path, own: Path) -> str | None:
    """What of the own file, or of the own one without departures, is not the reference's."""
    program.convert(folder, own, "--type", kind.upper())
    if wanted.read_bytes() == own.read_bytes():
        return None
    exact = own.with_name("exact.gguf")
    program.convert(folder, exact, "--type", kind.upper(), "--reference-bytes")
    return None if wanted.read_bytes() == exact.read_bytes() else f"{kind}: {difference(wanted, exact)}"


def difference(wanted: Path, own: Path) -> str:
    """Which metadata and which tensors are not the same, for the report."""
    import gguf

    def contents(path: Path) -> tuple[dict, dict]:
        reader = gguf.GGUFReader(path)
        fields = {key: [str(field.types), *(part.tobytes() for part in field.parts)] for key, field in reader.fields.items()}
        return fields, {tensor.name: (tensor.tensor_type, tuple(tensor.shape), tensor.data.tobytes()) for tensor in reader.tensors}

    (fields, tensors), (own_fields, own_tensors) = contents(wanted), contents(own)
    missing, extra = [key for key in fields if key not in own_fields], [key for key in own_fields if key not in fields]
    other = [key for key in fields if key in own_fields and fields[key] != own_fields[key] and not key.startswith("GGUF.")]
    facts = [f"metadata lacks {missing}" if missing else "", f"has {extra} more" if extra else "", f"other {other}" if other else ""]
    names = [name for name in {**tensors, **own_tensors} if tensors.get(name) != own_tensors.get(name)]
    facts.append(f"tensors {names[:6]}" if names else "")
    return "; ".join(fact for fact in facts if fact) or "the order is not the same"


def stored(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for path in folder.glob("*.safetensors") for name, tensor in load_file(path).items()}


def left_out(folder: Path, model_type: str) -> list[str]:
    """What no GGUF of a text model has: buffers, the output of Gemma, which is its token embedding, and what belongs to images."""
    def is_left_out(name: str) -> bool:
        is_output = model_type in ("gemma", "gemma2") and name == "lm_head.weight"
        return is_output or name.endswith("rotary_emb.inv_freq") or name.startswith(("vision_tower.", "multi_modal_projector."))
    return [name for name in stored(folder) if is_left_out(name)]


def same_tensors(program: Ingot, dropped: list[str], source: Path, expected: Path, scratch: Path, kind: str | None) -> str | None:
    """By way of a GGUF in one format, or in those of the source; leaves the new folder, which must be as `expected`, at scratch/back."""
    program.convert(program.convert(source, scratch / "gguf" / "model.gguf", *(["--type", kind] if kind else [])), scratch / "back")
    back = stored(scratch / "back")
    config = json.loads((expected / "config.json").read_text(encoding="utf-8"))
    rows = config.get("vocab_size")
    wanted = {written(name): tensor[:rows] if name == "model.embed_tokens.weight" else tensor for name, tensor in stored(expected).items() if name not in dropped}
    if set(back) != set(wanted):
        return f"names differ: {sorted(set(back) ^ set(wanted))[:8]}"
    adds_one = of_model_type(config.get("text_config", config)["model_type"]).has_transform(ADDS_ONE)
    other = [name for name in wanted if not is_same(back[name], wanted[name], adds_one and name.endswith("norm.weight"))]
    return f"other bytes: {other[:8]}" if other else None


def written(name: str) -> str:
    """The name under which a text model that was part of another, or had no head, comes back."""
    own = name.removeprefix("language_model.")
    return f"model.{own}" if own.startswith(("embed_tokens.", "layers.", "norm.")) else own


def is_same(own: torch.Tensor, wanted: torch.Tensor, adds_one: bool) -> bool:
    """Bit for bit; where the reference adds 1 and the sum is rounded, any values that give the same sum."""
    if own.dtype != wanted.dtype:
        return False
    if adds_one:
        return torch.equal(*((tensor.float() if tensor.dtype == torch.bfloat16 else tensor) + 1 for tensor in (own, wanted)))
    return torch.equal(own.contiguous().view(torch.uint8), wanted.contiguous().view(torch.uint8))


def loads(path: Path) -> str | None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            reference.check_loads(path)
    except RuntimeError as error:
        return str(error)
    return None


def put_added_tokens(folder: Path) -> None:
    """Writes the configured tokens over the pieces of their ids; LlamaTokenizer would number them anew, the model's own code does not."""
    from sentencepiece import sentencepiece_model_pb2

    path = folder / "tokenizer_config.json"
    tokens = json.loads(path.read_text(encoding="utf-8")).get("added_tokens_decoder", {}) if path.exists() else {}
    model = sentencepiece_model_pb2.ModelProto.FromString((folder / "tokenizer.model").read_bytes())
    for index, token in tokens.items():
        if int(index) < len(model.pieces):
            model.pieces[int(index)].piece = token["content"]
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())


def auto_tokenizer(folder: Path):
    """transformers' tokenizer of the folder; where the model's own code would do it, SentencePiece's rules for its model."""
    import sentencepiece
    from transformers import AutoTokenizer, LlamaTokenizer, T5Tokenizer

    path, model = folder / "tokenizer_config.json", folder / "tokenizer.model"
    configuration = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"tokenizer_class": "LlamaTokenizer"}
    # For some model types AutoTokenizer overlooks that the configuration names LLaMA's class, and leaves the first space out.
    is_llama = model.exists() and not (folder / "tokenizer.json").exists() and configuration.get("tokenizer_class") == "LlamaTokenizer"
    if is_llama or "auto_map" in configuration:
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        # Without config.json, which describes a model that transformers does not know.
        with tempfile.TemporaryDirectory() as temporary:
            shutil.copytree(folder, temporary, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
            put_added_tokens(Path(temporary))
            return LlamaTokenizer.from_pretrained(temporary, add_prefix_space=pieces.encode("a", out_type=str)[0].startswith("\u2581"))
    # A T5 folder means its SentencePiece model; made of a GGUF, it says that tokenizer.json is meant.
    if not (folder / "spiece.model").exists() or "T5" not in path.read_text(encoding="utf-8"):
        return AutoTokenizer.from_pretrained(folder)
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(folder, temporary, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", "tokenizer.json"))
        return T5Tokenizer.from_pretrained(temporary)


def other_texts(source: Path, back: Path, frames: tuple[bool, ...]) -> tuple[list[str], int]:
    """The texts whose ids, without or with special tokens, are not those of the source folder; and of how many."""
    wanted, own = auto_tokenizer(source), auto_tokenizer(back)
    differing = [
        text for text in TEXTS
        if any(wanted.encode(text, add_special_tokens=special) != own.encode(text, add_special_tokens=special) for special in frames)]
    return differing, len(TEXTS)
