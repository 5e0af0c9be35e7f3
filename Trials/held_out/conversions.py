"""Checkpoints that no fixture holds, of every architecture: are the files the reference converter's, do the folders come back?

Usage: python -m Trials.held_out.conversions PEERS_DIR INGOT [--cases N] [--first SEED] [--variants] [--variant LABEL] [NAME ...]

Prints a line per architecture: byte-identical GGUFs of how many (F32, F16, BF16, Q8_0; also from config.json as transformers
5 writes it), exact round trips, files that llama.cpp loads and runs of how many of the reference's that it does, texts to
which transformers' tokenizer gives the same ids in the folder made of the GGUF; then every failure. With --variants, the
folders are also changed as in variants.py (with --variant LABEL, by that change alone). Ends with status 1 if anything
failed.
"""

import copy
import json
import random
import sys
import tempfile
from pathlib import Path

from ..setup import option, options, quiet  # first: it silences what the others import

from fixtures.generate import reference
from fixtures.generate.architecture_configs import ARCHITECTURES
from fixtures.generate.checkpoints import write_checkpoint
from fixtures.generate.places import write_json
from fixtures.generate.staging import stage_tokenizer

from ..program import Ingot
from . import checks
from .configs import DISGUISES, INSIDE, ORIGINALS, following, published, set_all, varied
from .drawing import text_of
from .families import family_of
from .folders import ahead
from .variants import OF_FAMILIES, VARIANTS, Variant

COLUMNS = ("identical", "round trips", "loads", "texts")


class Tally:
    def __init__(self) -> None:
        self.passed, self.tried, self.failures, self.refusals = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0), [], []

    def count(self, column: str, case: str, fact: str | None, passed: int, tried: int) -> None:
        self.passed[column] += passed
        self.tried[column] += tried
        if fact is not None:
            self.failures.append(f"{case}: {column}: {fact.strip()[:600]}")

    def judge(self, column: str, case: str, judgement) -> None:
        try:
            fact = judgement()
        except Exception as error:  # noqa: BLE001: whatever went wrong is the finding
            fact = f"{type(error).__name__}: {error}"
        self.count(column, case, fact, int(fact is None), 1)

    def add(self, other: "Tally") -> None:
        for column in COLUMNS:
            self.passed[column] += other.passed[column]
            self.tried[column] += other.tried[column]
        self.failures += other.failures
        self.refusals += other.refusals

    def line(self, name: str) -> str:
        return f"{name:18}" + "".join(f"{f'{self.passed[column]} of {self.tried[column]}':>16}" for column in COLUMNS)


def judge_files(program: Ingot, name: str, folder: Path, own: Path, scratch: Path, kinds, case: str, tally: Tally, options: tuple[str, ...] = (), fallback: bool = False) -> bool:
    """False where the reference refuses the folder; if only its configuration of transformers 5, the published one's file is wanted."""
    for kind in kinds:
        wanted = scratch / f"reference-{kind}.gguf"
        refusal = checks.reference_file(name, folder, kind, wanted.with_suffix(".new"), options)
        if refusal is None:
            wanted.with_suffix(".new").replace(wanted)
        elif not fallback:
            tally.refusals.append(f"{case}: the reference refuses it: {refusal[:200]}")
            return False
        tally.judge("identical", case, lambda: checks.same_file(program, own, kind, wanted, scratch / f"own-{kind}.gguf", options))
    return True


def judge_texts(folder: Path, back: Path, case: str, tally: Tally, frames: tuple[bool, ...]) -> None:
    if not frames or any(folder.glob("*.tiktoken")):  # which only the model's own code reads
        return
    try:
        texts, count = checks.other_texts(folder, back, frames)
    except Exception as error:  # noqa: BLE001: whatever went wrong is the finding
        tally.count("texts", case, f"{type(error).__name__}: {error}", 0, len(checks.TEXTS))
    else:
        tally.count("texts", case, f"other ids: {texts[:5]}" if texts else None, count - len(texts), count)


def judge_load(own: Path, wanted: Path, case: str, tally: Tally) -> None:
    """Where llama.cpp refuses the reference's file as well, there is nothing to judge; the same bytes load as well."""
    if checks.loads(wanted) is None:
        tally.judge("loads", case, lambda: None if own.read_bytes() == wanted.read_bytes() else checks.loads(own))


def examine(program: Ingot, name: str, seed: int, tally: Tally, label: str = "", variant: Variant = Variant()) -> None:
    architecture = varied(name, seed)
    config = copy.deepcopy(architecture.config)
    draw = random.Random(seed)
    inner, is_new = text_of(config), family_of(name, config) is not None
    if is_new and label not in ("", *OF_FAMILIES) or not variant.config(inner, draw) or name in DISGUISES and "silent" in label:
        return
    if name in INSIDE and label == "shards":  # the reference would be given shards, and the program one file in another order
        return
    set_all(config, ("tie_word_embeddings",), inner.get("tie_word_embeddings"))
    ARCHITECTURES[name] = architecture = following(architecture._replace(config=config))
    ARCHITECTURES[variant.name or name] = architecture
    case = f"{name} seed {seed}{label and ' '}{label}"
    with tempfile.TemporaryDirectory() as temporary:
        parent, scratch = Path(temporary) / "in", Path(temporary) / "out"
        (scratch / "gguf").mkdir(parents=True)
        folder = stage_tokenizer(architecture.tokenizer, parent / (variant.name or name))
        try:
            dropped = write_checkpoint(folder, architecture._replace(fp8=None), seed)
        except Exception as error:  # noqa: BLE001: transformers has no such model
            tally.refusals.append(f"{case}: transformers refuses it: {error!r}"[:300])
            return
        new = folder / "config.transformers5.json"
        new = new.rename(parent / "new.json") if new.exists() else None
        if variant.folder(folder, draw) is False:
            return
        own = published(name, architecture, folder, parent / "disguised" / folder.name)
        kinds = ("f32", "q8_0") if label else reference.CONVERTED
        if not judge_files(program, name, folder, own, scratch, kinds, case, tally, variant.options):
            return
        dropped += checks.left_out(folder, config["model_type"])
        if variant.options:
            dropped += ahead(folder)
        wanted, options = checks.tensors_back(folder, architecture, dropped), [*variant.options, *(["--type", "F32"] if architecture.fp8 else [])]
        tally.judge("round trips", case, lambda: checks.same_tensors(program, wanted, own, architecture, scratch, options))
        if (scratch / "back").exists():
            judge_texts(folder, scratch / "back", case, tally, variant.frames)
        if architecture.has_logits_of_each_position and name not in reference.NOT_LOADED and (scratch / "own-f32.gguf").exists():
            judge_load(scratch / "own-f32.gguf", scratch / "reference-f32.gguf", case, tally)
        if new is not None and own == folder and (scratch / "reference-f32.gguf").exists():
            stated = json.loads(new.read_text(encoding="utf-8"))
            # Qwen3-MoE's class has no such field, yet its configurations state it.
            write_json(folder / "config.json", {**stated, **{key: config[key] for key in ("head_dim",) if key in config}})
            judge_files(program, name, folder, own, scratch, ("f32",) if label else ("f32", "q8_0"), f"{case}, config of transformers 5", tally, variant.options, not label)


def main() -> int:
    program, arguments = Ingot(sys.argv[2]), sys.argv[3:]
    cases, first = int(option(arguments, "--cases", "4")), int(option(arguments, "--first", "1000"))
    chosen = set(options(arguments, "--variant")) or (set(VARIANTS) if "--variants" in arguments else set())
    names = [argument for argument in arguments if argument != "--variants"] or [name for name, architecture in ORIGINALS.items() if architecture.gguf]
    reference.use_reference(Path(sys.argv[1]).resolve())
    quiet()
    print(f"{'':18}" + "".join(f"{column:>16}" for column in COLUMNS), flush=True)
    total = Tally()
    for name in names:
        tally = Tally()
        for seed in range(first, first + cases):
            examine(program, name, seed, tally)
        for place, (label, variant) in enumerate(VARIANTS.items()):
            if label in chosen:
                examine(program, name, first + cases + place, tally, label, variant)
        print(tally.line(name), flush=True)
        print(*tally.failures, sep="\n", end="\n" if tally.failures else "", file=sys.stderr, flush=True)
        total.add(tally)
    print(total.line("all"))
    print(*total.refusals, sep="\n", file=sys.stderr)
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
