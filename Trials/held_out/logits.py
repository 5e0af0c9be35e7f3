"""Forward passes that no fixture holds, of every architecture: are logits and hidden states transformers'?

Usage: python -m Trials.held_out.logits INGOT [--cases N] [--first SEED] [--feature NAME] [--other INGOT] [NAME ...]

Each case is a checkpoint of sizes drawn by a seed (configs.py), up to three features of its class besides
(features.py), weights sharp enough that attention is not even, and random tokens of several lengths. transformers
computes it in float32 with eager attention; ingot from the folder, from the F32 GGUF that it makes of it, and transformers
again from the folder that ingot makes of that GGUF. Where the conversion says that something is lost, only the first counts.

With --other, another build (a portable or debug one) and 1, 2, 3 and 8 threads of both must give the same bits.

Prints a line per architecture: how many sequences of how many agree (logits and the residual stream behind every layer within
an NMSE of 1e-9, every most likely token the same), and the worst NMSE of those; then every failure and refusal. Ends with
status 1 if anything failed.
"""

import copy
import random
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from fixtures.generate.architecture_configs import ARCHITECTURES
from fixtures.generate.checkpoints import CLASSES, SHARP, write_checkpoint
from fixtures.generate.make_architectures import unused_rows
from fixtures.generate.oracle import follow_bias_limit, oracle
from fixtures.generate.staging import stage_tokenizer

from ..program import EMBEDDING, SCORE, SCORES, Ingot, Refusal
from .comparison import fault_of, in_double_and_blurred, is_rounding, wanted
from .configs import ORIGINALS, SPELLINGS, published, varied
from .drawing import text_of
from .families import family_of
from .features import FEATURES, OF_FAMILIES, representable
from .own_code import RESTATED

LENGTHS = (1, 2, 7, 33, 64, 65, 300)
COLUMNS = ("folder", "gguf", "back", "bits")


class Tally:
    def __init__(self) -> None:
        self.passed, self.tried, self.worst = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0.0)
        self.failures, self.refusals, self.chaotic = [], [], []

    def count(self, column: str, case: str, fault: str | None, error: float, known: bool) -> None:
        self.tried[column] += 1
        if fault is None:
            self.passed[column] += 1
            self.worst[column] = max(self.worst[column], error)
        elif not known:
            self.failures.append(f"{case}: {column}: {fault}")

    def add(self, other: "Tally") -> None:
        for column in COLUMNS:
            self.passed[column] += other.passed[column]
            self.tried[column] += other.tried[column]
            self.worst[column] = max(self.worst[column], other.worst[column])
        self.failures += other.failures
        self.refusals += other.refusals
        self.chaotic += other.chaotic

    def line(self, name: str) -> str:
        return f"{name:18}" + "".join(f"{f'{self.passed[column]} of {self.tried[column]}':>16}{self.worst[column]:>10.1e}" for column in COLUMNS)


def computed(program: Ingot, path: Path, tokens: list[int], scratch: Path, has_logits: bool, threads: int | None = None) -> dict[str, np.ndarray]:
    arguments = ["--hidden", scratch / "hidden.npy"] + (["--logits", scratch / "logits.npy"] if has_logits else []) + (["--threads", threads] if threads else [])
    report = program.run(path, "--tokens", ",".join(map(str, tokens)), *arguments)
    if has_logits:
        return {"hidden": np.load(scratch / "hidden.npy"), "logits": np.load(scratch / "logits.npy")}
    result = {"scores": np.array([label[SCORE] for label in report[SCORES]])} if report.get(SCORES) else {"embedding": np.array(report[EMBEDDING])}
    return {"hidden": np.load(scratch / "hidden.npy"), **result}


def other_bits(programs: list[Ingot], folder: Path, tokens: list[int], scratch: Path, has_logits: bool) -> str | None:
    """Whether any number of threads, or another build, gives other bits."""
    first = None
    for program in programs:
        for threads in (1, 2, 3, 8):
            found = {name: array.tobytes() for name, array in computed(program, folder, tokens, scratch, has_logits, threads).items()}
            first = first or found
            if found != first:
                return f"{program.path} with {threads} threads gives other bits"
    return None


def natively(native: dict, before: dict, after: dict) -> dict:
    """The same change for the configuration by which transformers computes the model."""
    names = {spelling: name for name, spelling in SPELLINGS.get(after["model_type"], {}).items()}
    changed = {names.get(key, key): value for key, value in after.items() if before.get(key, ...) != value}
    if "rotary_emb_base" in changed:
        changed["rope_parameters"] = {"rope_type": "default", "rope_theta": float(changed.pop("rotary_emb_base"))}
    return {**native, **changed, **RESTATED.get(after["model_type"], lambda _: {})(after)}


def featured(name: str, seed: int, only: str | None):
    """An architecture with up to three features of its class, and their names; without any, only with what a GGUF can say."""
    architecture = varied(name, seed)
    draw, names, before = random.Random(seed), [], architecture.config
    config, features = copy.deepcopy(before), OF_FAMILIES if family_of(name, before) else FEATURES
    if not seed % 4 and not only:
        representable(text_of(config), text_of(ORIGINALS[name].config))
    for name in [only] if only else draw.sample(list(features), len(features)):
        changed = copy.deepcopy(config)
        if (len(names) < seed % 4 or only) and FEATURES[name](text_of(changed), random.Random(seed)):
            config = changed
            names.append(name)
    native = architecture.native and natively(architecture.native, text_of(before), text_of(config))
    pooling = draw.choice(["cls", "mean", "lasttoken"]) if architecture.kind == "encoder" else None
    return architecture._replace(config=config, native=native, pooling=pooling), names


def sharpen(folder: Path, draw: random.Random, unused: dict[str, int]) -> None:
    """Powers of two, so that the stored numbers stay exact; rows that only padding has are zeros, as in trained models."""
    path = folder / "model.safetensors"
    sharp, plain = draw.choice([0.5, 1, 2]), draw.choice([1, 2])
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if tensor.dim() >= 2 and tensor.is_floating_point() and "embed" not in name:
            tensors[name] = tensor * (sharp if any(part in name for part in SHARP) else plain)
    for name, count in unused.items():
        tensors[name][:count] = 0
    save_file(tensors, path, metadata={"format": "pt"})


def positions_of(config: dict) -> int:
    """How many positions the model has rows for; those without such rows go on beyond the trained context."""
    kind = config["model_type"]
    if kind in ("roberta", "xlm-roberta", "camembert"):  # Positions begin after the padding id.
        return config["max_position_embeddings"] - config["pad_token_id"] - 1
    key = {"gpt2": "n_positions", "gpt_bigcode": "n_positions", "mpt": "max_seq_len"}.get(kind)
    if kind in ("bert", "opt", "distilbert"):
        key = "max_position_embeddings"
    return config.get(key) or 1 << 20


def loaded(folder: Path, kind: str) -> torch.nn.Module:
    return prepared(CLASSES[kind].from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval())


def prepared(model: torch.nn.Module) -> torch.nn.Module:
    """Falcon's eager attention adds ALiBi twice, once by itself and once with the mask; the other way adds it once."""
    if getattr(model.config, "alibi", False):
        model.config._attn_implementation = "sdpa"
    return follow_bias_limit(model)


def judge(column: str, case: str, tally: Tally, expected: dict[int, dict], compute, exact) -> None:
    known = False
    for length, values in expected.items():
        try:
            found = compute(length)
            fault, error = fault_of(found, values)
            if fault is not None and found["hidden"].shape == values["hidden"].shape and is_rounding(found, values, *exact(length)):
                tally.chaotic.append(f"{case}, {length} tokens: {column}: {fault}, yet as near to double precision as transformers")
                fault, error = None, 0.0
        except Refusal as refusal:
            tally.refusals.append(f"{case}: {column}: {str(refusal).splitlines()[0]}")
            return
        except Exception as problem:  # noqa: BLE001: whatever went wrong is the finding
            fault, error = f"{type(problem).__name__}: {problem}"[:400], 0.0
        tally.count(column, f"{case}, {length} tokens", fault, error, known)
        known = known or fault is not None


def examine(program: Ingot, name: str, seed: int, tally: Tally, only: str | None, other: Ingot | None) -> None:
    architecture, features = featured(name, seed, only)
    if only and not features:
        return
    case = f"{name} seed {seed}" + (f" ({', '.join(features)})" if features else "")
    ARCHITECTURES[name] = architecture
    with tempfile.TemporaryDirectory() as temporary:
        parent, scratch = Path(temporary) / "in", Path(temporary) / "out"
        scratch.mkdir()
        folder = stage_tokenizer(architecture.tokenizer, parent / name)
        try:
            write_checkpoint(folder, architecture._replace(fp8=None), seed)
            sharpen(folder, random.Random(seed), unused_rows(architecture.config, list(load_file(folder / "model.safetensors"))))
            own = published(name, architecture, folder, parent / "disguised" / name)
            model = prepared(oracle(name, folder, scratch))
            pristine = copy.deepcopy(model)  # dynamic scaling remembers the longest sequence
            draw = random.Random(seed)
            limit, vocabulary = positions_of(architecture.config), min(model.config.get_text_config().vocab_size, text_of(architecture.config)["vocab_size"])
            tokens = {length: [draw.randrange(vocabulary) for _ in range(length)] for length in LENGTHS if length <= limit}
            expected = {length: wanted(model, ids, architecture) for length, ids in tokens.items()}
        except Exception as error:  # noqa: BLE001: transformers has no such model
            tally.refusals.append(f"{case}: transformers: {type(error).__name__}: {error}"[:300])
            return
        if not all(np.isfinite(array).all() for arrays in expected.values() for array in arrays.values()):
            return
        has_logits = architecture.has_logits_of_each_position

        def exact(length: int) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]]]:
            return in_double_and_blurred(pristine, tokens[length], architecture)

        before = tally.tried["folder"]
        judge("folder", case, tally, expected, lambda length: computed(program, own, tokens[length], scratch, has_logits), exact)
        for length in tokens.keys() & {7, 300} if other and tally.tried["folder"] == before + len(expected) else ():
            tally.count("bits", case, other_bits([program, other], own, tokens[length], scratch, has_logits), 0.0, False)
        if not architecture.gguf:
            return
        try:
            messages = program.messages_of_converting(own, scratch / "model.gguf", "--type", "F32")
            if lost := [message for message in messages if "lost" in message]:
                tally.refusals.append(f"{case}: gguf: {lost}")
                return
            judge("gguf", case, tally, expected, lambda length: computed(program, scratch / "model.gguf", tokens[length], scratch, has_logits), exact)
            program.messages_of_converting(scratch / "model.gguf", scratch / "back", "--type", "F32")
        except Refusal as refusal:
            tally.refusals.append(f"{case}: gguf: {str(refusal).splitlines()[0]}")
            return
        if architecture.native is None:
            again = None
            try:
                again = loaded(scratch / "back", "decoder" if architecture.kind == "image-text" else architecture.kind)
            except Exception as error:  # noqa: BLE001: a folder that does not load is the finding
                tally.failures.append(f"{case}: back: {type(error).__name__}: {error}"[:400])
                return
            judge("back", case, tally, expected, lambda length: wanted(again, tokens[length], architecture), exact)


def main() -> int:
    program, arguments = Ingot(sys.argv[1]), sys.argv[2:]
    cases, first = int(option(arguments, "--cases", "8")), int(option(arguments, "--first", "5000"))
    only, other = option(arguments, "--feature"), option(arguments, "--other")
    other = other and Ingot(other)
    quiet()
    print(f"{'':18}" + "".join(f"{column:>16}{'NMSE':>10}" for column in COLUMNS), flush=True)
    total = Tally()
    for name in arguments or [name for name, architecture in ORIGINALS.items() if architecture.kind != "encoder-decoder"]:
        tally = Tally()
        for seed in range(first, first + cases):
            examine(program, name, seed, tally, only, other)
        print(tally.line(name), flush=True)
        print(*tally.failures, sep="\n", end="\n" if tally.failures else "", file=sys.stderr, flush=True)
        total.add(tally)
    print(total.line("all"))
    print(*total.chaotic, *total.refusals, sep="\n", file=sys.stderr)
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
