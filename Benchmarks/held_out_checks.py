"""What is judged of one held-out checkpoint; every check returns None or what differs."""

import contextlib
import io
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

import make_architecture_expected as reference
from architecture_configs import ARCHITECTURES
from held_out_configs import PRE_TOKENIZERS
from texts import TEXTS


def run(program: str, *arguments) -> None:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr or done.stdout)


def reference_file(name: str, folder: Path, kind: str, out: Path) -> str | None:
    """None, or why the reference refuses the folder."""
    try:
        reference.convert(name, folder, kind, out, pre=PRE_TOKENIZERS.get(name) or reference.PRE_TOKENIZERS.get(ARCHITECTURES[name].tokenizer))
    except (Exception, SystemExit) as error:  # noqa: BLE001: a refusal is a fact
        return repr(error)
    return None


def same_file(program: str, folder: Path, kind: str, wanted: Path, own: Path) -> str | None:
    run(program, "convert", folder, "-o", own, "--type", kind.upper(), "--overwrite")
    return None if wanted.read_bytes() == own.read_bytes() else f"{kind}: {difference(wanted, own)}"


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


def same_tensors(program: str, dropped: list[str], source: Path, expected: Path, scratch: Path) -> str | None:
    """By way of a GGUF in the formats of the source; leaves the new folder, which must be as `expected`, at scratch/back."""
    run(program, "convert", source, "-o", scratch / "gguf" / "model.gguf")
    run(program, "convert", scratch / "gguf" / "model.gguf", "-o", scratch / "back")
    back = stored(scratch / "back")
    wanted = {name: tensor for name, tensor in stored(expected).items() if name not in dropped}
    if set(back) != set(wanted):
        return f"names differ: {sorted(set(back) ^ set(wanted))[:8]}"
    other = [name for name in wanted if back[name].dtype != wanted[name].dtype or not torch.equal(back[name].view(torch.uint8), wanted[name].contiguous().view(torch.uint8))]
    return f"other bytes: {other[:8]}" if other else None


def loads(path: Path) -> str | None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            reference.check_loads(path)
    except RuntimeError as error:
        return str(error)
    return None


def auto_tokenizer(folder: Path):
    """transformers' tokenizer of the folder; where the model's own code would do it, SentencePiece's rules for its model."""
    import sentencepiece
    from transformers import AutoTokenizer, LlamaTokenizer

    path = folder / "tokenizer_config.json"
    if path.exists() and "auto_map" in json.loads(path.read_text(encoding="utf-8")):
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        return LlamaTokenizer.from_pretrained(folder, add_prefix_space=pieces.encode("a", out_type=str)[0].startswith("\u2581"))
    # A T5 folder means its SentencePiece model; made of a GGUF, it says that tokenizer.json is meant.
    if not (folder / "spiece.model").exists() or "T5" not in path.read_text(encoding="utf-8"):
        return AutoTokenizer.from_pretrained(folder)
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(folder, temporary, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", "tokenizer.json"))
        return AutoTokenizer.from_pretrained(temporary)


def other_texts(source: Path, back: Path) -> tuple[list[str], int]:
    """The texts whose ids, without or with special tokens, are not those of the source folder; and of how many."""
    wanted, own = auto_tokenizer(source), auto_tokenizer(back)
    differing = [
        text for text in TEXTS
        if any(wanted.encode(text, add_special_tokens=special) != own.encode(text, add_special_tokens=special) for special in (False, True))]
    return differing, len(TEXTS)
