"""Correct conversions: `ingot verify` must pass every one of them with its default budgets.

Usage: python -m Trials.verification.false_alarms PEERS_DIR INGOT [--recipes all|few] [NAME ...]

Each fixture, and each architecture once more in rows of 256 weights (`wide-NAME`), is converted to every storage format and
recipe, in one step and in two, by ingot, by the reference converter and by llama-quantize, with and without its tokenizer.
A correct conversion of random weights to few bits may be broken, which is a verdict on its quality: no false alarm, unless the
format has four bits or more. Prints a line per model: passed of judged, the time of a judgement; then every false alarm. Status 1 if there is one.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

from fixtures.generate import reference
from fixtures.generate.places import peer_program

from ..program import QUALITY_CHECK, Ingot
from . import models

EXACT = ("F32", "F16", "BF16")
FORMATS = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "MXFP4", "NVFP4", "IQ4_NL", "TQ1_0", "TQ2_0", "Q1_0", "Q2_0")
RECIPES = (
    "Q4_K_M", "Q4_K_S", "Q5_K_M", "Q5_K_S", "Q6_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q2_K", "Q2_K_S", "IQ4_XS", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS",
    "MXFP4_MOE", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S")
COARSE = re.compile(r"\b(I?Q[123]|TQ)")
NEED_IMPORTANCE = ("Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "IQ3_XXS")
FEW = {"F32", "F16", "Q8_0", "Q4_0", "Q4_K_M", "Q6_K", "Q2_K", "IQ4_XS", "IQ2_XS"}


class Refused(Exception):
    """A tool would not convert this: nothing to judge."""


def attempted(action):
    """The result of a conversion, or Refused."""
    try:
        return action()
    except RuntimeError as error:
        raise Refused(str(error).strip()[-300:]) from error


class Bench:
    """One model in a folder of its own, and the candidates made of it."""

    def __init__(self, program: Ingot, name: str, scratch: Path, wanted: set[str] | None) -> None:
        self.program, self.name, self.scratch, self.wanted = program, name, scratch, wanted
        self.folder = models.stage(name, scratch / "in")
        self.importance: Path | None = None

    def pick(self, names) -> list[str]:
        return [name for name in names if self.wanted is None or name in self.wanted]

    def convert(self, source: Path, out: str, *options: str) -> Path:
        return attempted(lambda: self.program.convert(source, self.scratch / out, *options))

    def quantize(self, source: Path, recipe: str, out: str = "recipe.gguf") -> Path:
        options = ["--imatrix", self.importance] if self.importance and recipe in NEED_IMPORTANCE else []
        return attempted(lambda: self.program.quantize(source, self.scratch / out, recipe, *options))

    def measure(self) -> None:
        text = self.scratch / "text.txt"
        text.write_text(models.TEXT * 4, encoding="utf-8")
        try:
            self.program.must("imatrix", self.folder, "--file", text, "--context", "32", "-o", self.scratch / "imatrix.gguf", "--quiet")
        except RuntimeError:
            return
        self.importance = self.scratch / "imatrix.gguf"

    def by_reference(self, kind: str) -> Path:
        out = self.scratch / f"reference-{kind}.gguf"
        name = self.name.removeprefix("wide-")
        try:
            reference.convert(name, self.folder, kind, out)
        except (Exception, SystemExit) as error:  # noqa: BLE001: a refusal is a fact
            raise Refused(f"the reference refuses: {error!r}"[:300]) from error
        return out

    def by_llama_quantize(self, recipe: str) -> Path:
        source, out = self.scratch / "reference-bf16.gguf", self.scratch / "peer.gguf"
        if not source.exists():
            raise Refused("no GGUF of the reference")
        options = ["--imatrix", self.importance] if self.importance and recipe in NEED_IMPORTANCE else []
        done = subprocess.run([peer_program("llama-quantize"), *options, source, out, recipe, "1"], capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            raise Refused((done.stderr or done.stdout).strip()[-300:])
        return out

    def candidates(self):
        """Label, reference and a function that makes the candidate."""
        folder = self.folder
        yield "folder → GGUF", folder, lambda: self.convert(folder, "own.gguf")
        yield "folder → GGUF → folder", folder, lambda: self.convert(self.scratch / "own.gguf", "back")
        yield "GGUF | folder", self.scratch / "own.gguf", lambda: folder
        for kind in self.pick(EXACT):
            yield f"folder {kind}", folder, lambda: self.convert(folder, f"own-{kind}", "--type", kind, "--to", "safetensors")
        for kind in self.pick(EXACT + FORMATS):
            yield kind, folder, lambda: self.convert(folder, "own-kind.gguf", "--type", kind)
        for recipe in self.pick(RECIPES):
            yield f"recipe {recipe}", folder, lambda: self.quantize(folder, recipe)
        yield "BF16 → Q8_0", folder, lambda: self.convert(self.convert(folder, "step.gguf", "--type", "BF16"), "own-kind.gguf", "--type", "Q8_0")
        yield "F16 → Q4_K_M", folder, lambda: self.quantize(self.convert(folder, "step.gguf", "--type", "F16"), "Q4_K_M")
        yield "F32 → BF16", folder, lambda: self.convert(self.convert(folder, "step.gguf", "--type", "F32"), "own-kind.gguf", "--type", "BF16")
        for kind in ("f32", "bf16", "q8_0"):
            yield f"reference {kind}", folder, lambda: self.by_reference(kind)
        for recipe in self.pick(("Q8_0", "Q4_0", "Q5_1", *RECIPES)):
            yield f"llama-quantize {recipe}", folder, lambda: self.by_llama_quantize(recipe)
        if models.has_tokenizer(folder):
            bare = models.without_tokenizer(folder, self.scratch / "bare" / folder.name)
            yield "without a tokenizer, Q8_0", bare, lambda: self.convert(bare, "bare.gguf", "--type", "Q8_0")
            yield "candidate without a tokenizer, Q8_0", folder, lambda: self.scratch / "bare.gguf"
            yield "reference without a tokenizer, Q8_0", bare, lambda: self.convert(folder, "own-kind.gguf", "--type", "Q8_0")

    def judge(self, reference_model: Path, candidate: Path, by_text: bool, may_break: bool) -> tuple[str | None, float]:
        tokens = ["--text", models.judging_text(self.name)] if by_text else ["--tokens", models.tokens(self.folder)]
        start = time.monotonic()
        found = self.program.verify(reference_model, candidate, *tokens)
        seconds = time.monotonic() - start
        if found.status == 0 or may_break and {check for check, _, _ in found.errors} == {QUALITY_CHECK}:
            return None, seconds
        facts = " | ".join(f"{check} {subject}: {message}" for check, subject, message in found.errors)
        return f"status {found.status}: {facts[:600] if found.has_report else found.error[:300]}", seconds


def examine(bench: Bench) -> tuple[int, int, float, list[str], list[str]]:
    passed, judged, seconds, alarms, refusals = 0, 0, 0.0, [], []
    bench.measure()
    for place, (label, first, make) in enumerate(bench.candidates()):
        try:
            candidate = make()
        except Refused as error:
            refusals.append(f"{bench.name}: {label}: {error}")
            continue
        # Half of the judgements by text, where both tokenizers speak as well.
        by_text = place % 2 == 0 and models.has_tokenizer(first)
        fact, time_taken = bench.judge(first, candidate, by_text, may_break=COARSE.search(label) is not None)
        judged, passed, seconds = judged + 1, passed + (fact is None), seconds + time_taken
        if fact is not None:
            alarms.append(f"{bench.name}: {label}: {fact}")
    return passed, judged, seconds, alarms, refusals


def main() -> int:
    program, arguments = Ingot(sys.argv[2]), sys.argv[3:]
    wanted = FEW if option(arguments, "--recipes", "all") == "few" else None
    reference.use_reference(Path(sys.argv[1]).resolve())
    quiet()
    total, all_judged, failed = 0, 0, False
    for name in arguments or models.FIXTURE_NAMES + models.WIDE_NAMES:
        with tempfile.TemporaryDirectory() as temporary:
            try:
                bench = Bench(program, name, Path(temporary), wanted)
            except Exception as error:  # noqa: BLE001: transformers has no such model
                print(f"{name}: not made: {error!r}"[:300], file=sys.stderr)
                continue
            passed, judged, seconds, alarms, refusals = examine(bench)
        total, all_judged, failed = total + passed, all_judged + judged, failed or bool(alarms)
        print(f"{name:24}{f'{passed} of {judged}':>12}{seconds / max(1, judged):8.2f} s", flush=True)
        print(*alarms, *refusals, sep="\n", end="\n" if alarms or refusals else "", file=sys.stderr, flush=True)
    print(f"{'all':24}{f'{total} of {all_judged}':>12}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
