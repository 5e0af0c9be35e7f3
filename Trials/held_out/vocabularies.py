"""llama.cpp's own test vocabularies: are ingot's ids those of its tests, and on random texts those of its library?

Usage: python -m Trials.held_out.vocabularies PEERS INGOT [--cases N] [--first SEED] [NAME ...]

Every text of models/ggml-vocab-NAME.gguf.inp against the ids in .out, then random texts against llama.cpp itself, with special
tokens matched and as plain text. Prints a line per vocabulary and the texts that differ; status 1 if any do.
"""

import random
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

from fixtures.generate.llama_tokenizer import ADD_SPECIAL, PARSE_SPECIAL, LlamaTokenizer

from ..program import Ingot, Refusal
from .texts import disagreement, random_text

SEPARATOR = "\n__ggml_vocab_test__\n"
# Kinds of vocabulary that ingot does not read.
OTHERS = ("gemma-4",)
SPECIAL = ["<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>", "<|end|>", "[CLS]", "[SEP]", "[MASK]", "<mask>", "<fim_prefix>", "<|begin_of_text|>"]


def own_tests(vocabulary: Path) -> list[tuple[str, list[int]]]:
    inputs, outputs = (vocabulary.with_name(vocabulary.name + suffix) for suffix in (".inp", ".out"))
    if not inputs.exists():
        return []
    texts = inputs.read_bytes().decode().split(SEPARATOR)
    return list(zip(texts, ([int(number) for number in line.split()] for line in outputs.read_text().split("\n"))))


def examine(program: Ingot, tokenizer: LlamaTokenizer, vocabulary: Path, seeds: range) -> list[str]:
    failures, passed, count = [], 0, 0
    with tempfile.NamedTemporaryFile() as file:

        def compare(label: str, text: str, wanted: list[int], *options: str) -> None:
            nonlocal passed, count
            count += 1
            Path(file.name).write_bytes(text.encode())
            try:
                found = program.tokenize(vocabulary, "--file", file.name, *options)
            except Refusal as refusal:
                failures.append(f"{vocabulary.stem} {label}: {refusal}")
                return
            if found == wanted:
                passed += 1
                return
            failures.append(f"{vocabulary.stem} {label}: {disagreement(text, found, wanted)}")

        for index, (text, wanted) in enumerate(own_tests(vocabulary)):
            compare(f"text {index}", text, wanted, "--no-special-tokens", "--no-parse-special")
        texts = [random_text(random.Random(seed), SPECIAL) for seed in seeds]
        for flags, options in ((ADD_SPECIAL | PARSE_SPECIAL, ()), (0, ("--no-special-tokens", "--no-parse-special"))):
            for seed, text, wanted in zip(seeds, texts, tokenizer.encode(vocabulary, texts, flags)):
                compare(f"seed {seed}{' plain' if not flags else ''}", text, wanted, *options)
    print(f"{vocabulary.stem:32}{passed} of {count}", flush=True)
    return failures


def main() -> int:
    peers, program, arguments = Path(sys.argv[1]), Ingot(sys.argv[2]), sys.argv[3:]
    cases, first = int(option(arguments, "--cases", "100")), int(option(arguments, "--first", "1"))
    quiet()
    tokenizer, failures = LlamaTokenizer(peers), []
    for vocabulary in sorted((peers / "llama.cpp" / "models").glob("ggml-vocab-*.gguf")):
        name = vocabulary.stem.removeprefix("ggml-vocab-")
        if name in (arguments or [name]) and name not in OTHERS:
            failures += (found := examine(program, tokenizer, vocabulary, range(first, first + cases)))
            print(*found, sep="\n", end="\n" if found else "", file=sys.stderr, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
