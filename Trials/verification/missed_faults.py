"""Planted faults: `ingot verify` must fail every faulty candidate, name the subject, and confirm the cause where it is known.

Usage: python -m Trials.verification.missed_faults PEERS_DIR INGOT [--seed N] [--candidates F32,Q8_0,Q4_K_M] [--fault TEXT] [NAME ...]

Each fault of the modules beside this one is planted into the float32 GGUF of each model (architectures in rows of 256 weights, and
fixtures), in a layer drawn by the seed; the faulty file is judged as it is and after encoding it to Q8_0 and Q4_K_M. Prints a
line per model: judged, failed as they must, diagnosed with the right subject, confirmed; then every miss. Status 1 if there is one.
"""

import random
import re
import shutil
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

from fixtures.generate.places import use_peers

from ..program import TOKENIZER_CHECK, Ingot, Verification
from . import models

use_peers(Path(sys.argv[1]).resolve())

from .hyperparameter_faults import HYPERPARAMETERS  # noqa: E402: with the gguf package of the peers
from .spoiled import Expected, Spoiled  # noqa: E402
from .tensor_faults import TENSORS  # noqa: E402
from .tokenizer_faults import TOKENIZERS  # noqa: E402

NAMES = ["llama-linear", "llama-yarn", "llama3-tied", *models.WIDE_NAMES]
MISSES = ("passed", "crashed", "no diagnosis", "unconfirmed")


def miss(found: Verification, expected: Expected, is_tokenizer: bool) -> tuple[str, str] | None:
    """What is wrong with the verification, and the detail."""
    if found.status == 0:
        return "passed", ""
    if not found.has_report:
        # A model whose tensors do not fit its hyperparameters cannot be run: a clear refusal will do.
        return None if found.is_clear_refusal and not expected.is_proven else ("crashed", f"status {found.status}: {found.error[:300]}")
    if is_tokenizer:
        return None if any(check == TOKENIZER_CHECK for check, _, _ in found.errors) else ("no diagnosis", str(found.errors)[:300])
    if not expected.causes:
        return None
    fitting = [
        diagnosis for diagnosis in found.diagnoses if diagnosis.fault in expected.causes
        and any(re.fullmatch(expected.place + ".*", subject) for subject in diagnosis.subjects)]
    if not fitting:
        told = "; ".join(f"{other.fault} {other.subjects[0]} {other.message[:60]} confirmed={other.is_confirmed}" for other in found.diagnoses)
        return "no diagnosis", f"expected {expected.causes} {expected.place}, found: {told}"[:400]
    if expected.is_proven and not any(diagnosis.is_confirmed for diagnosis in fitting):
        return "unconfirmed", f"{fitting[0].fault} {fitting[0].subjects[0]}: {fitting[0].error} → {fitting[0].corrected_error}"
    return None


class Tally:
    def __init__(self) -> None:
        self.judged, self.right, self.misses = 0, 0, []

    def line(self, name: str) -> str:
        return f"{name:24}{f'{self.right} of {self.judged}':>12}"


def examine(program: Ingot, name: str, seed: int, candidates: list[str], only: str, tally: Tally, scratch: Path) -> None:
    folder = models.stage(name, scratch / "in")
    good, faulty = scratch / "good.gguf", scratch / "faulty.gguf"
    program.convert(folder, good, "--type", "F32")
    kinds = {**TENSORS, **HYPERPARAMETERS}
    if models.has_tokenizer(folder):
        kinds.update(TOKENIZERS)
    for label, fault in kinds.items():
        if only not in label:
            continue
        is_tokenizer = label in TOKENIZERS
        shutil.copyfile(good, faulty)
        spoiled = Spoiled(program, faulty, random.Random(f"{name} {label} {seed}"))
        expected = fault(spoiled)
        del spoiled
        if expected is None:
            continue
        text = ["--text", models.judging_text(name)] if is_tokenizer else ["--tokens", models.tokens(folder)]
        for kind in candidates:
            candidate = faulty
            if kind != "F32" and not expected.survives_conversion:
                continue
            if kind != "F32":
                candidate = scratch / f"faulty-{kind}.gguf"
                try:
                    program.convert(faulty, candidate, "--type", kind, "--pure")
                except RuntimeError:  # what cannot be converted is not judged
                    continue
            found = program.verify(folder, candidate, *text)
            tally.judged += 1
            if (wrong := miss(found, expected, is_tokenizer)) is None:
                tally.right += 1
            else:
                tally.misses.append((wrong[0], f"{name} seed {seed}: {label} in {kind}: {wrong[1]}"))


def main() -> int:
    program, arguments = Ingot(sys.argv[2]), sys.argv[3:]
    seed, only = int(option(arguments, "--seed", "1")), option(arguments, "--fault", "")
    candidates = option(arguments, "--candidates", "F32,Q8_0,Q4_K_M").split(",")
    quiet()
    total = Tally()
    for name in arguments or NAMES:
        tally = Tally()
        with tempfile.TemporaryDirectory() as temporary:
            examine(program, name, seed, candidates, only, tally, Path(temporary))
        print(tally.line(name), flush=True)
        print(*(f"{kind.upper()}: {text}" for kind, text in sorted(tally.misses)), sep="\n", end="\n" if tally.misses else "", file=sys.stderr, flush=True)
        total.judged, total.right, total.misses = total.judged + tally.judged, total.right + tally.right, total.misses + tally.misses
    print(total.line("all"), *(f"{sum(kind == found for found, _ in total.misses)} {kind}" for kind in MISSES))
    return 1 if total.misses else 0


if __name__ == "__main__":
    sys.exit(main())
