"""Planted faults: `ingot verify` must fail every faulty candidate, name the place, and prove the cause where it is known.

Usage: python -m Trials.verification.missed_faults PEERS_DIR INGOT [--seed N] [--candidates F32,Q8_0,Q4_K_M] [--fault TEXT] [NAME ...]

Each fault of planted_faults.py is planted into the float32 GGUF of each model (architectures in rows of 256 weights, and
fixtures), in a layer drawn by the seed; the faulty file is judged as it is and after encoding it to Q8_0 and Q4_K_M. Prints a
line per model: judged, failed as they must, diagnosed at the right place, with proof; then every miss. Status 1 if there is one.
"""

import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch  # noqa: E402

from fixtures.generate import reference  # noqa: E402

from . import models  # noqa: E402

PEERS = Path(sys.argv[1]).resolve()
reference.use_peers(PEERS)

from . import planted_faults as planted  # noqa: E402

NAMES = ["llama-linear", "llama-yarn", "llama3-tied", *models.WIDE_NAMES]
MISSES = ("passed", "crashed", "no diagnosis", "unproven")


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, errors="replace")


def miss(done: subprocess.CompletedProcess, expected: planted.Expected, is_tokenizer: bool) -> tuple[str, str] | None:
    """What is wrong with the judgement, and the detail."""
    if done.returncode == 0:
        return "passed", ""
    if not done.stdout:
        # A model whose tensors do not fit its numbers cannot be run: a clear refusal will do.
        clear = done.returncode in (1, 2) and done.stderr.startswith("ingot: error: ")
        return None if clear and not expected.is_proven else ("crashed", f"status {done.returncode}: {done.stderr.strip()[:300]}")
    report = json.loads(done.stdout)
    if is_tokenizer:
        found = [found for found in report["findings"] if found["check"] == "verify.tokenizer" and found["severity"] == "error"]
        return None if found else ("no diagnosis", str(report["findings"])[:300])
    if not expected.causes:
        return None
    fitting = [
        diagnosis for diagnosis in report["diagnoses"] if diagnosis["fault"] in expected.causes
        and any(re.fullmatch(expected.place + ".*", subject) for subject in [diagnosis["subject"], *diagnosis["other_subjects"]])]
    if not fitting:
        told = "; ".join(f"{diagnosis['fault']} {diagnosis['subject']} {diagnosis['message'][:60]} confirmed={diagnosis['confirmed']}" for diagnosis in report["diagnoses"])
        return "no diagnosis", f"expected {expected.causes} {expected.place}, told: {told}"[:400]
    if expected.is_proven and not any(diagnosis["confirmed"] for diagnosis in fitting):
        return "unproven", f"{fitting[0]['fault']} {fitting[0]['subject']}: {fitting[0]['nmse']} → {fitting[0]['corrected_nmse']}"
    return None


class Tally:
    def __init__(self) -> None:
        self.judged, self.right, self.misses = 0, 0, []

    def line(self, name: str) -> str:
        return f"{name:24}{f'{self.right} of {self.judged}':>12}"


def examine(program: str, name: str, seed: int, candidates: list[str], only: str, tally: Tally, scratch: Path) -> None:
    folder = models.stage(name, scratch / "in")
    good, faulty = scratch / "good.gguf", scratch / "faulty.gguf"
    run(program, "convert", folder, "-o", good, "--type", "F32", "--quiet").check_returncode()
    kinds = {**planted.TENSORS, **planted.NUMBERS}
    if models.has_tokenizer(folder):
        kinds.update(planted.TOKENIZERS)
    for label, fault in kinds.items():
        if only not in label:
            continue
        is_tokenizer = label in planted.TOKENIZERS
        shutil.copyfile(good, faulty)
        spoiled = planted.Spoiled(program, faulty, random.Random(f"{name} {label} {seed}"))
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
                done = run(program, "convert", faulty, "-o", candidate, "--type", kind, "--overwrite", "--quiet")
                # What cannot be converted is not judged.
                if done.returncode != 0:
                    continue
            done = run(program, "verify", folder, candidate, *text, "--json")
            tally.judged += 1
            if (wrong := miss(done, expected, is_tokenizer)) is None:
                tally.right += 1
            else:
                tally.misses.append((wrong[0], f"{name} seed {seed}: {label} in {kind}: {wrong[1]}"))


def option(arguments: list[str], name: str, default: str) -> str:
    if name not in arguments:
        return default
    place = arguments.index(name)
    value = arguments[place + 1]
    del arguments[place:place + 2]
    return value


def main() -> int:
    program, arguments = sys.argv[2], sys.argv[3:]
    seed, only = int(option(arguments, "--seed", "1")), option(arguments, "--fault", "")
    candidates = option(arguments, "--candidates", "F32,Q8_0,Q4_K_M").split(",")
    os.environ["TQDM_DISABLE"] = "1"
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
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
