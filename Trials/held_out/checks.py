"""What is judged of one held-out checkpoint; every check returns None or what differs."""

import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from fixtures.generate import reference
from fixtures.generate.decoder_configs import Architecture
from fixtures.generate.make_architectures import MASKED_PREFIXES, unused_rows
from fixtures.generate.text_models import renamed, unstacked
from fixtures.generate.texts import TEXTS

from ..program import Ingot
from .drawing import text_of


def reference_file(name: str, folder: Path, kind: str, out: Path, options: tuple[str, ...] = ()) -> str | None:
    """None, or why the reference refuses the folder."""
    try:
        reference.convert(name, folder, kind, out, options)
    except (Exception, SystemExit) as error:  # noqa: BLE001: a refusal is a fact
        return repr(error)
    finally:
        forget_options()
    return None


def forget_options() -> None:
    """The reference sets --no-mtp on the class of the model, for the rest of the process."""
    from conversion.base import ModelBase, ModelType

    for model in ModelBase._model_classes[ModelType.TEXT].values():
        if "no_mtp" in vars(model):
            del model.no_mtp


def same_file(program: Ingot, folder: Path, kind: str, wanted: Path, own: Path, options: tuple[str, ...] = ()) -> str | None:
    """What of the own file, or of the own one without departures, is not the reference's."""
    program.convert(folder, own, "--type", kind.upper(), *options)
    if wanted.read_bytes() == own.read_bytes():
        return None
    exact = own.with_name("exact.gguf")
    program.convert(folder, exact, "--type", kind.upper(), "--reference-bytes", *options)
    return None if wanted.read_bytes() == exact.read_bytes() or is_other_exponential(wanted, exact) else f"{kind}: {difference(wanted, exact)}"


def contents(path: Path) -> tuple[dict, dict]:
    import gguf

    reader = gguf.GGUFReader(path)
    fields = {key: [str(field.types), *(part.tobytes() for part in field.parts)] for key, field in reader.fields.items()}
    return fields, {tensor.name: (tensor.tensor_type, tuple(tensor.shape), tensor.data.tobytes()) for tensor in reader.tensors}


def is_other_exponential(wanted: Path, own: Path) -> bool:
    """Whether only decay rates differ, by a last bit: torch's exponential is that of the machine's library, not the nearest float."""
    (fields, tensors), (own_fields, own_tensors) = contents(wanted), contents(own)
    if fields != own_fields or list(tensors) != list(own_tensors):
        return False
    pairs = [(name, tensors[name], own_tensors[name]) for name in tensors if tensors[name] != own_tensors[name]]
    return all(
        name.endswith(".ssm_a") and one[:2] == other[:2] and abs(np.frombuffer(one[2], "<i4").astype(int) - np.frombuffer(other[2], "<i4")).max() <= 1
        for name, one, other in pairs)


def difference(wanted: Path, own: Path) -> str:
    """Which metadata and which tensors are not the same, for the report."""
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


def tensors_back(folder: Path, architecture: Architecture, dropped: list[str]) -> dict[str, torch.Tensor]:
    """What a folder made of a GGUF of this one must contain: the text model, under the names of its own class."""
    config = text_of(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    prefix = MASKED_PREFIXES[config["model_type"]] if architecture.kind == "masked" else ""
    wanted = {}
    for name, tensor in stored(folder).items():
        if name in dropped:
            continue
        name = renamed(name.removeprefix(prefix), architecture.text_names)
        name = written(name) if architecture.has_logits_of_each_position else name
        if name == "model.embed_tokens.weight":
            tensor = tensor[:config.get("vocab_size")]
        wanted |= unstacked(name, tensor) if architecture.transposes_experts and ".mlp.experts." in name else {name: tensor}
    for name, count in unused_rows(config, list(wanted)).items():
        wanted[name] = torch.cat([torch.zeros_like(wanted[name][:count]), wanted[name][count:]])
    return wanted


def same_tensors(program: Ingot, wanted: dict[str, torch.Tensor], source: Path, architecture: Architecture, scratch: Path, options: tuple[str, ...]) -> str | None:
    """By way of a GGUF; leaves the new folder at scratch/back."""
    program.convert(program.convert(source, scratch / "gguf" / "model.gguf", *options), scratch / "back")
    back = stored(scratch / "back")
    if set(back) != set(wanted):
        return f"names differ: {sorted(set(back) ^ set(wanted))[:8]}"
    adds_one = architecture.norm_offset != 0
    other = [name for name in wanted if not is_same(back[name], wanted[name], transform_of(name, adds_one))]
    return f"other bytes: {other[:8]}" if other else None


def written(name: str) -> str:
    """The name under which a text model that was part of another, or had no head, comes back."""
    own = name.removeprefix("language_model.")
    return f"model.{own}" if own.startswith(("embed_tokens.", "layers.", "norm.")) else own


def transform_of(name: str, adds_one: bool) -> Callable | None:
    """The computation that a GGUF has the result of, so that values are only known as far as that keeps them."""
    if name.endswith(".A_log"):
        return torch.exp
    is_norm = name.endswith("norm.weight") or ".pre_fc_norm_" in name
    return (lambda values: values + 1) if is_norm and adds_one else None


def is_same(own: torch.Tensor, wanted: torch.Tensor, transform: Callable | None) -> bool:
    """Bit for bit; where a GGUF has a rounded result, any values that give the same. Decay rates are float32 in any folder made of one."""
    if transform is torch.exp:
        own = own.to(wanted.dtype)
    if own.dtype != wanted.dtype:
        return False
    if transform:
        return torch.equal(*(transform(tensor.float() if tensor.dtype == torch.bfloat16 else tensor) for tensor in (own, wanted)))
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
