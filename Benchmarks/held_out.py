"""Checkpoints that no fixture holds, of every architecture: are the files the reference converter's, do the folders come back?

Usage: held_out.py PEERS_DIR INGOT [--cases N] [--first SEED] [NAME ...]

Prints a line per architecture: cases, byte-identical GGUFs of how many (F32, F16, BF16, Q8_0), exact round trips, files that
llama.cpp loads and runs, of how many of the reference's that it does; then every failure. Ends with status 1 if there is one.
"""

import contextlib
import io
import logging
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "fixtures" / "generate"), str(ROOT / "Benchmarks")]

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

import make_architecture_expected as reference  # noqa: E402
from architecture_configs import ARCHITECTURES  # noqa: E402
from held_out_configs import varied  # noqa: E402
from make_architectures import write_checkpoint  # noqa: E402

COLUMNS = ("identical", "round trips", "loads")


class Tally:
    def __init__(self) -> None:
        self.passed, self.tried, self.failures = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0), []

    def judge(self, column: str, case: str, judgement) -> None:
        self.tried[column] += 1
        try:
            fact = judgement()
        except Exception as error:  # noqa: BLE001: whatever went wrong is the finding
            fact = f"{type(error).__name__}: {error}"
        if fact is None:
            self.passed[column] += 1
        else:
            self.failures.append(f"{case}: {column}: {str(fact).strip()[:600]}")

    def line(self, name: str) -> str:
        return f"{name:18}" + "".join(f"{f'{self.passed[column]} of {self.tried[column]}':>16}" for column in COLUMNS)


def run(program: str, *arguments) -> None:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr or done.stdout)


def same_file(program: str, name: str, folder: Path, scratch: Path, kind: str) -> str | None:
    wanted, own = scratch / f"reference-{kind}.gguf", scratch / f"own-{kind}.gguf"
    pre = reference.PRE_TOKENIZERS.get(ARCHITECTURES[name].tokenizer)
    reference.convert(name, folder, kind, wanted, pre=pre)
    run(program, "convert", folder, "-o", own, "--type", kind.upper())
    return None if wanted.read_bytes() == own.read_bytes() else f"{kind}: other bytes"


def same_tensors(program: str, tensors: dict, dropped: list[str], source: Path, scratch: Path) -> str | None:
    run(program, "convert", source, "-o", scratch / "gguf" / "model.gguf")
    run(program, "convert", scratch / "gguf" / "model.gguf", "-o", scratch / "back")
    back = {name: tensor for path in (scratch / "back").glob("*.safetensors") for name, tensor in load_file(path).items()}
    wanted = {name: tensor for name, tensor in tensors.items() if name not in dropped}
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


def judge_load(own: Path, wanted: Path, case: str, tally: Tally) -> None:
    """Where llama.cpp refuses the reference's file as well, there is nothing to judge."""
    fact = loads(own)
    if fact is None or loads(wanted) is None:
        tally.judge("loads", case, lambda: fact)


def examine(program: str, name: str, seed: int, tally: Tally) -> None:
    ARCHITECTURES[name] = architecture = varied(ORIGINALS[name], seed)
    case = f"{name} seed {seed}"
    with tempfile.TemporaryDirectory() as temporary:
        parent, scratch = Path(temporary) / "in", Path(temporary) / "out"
        (scratch / "gguf").mkdir(parents=True)
        folder = reference.stage_tokenizer(architecture.tokenizer, parent / name)
        tensors, dropped = write_checkpoint(folder, architecture, seed)
        (folder / "config.transformers5.json").unlink(missing_ok=True)
        for kind in reference.CONVERTED:
            tally.judge("identical", case, lambda: same_file(program, name, folder, scratch, kind))
        tally.judge("round trips", case, lambda: same_tensors(program, tensors, dropped, folder, scratch))
        own = scratch / "own-f32.gguf"
        if architecture.kind == "decoder" and name not in reference.NOT_LOADED and own.exists():
            judge_load(own, scratch / "reference-f32.gguf", case, tally)


def option(arguments: list[str], name: str, default: int) -> int:
    if name not in arguments:
        return default
    place = arguments.index(name)
    value = int(arguments[place + 1])
    del arguments[place:place + 2]
    return value


def main() -> int:
    program, arguments = sys.argv[2], sys.argv[3:]
    cases, first = option(arguments, "--cases", 4), option(arguments, "--first", 1000)
    reference.use_reference(Path(sys.argv[1]).resolve())
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    failures = []
    print(f"{'':18}" + "".join(f"{column:>16}" for column in COLUMNS), flush=True)
    total = Tally()
    for name in arguments or list(ORIGINALS):
        tally = Tally()
        for seed in range(first, first + cases):
            examine(program, name, seed, tally)
        print(tally.line(name), flush=True)
        failures += tally.failures
        for column in COLUMNS:
            total.passed[column] += tally.passed[column]
            total.tried[column] += tally.tried[column]
    print(total.line("all"))
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


ORIGINALS = dict(ARCHITECTURES)

if __name__ == "__main__":
    sys.exit(main())
