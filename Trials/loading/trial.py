"""GGUFs of every architecture as llama.cpp uses them: do they load, compute what the folder does, and cut texts into the same tokens?

Usage: python -m Trials.loading.trial PEERS_DIR INGOT [--record] [--type TYPE] [NAME ...]

Each checkpoint of the fixtures is tried with no head, a head that equals the embedding and another one, and with its vocabulary in every form that
a folder may have it in. A line per architecture has the counts, then every failure; --record writes the table into Trials/README.md.
Ends with status 1 if anything failed.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

import numpy as np
from sentencepiece import SentencePieceProcessor
from transformers import AutoTokenizer

from fixtures.generate import reference
from fixtures.generate.checkpoints import CHECKPOINTS
from fixtures.generate.reference import NOT_LOADED
from fixtures.generate.staging import stage
from fixtures.generate.texts import TEXTS

from ..program import Ingot, Refusal
from .forms import HEADS, vocabularies, with_head

README = Path(__file__).resolve().parent.parent / "README.md"
START, END = "<!-- begin recorded: loading -->\n", "<!-- end recorded: loading -->"
COLUMNS = ("loads", "computes", "texts")
MORE = ("converter's", "refused", "limits")
# llama.cpp computes in float32 with sums in another order, and some activations by table.
LIMIT = 1e-3
TOKENS = [7, 100, 31, 5, 64, 200, 12]
# What llama.cpp takes for granted of a model of this architecture, so that it does not compute a tiny one.
LIMITS = {
    "baichuan": "RoPE only with 32 layers",
    "command-r-plus": "norms of queries and keys only from 64 layers on",
    "deepseek-v2-lite": "no rank of queries only with 27 layers",
    "exaone4": "sliding windows and layers without RoPE only with 64 layers",
    "gemma2": "the scale of attention follows from the width of a head",
    "phi3-longrope": "long factors for every context beyond the original one, also for short texts",
}


class Loader:
    """The small program over libllama."""

    def __init__(self, peers: Path, folder: Path) -> None:
        self.path, build, source = folder / "loader", peers / "llama.cpp" / "build" / "bin", Path(__file__).with_name("loader.c")
        self.texts = [text for text in TEXTS if "\0" not in text]
        self.list = folder / "texts"
        self.list.write_bytes(b"".join(text.encode() + b"\0" for text in self.texts))
        headers = [f"-I{peers / 'llama.cpp' / part}" for part in ("include", "ggml/include")]
        libraries = [f"-L{build}", "-lllama", "-lggml", "-lggml-base", "-lm", f"-Wl,-rpath,{build}"]
        subprocess.run(["cc", "-O1", *headers, str(source), "-o", str(self.path), *libraries], check=True)

    def run(self, model: Path, logits: Path, tokens: list[int]) -> tuple[int, str, list[list[int]]]:
        done = subprocess.run([self.path, model, self.list, logits, *map(str, tokens)], capture_output=True, text=True, errors="replace")
        ids = [[int(word) for word in line.split()] for line in done.stdout.splitlines()] if done.returncode == 0 else []
        return done.returncode, " ".join(done.stderr.split()), ids


class Tally:
    def __init__(self) -> None:
        self.passed, self.tried = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0)
        self.refused, self.explained, self.limits, self.failures = 0, 0, set(), []

    def count(self, column: str, case: str, passed: int, tried: int, fact: str = "") -> None:
        self.passed[column] += passed
        self.tried[column] += tried
        if passed < tried:
            self.failures.append(f"{case}: {column}: {fact[:500]}")

    def cells(self) -> list[str]:
        counts = [f"{self.passed[column]} of {self.tried[column]}" if self.tried[column] else "–" for column in COLUMNS]
        return [*counts, str(self.explained or "–"), str(self.refused or "–"), "; ".join(sorted(self.limits))]


def error_of(own: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.square(own - wanted).sum() / max(np.square(wanted).sum(), 1e-30))


def judge_values(program: Ingot, folder: Path, loaded: Path, scratch: Path) -> str | None:
    """The forward pass of the folder, which the tests hold to transformers, against llama.cpp's of the GGUF."""
    out = scratch / "folder.npy"
    tokens = ",".join(map(str, TOKENS))
    program.run(folder, "--tokens", tokens, "--logits", out)
    own, wanted = np.fromfile(loaded, dtype=np.float32), np.load(out)[-1]
    if len(own) != len(wanted):
        return f"{len(own)} logits instead of {len(wanted)}"
    error = error_of(own, wanted)
    return None if error <= LIMIT else f"NMSE {error:.3g}"


class Pieces:
    """sentencepiece, for folders whose tokenizer is code of their own."""

    def __init__(self, path: Path) -> None:
        self.processor = SentencePieceProcessor(model_file=str(path))

    def encode(self, text: str, add_special_tokens: bool) -> list[int] | None:
        return None if add_special_tokens else self.processor.encode(text)


def tokenizer_of(folder: Path, whole: Path):
    """The tokenizer of a folder, or of the whole one where transformers cannot read the files that are left."""
    for path in (folder, whole):
        try:
            return AutoTokenizer.from_pretrained(path, trust_remote_code=False)
        except Exception:  # noqa: BLE001: it needs tokenizer.json, or code
            continue
    return Pieces(whole / "tokenizer.model")


def judge_texts(found: list[list[int]], tokenizer, texts: list[str], converted: list[list[int]] | None, case: str, tally: Tally) -> None:
    """Ids that are not AutoTokenizer's must be those of the converter's file of the whole folder: then llama.cpp cannot do better."""
    for special in (False, True):
        own, other = found[special::2], converted[special::2] if converted else [None] * len(texts)
        wanted = [tokenizer.encode(text, add_special_tokens=special) for text in texts]
        if None in wanted:
            continue
        differing = [index for index in range(len(texts)) if own[index] != wanted[index]]
        unexplained = [texts[index] for index in differing if own[index] != other[index]]
        tally.explained += len(differing) - len(unexplained)
        name = "with special tokens, " if special else ""
        fact = f"{name}other ids of {len(unexplained)}: {unexplained[:4]}"
        tally.count("texts", case, len(texts) - len(unexplained), len(texts), fact)


def converted_ids(loader: Loader, name: str, whole: Path, scratch: Path) -> list[list[int]] | None:
    """The ids of the converter's file; None where it refuses the folder or llama.cpp its file."""
    out = scratch / "converted.gguf"
    try:
        reference.convert(name, whole, "f32", out)
    except (Exception, SystemExit):  # noqa: BLE001: then nothing explains a difference
        return None
    status, _, ids = loader.run(out, scratch / "logits", [])
    return None if status else ids


def examine(program: Ingot, loader: Loader, name: str, kind: str, tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        parent = Path(temporary)
        whole = stage(name, parent / "in")
        tokenizers = {}
        converted = converted_ids(loader, name, whole, parent)
        for head, make in HEADS.items():
            headed = parent / head / whole.name
            if not with_head(whole, headed, make):
                continue
            for form, files in vocabularies(headed).items():
                folder = parent / form / head / whole.name
                shutil.copytree(headed, folder, ignore=lambda _, names, kept=files: [file for file in names if file in kept])
                case, out = f"{name}, {head} head, {form}", parent / "out.gguf"
                try:
                    program.do("convert", folder, "-o", out, "--overwrite", "--quiet", "--type", kind)
                except Refusal as refusal:
                    if head == "other" and "differs from" in str(refusal):
                        tally.refused += 1
                    else:
                        tally.count("loads", case, 0, 1, f"ingot refuses it: {refusal}")
                    continue
                is_run = name not in NOT_LOADED
                status, errors, ids = loader.run(out, parent / "logits", TOKENS if is_run else [])
                if status and not is_run:
                    tally.limits.add(LIMITS[name])
                    continue
                tally.count("loads", case, int(status == 0), 1, errors)
                if status:
                    continue
                if form == next(iter(vocabularies(headed))) and is_decoder(name):
                    fact = judge_values(program, folder, parent / "logits", parent)
                    if fact and name in LIMITS:
                        tally.limits.add(LIMITS[name])
                    else:
                        tally.count("computes", case, int(fact is None), 1, fact or "")
                if form not in tokenizers:
                    tokenizers[form] = tokenizer_of(folder, whole)
                judge_texts(ids, tokenizers[form], loader.texts, converted, case, tally)


def is_decoder(name: str) -> bool:
    kinds = json.loads((CHECKPOINTS / name / "config.json").read_text(encoding="utf-8")).get("architectures", [""])
    return any(word in kinds[0] for word in ("CausalLM", "LMHead"))


def record(rows: list[list[str]]) -> None:
    table = "".join("| " + " | ".join(row) + " |\n" for row in [["checkpoint", *COLUMNS, *MORE], ["---"] * (len(COLUMNS) + len(MORE) + 1), *rows])
    text = README.read_text(encoding="utf-8")
    README.write_text(re.sub(f"(?s){re.escape(START)}.*{re.escape(END)}", lambda _: START + table + END, text), encoding="utf-8")


def main() -> int:
    peers, program, arguments = Path(sys.argv[1]).resolve(), Ingot(sys.argv[2]), sys.argv[3:]
    kind = option(arguments, "--type", "F32")
    names = [argument for argument in arguments if not argument.startswith("--")] or sorted(
        path.parent.name for path in CHECKPOINTS.glob("*/fixture.json")
        if json.loads(path.read_text(encoding="utf-8")).get("gguf", True) and not path.parent.name.endswith("-fp8"))
    reference.use_reference(peers)
    quiet()
    rows, failures = [], []
    print(f"{'':20}" + "".join(f"{column:>14}" for column in (*COLUMNS, *MORE)), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        loader = Loader(peers, Path(temporary))
        for name in names:
            tally = Tally()
            examine(program, loader, name, kind, tally)
            rows.append([f"`{name}`", *tally.cells()])
            print(f"{name:20}" + "".join(f"{cell:>14}" for cell in tally.cells()), flush=True)
            print(*tally.failures, sep="\n", end="\n" if tally.failures else "", file=sys.stderr, flush=True)
            failures += tally.failures
    if "--record" in arguments:
        record(rows)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
