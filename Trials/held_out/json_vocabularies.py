"""llama.cpp's own vocabularies in the form that transformers 5 saves: are the ids of ingot's GGUFs those of AutoTokenizer?

Usage: python -m Trials.held_out.json_vocabularies PEERS INGOT [--cases N] [--first SEED] [NAME ...]

Each of models/ggml-vocab-NAME.gguf with SentencePiece pieces becomes a folder with tokenizer.json alone: the merges are those that
transformers makes of the scores, or the file's own. Llama 3's becomes a tiktoken tokenizer.model, whose merges must come back. Random texts
are cut by llama.cpp with the GGUF that ingot makes. Prints a line per vocabulary and the texts that differ; status 1 if any do.
"""

import base64
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from ..setup import option, quiet  # first: it silences what the others import

import gguf
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer
from transformers.tokenization_utils_base import generate_merges

from fixtures.generate.llama_tokenizer import PARSE_SPECIAL, LlamaTokenizer

from .texts import random_text

PIECES = ("llama-spm", "phi-3", "baichuan", "gemma-4")
RANKS = "llama-bpe"
CONTROL, USER_DEFINED = (2, 3), 4
WIDTH = 32


def contents(file: Path, key: str):
    field = gguf.GGUFReader(file).fields.get(f"tokenizer.ggml.{key}")
    return None if field is None else field.contents()


def write_model(folder: Path, rows: int) -> None:
    """A LLaMA of one layer with as many rows as the vocabulary needs."""
    def matrix(*shape: int) -> torch.Tensor:
        return torch.ones(shape, dtype=torch.bfloat16)

    layer = {
        **{f"self_attn.{name}_proj": matrix(WIDTH, WIDTH) for name in "qkvo"}, "mlp.gate_proj": matrix(64, WIDTH), "mlp.up_proj": matrix(64, WIDTH),
        "mlp.down_proj": matrix(WIDTH, 64), "input_layernorm": matrix(WIDTH), "post_attention_layernorm": matrix(WIDTH)}
    tensors = {f"model.layers.0.{name}.weight": tensor for name, tensor in layer.items()}
    save_file({**tensors, "model.embed_tokens.weight": matrix(rows, WIDTH), "model.norm.weight": matrix(WIDTH)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 2, "rms_norm_eps": 1e-5, "max_position_embeddings": 128, "vocab_size": rows, "tie_word_embeddings": True}))


def write_pieces(vocabulary: Path, folder: Path) -> None:
    tokens, types, merges = (contents(vocabulary, key) for key in ("tokens", "token_type", "merges"))
    ids = {text: index for index, text in enumerate(tokens)}
    adds_space = merges is None
    pairs = generate_merges(ids, dict(zip(tokens, contents(vocabulary, "scores")))) if merges is None else [tuple(text.split(" ")) for text in merges]
    tokenizer = Tokenizer(models.BPE(ids, pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if adds_space:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    else:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text, type in zip(tokens, types) if type in CONTROL])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text, type in zip(tokens, types) if type == USER_DEFINED])
    start = "<s>" if "<s>" in ids else "<bos>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A", pair=f"{start} $A {start}:1 $B:1", special_tokens=[(start, ids[start])])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": start, "unk_token": "<unk>", "tokenizer_class": "TokenizersBackend"}))
    write_model(folder, (len(tokens) + 63) // 64 * 64)


def write_ranks(vocabulary: Path, folder: Path) -> None:
    tokens, types = contents(vocabulary, "tokens"), contents(vocabulary, "token_type")
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable} | {chr(0x100 + index): byte for index, byte in enumerate(others)}
    lines = [
        f"{base64.b64encode(bytes(byte_of[character] for character in text)).decode()} {rank}"
        for rank, (text, type) in enumerate(zip(tokens, types)) if type not in CONTROL]
    (folder / "tokenizer.model").write_text("\n".join(lines) + "\n")
    write_model(folder, len(tokens))


def examine(name: str, peers: Path, program: str, tokenizer: LlamaTokenizer, seeds: range) -> list[str]:
    vocabulary = peers / "llama.cpp" / "models" / f"ggml-vocab-{name}.gguf"
    with tempfile.TemporaryDirectory() as temporary:
        folder, made = Path(temporary) / "model", Path(temporary) / "made.gguf"
        folder.mkdir()
        (write_ranks if name == RANKS else write_pieces)(vocabulary, folder)
        run = subprocess.run([program, "convert", folder, "-o", made, "--quiet"], capture_output=True, text=True)
        if run.returncode != 0:
            return [f"{name}: {run.stderr.strip()}"]
        # A space at the start, and after a special token, is the container's: no text has either.
        texts = ["x" + random_text(random.Random(seed), []) for seed in seeds]
        if name == RANKS:
            failures = [f"{name}: {key} differ" for key in ("tokens", "token_type", "merges") if contents(vocabulary, key) != contents(made, key)]
            wanted = tokenizer.encode(vocabulary, texts, PARSE_SPECIAL)
        else:
            failures, reference = [], AutoTokenizer.from_pretrained(folder)
            wanted = [reference.encode(text, add_special_tokens=False) for text in texts]
        found = tokenizer.encode(made, texts, PARSE_SPECIAL)
        failures += [f"{name} seed {seed}: {text!r:.300}" for seed, text, one, other in zip(seeds, texts, wanted, found) if one != other]
    print(f"{name:32}{len(texts) - len(failures)} of {len(texts)}", flush=True)
    return failures


def main() -> int:
    peers, program, arguments = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    cases, first = int(option(arguments, "--cases", "100")), int(option(arguments, "--first", "1"))
    quiet()
    tokenizer, failures = LlamaTokenizer(peers), []
    for name in (*PIECES, RANKS):
        if name in (arguments or [name]):
            failures += examine(name, peers, program, tokenizer, range(first, first + cases))
    print(*failures, sep="\n", end="\n" if failures else "", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
