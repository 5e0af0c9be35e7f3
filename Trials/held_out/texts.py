"""Random texts of many scripts, code, white space and special tokens: are ingot's ids those of transformers and llama.cpp?

Usage: python -m Trials.held_out.texts PEERS INGOT [--cases N] [--first SEED] [NAME ...]

For one architecture with each tokenizer of the fixtures, with special tokens: the ids of `ingot tokenize --file` from the folder
against AutoTokenizer, and from the GGUF made of it against llama.cpp. Prints a line per architecture and the texts that differ;
status 1 if any do.
"""

import random
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

from fixtures.generate.checkpoints import write_checkpoint
from fixtures.generate.llama_tokenizer import ADD_SPECIAL, PARSE_SPECIAL, LlamaTokenizer
from fixtures.generate.staging import stage_tokenizer

from ..program import Ingot, Refusal
from . import checks
from .configs import ORIGINALS

WORDS = "the and of Hello WORLD naïve don't I'll WE'VE they'd x86_64 camelCase snake_case HTTPServer été Größe İstanbul ﬁne ½ ① Ⅷ".split()
CODE = ["def f(x):\n    return x**2\n", "for(int i=0;i<10;++i){a[i]+=1.5e-3;}", "<div class=\"a\">&nbsp;</div>", "SELECT * FROM t WHERE a<>1;--", "\\frac{1}{2}", "!=>=<=->::&&||//#"]
SPACES = [" ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", " \n ", "\u00a0", "\u3000", "\u2009", "\u200b", "\ufeff", "\u0085", "\u2028", "\u202f", "\u1680", "\v", "\f"]
EMOJI = ["😀", "👍🏽", "👩\u200d👩\u200d👧", "🇫🇷🇩🇪", "❤\ufe0f", "☎\ufe0e", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f", "👨🏿\u200d🦰"]
RANGES = [
    (0x4E00, 0x9FFF), (0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x1100, 0x11FF), (0x0400, 0x04FF), (0x0590, 0x05F4), (0x0600, 0x06FF), (0x0900, 0x097F), (0x0E00, 0x0E7F),
    (0x0370, 0x03FF), (0x10A0, 0x10FF), (0x0300, 0x036F), (0x1D400, 0x1D7FF), (0x2000, 0x206F), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2460, 0x24FF), (0x2500, 0x27BF),
    (0xFF00, 0xFFEF), (0xFB00, 0xFB4F), (0x0080, 0x024F), (0x0000, 0x007F), (0xE000, 0xF8FF), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0x0000, 0xD7FF), (0x10000, 0x10FFFF)]


def piece(draw: random.Random, special: list[str]) -> str:
    kind = draw.randrange(9)
    if kind == 0:
        return draw.choice(CODE)
    if kind == 1:
        return draw.choice(SPACES) * draw.choice([1, 1, 1, 2, 5, 17])
    if kind == 2:
        return draw.choice(EMOJI)
    if kind == 3 and special:
        text = draw.choice(special)
        return draw.choice([text, text, text.lower(), text[:-1], f" {text}", f"{text} "])
    if kind == 4:
        return str(draw.randrange(10 ** draw.randrange(1, 12))) + draw.choice(["", ".", ",000", "%", "e-7"])
    if kind == 5:
        return draw.choice(["a", "=", "-", " ", "é", "中", "e\u0301", "▁", "."]) * draw.randrange(1, 40)
    if kind == 6:
        return draw.choice(WORDS)
    low, high = draw.choice(RANGES)
    return "".join(chr(draw.randint(low, high)) for _ in range(draw.randrange(1, 9)))


def random_text(draw: random.Random, special: list[str]) -> str:
    return draw.choice(["", " "]).join(piece(draw, special) for _ in range(draw.choice([1, 2, 5, 12, 30])))


def roomy(config: dict) -> dict:
    """One narrow layer for a text of any length."""
    sizes = {"n_positions": 8192, "n_ctx": 8192, "max_position_embeddings": 8192, "num_hidden_layers": 1, "n_layer": 1,
             "num_layers": 1, "layer_types": ["full_attention"], "no_rope_layers": [1]}
    return {**config, **{key: value for key, value in sizes.items() if key in config}}


def disagreement(text: str, found: list[int], wanted: list[int]) -> str:
    at = next((index for index, pair in enumerate(zip(found, wanted)) if pair[0] != pair[1]), min(len(found), len(wanted)))
    return f"{text!r:.300}: from id {at} on {found[at:at + 6]}, expected {wanted[at:at + 6]}"


def examine(program: Ingot, llama: LlamaTokenizer, name: str, seeds: range) -> list[str]:
    architecture = ORIGINALS[name]._replace(config=roomy(ORIGINALS[name].config))
    if architecture.native:
        architecture = architecture._replace(native=roomy(architecture.native))
    failures, passed = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = stage_tokenizer(architecture.tokenizer, Path(temporary) / name)
        write_checkpoint(folder, architecture, 1)
        tokenizer = checks.auto_tokenizer(folder)
        gguf, path = Path(temporary) / "model.gguf", Path(temporary) / "text"
        program.convert(folder, gguf)
        # Where the model's own code is the tokenizer, only that knows what it does with special tokens in a text.
        own = "auto_map" in (folder / "tokenizer_config.json").read_text(encoding="utf-8")
        special = [] if own else sorted({*tokenizer.all_special_tokens, *map(str, tokenizer.added_tokens_decoder.values())})
        texts = [random_text(random.Random(seed), special) for seed in seeds]
        for seed, text, of_gguf in zip(seeds, texts, llama.encode(gguf, texts, ADD_SPECIAL | PARSE_SPECIAL)):
            path.write_bytes(text.encode())
            for place, model, wanted in (("folder", folder, tokenizer.encode(text)), ("gguf", gguf, of_gguf)):
                try:
                    found = program.tokenize(model, "--file", path)
                except Refusal as refusal:
                    failures.append(f"{name} seed {seed}: {place}: {refusal}")
                    continue
                if found == wanted:
                    passed += 1
                    continue
                failures.append(f"{name} seed {seed}: {place}: {disagreement(text, found, wanted)}")
    print(f"{name:18}{architecture.tokenizer:14}{passed} of {2 * len(seeds)}", flush=True)
    return failures


def main() -> int:
    llama, program, arguments = LlamaTokenizer(Path(sys.argv[1])), Ingot(sys.argv[2]), sys.argv[3:]
    cases, first = int(option(arguments, "--cases", "100")), int(option(arguments, "--first", "1"))
    quiet()
    tokenizers = {architecture.tokenizer: name for name, architecture in reversed(ORIGINALS.items()) if architecture.kind != "encoder-decoder"}
    failures = []
    for name in arguments or sorted(tokenizers.values()):
        failures += (found := examine(program, llama, name, range(first, first + cases)))
        print(*found, sep="\n", end="\n" if found else "", file=sys.stderr, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
