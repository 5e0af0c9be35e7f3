"""The program under test: its commands, exit statuses and the members of its JSON that the trials read, in one place."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

# Exit statuses: a check failed, an input is refused.
CHECK_FAILED, INPUT_REFUSED = 1, 2
MESSAGES, MESSAGE, FINDINGS, DIAGNOSES = "messages", "message", "findings", "diagnoses"
SEVERITY, CHECK, SUBJECT, FAULT, OTHER_SUBJECTS, CONFIRMED = "severity", "check", "subject", "fault", "other_subjects", "confirmed"
ERROR, CORRECTED_ERROR, EMBEDDING, SCORES, SCORE = "nmse", "corrected_nmse", "embedding", "scores", "score"
TOKENIZER_CHECK, QUALITY_CHECK = "verify.tokenizer", "verify.quality"


class Refusal(Exception):
    """The program says that it cannot do this."""


class Diagnosis(NamedTuple):
    fault: str
    subjects: list[str]
    message: str
    is_confirmed: bool
    error: float
    corrected_error: float


class Verification(NamedTuple):
    """How `verify` ended; without a report where it refused."""
    status: int
    error: str
    has_report: bool
    errors: list[tuple[str, str, str]]  # check, subject and message of each finding that is an error
    diagnoses: list[Diagnosis]

    @property
    def is_clear_refusal(self) -> bool:
        return self.status in (CHECK_FAILED, INPUT_REFUSED) and self.error.startswith("ingot: error: ")


class Ingot:
    def __init__(self, path: str) -> None:
        self.path = path

    def call(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, errors="replace")

    def do(self, *arguments) -> str:
        done = self.call(*arguments)
        if done.returncode == INPUT_REFUSED:
            raise Refusal((done.stderr or done.stdout).strip())
        if done.returncode not in (0, CHECK_FAILED):
            raise RuntimeError(f"status {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def must(self, *arguments) -> str:
        done = self.call(*arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr or done.stdout)
        return done.stdout

    def convert(self, source: Path, out: Path, *options: str) -> Path:
        self.must("convert", source, "-o", out, "--overwrite", "--quiet", *options)
        return out

    def messages_of_converting(self, source: Path, out: Path, *options: str) -> list[str]:
        report = json.loads(self.do("convert", source, "-o", out, "--overwrite", "--json", *options))
        return [message[MESSAGE] for message in report[MESSAGES]]

    def quantize(self, source: Path, out: Path, recipe: str, *options: str) -> Path:
        self.must("quantize", source, out, recipe, "--overwrite", "--quiet", *options)
        return out

    def meta(self, verb: str, path: Path, *arguments) -> None:
        self.must("meta", verb, path, *arguments, "--quiet", "--force")

    def run(self, model: Path, *arguments) -> dict:
        return json.loads(self.do("run", model, "--overwrite", "--json", "--top", 1, *arguments))

    def tokenize(self, model: Path, *arguments) -> list[int]:
        return [int(number) for number in self.do("tokenize", model, "--ids", *arguments).strip().split(",") if number]

    def verify(self, reference: Path, candidate: Path, *tokens: str) -> Verification:
        done = self.call("verify", reference, candidate, *tokens, "--json")
        report = json.loads(done.stdout) if done.stdout else {FINDINGS: [], DIAGNOSES: []}
        return Verification(
            done.returncode, done.stderr.strip(), bool(done.stdout),
            [(found[CHECK], found[SUBJECT], found[MESSAGE]) for found in report[FINDINGS] if found[SEVERITY] == "error"],
            [Diagnosis(
                found[FAULT], [found[SUBJECT], *found[OTHER_SUBJECTS]], found[MESSAGE], found[CONFIRMED], found[ERROR], found[CORRECTED_ERROR])
             for found in report[DIAGNOSES]])
