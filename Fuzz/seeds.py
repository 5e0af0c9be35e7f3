#!/usr/bin/env python3
"""Writes small valid inputs of every target, taken from the fixtures: seeds.py FOLDER PROGRAM

FOLDER/TARGET gets a file for each. PROGRAM is ingot, which makes plans, journals and certificates.
"""

import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
sys.path.append(str(FIXTURES / "generate"))

from weights import put_weights  # noqa: E402

# Files of one input are separated by this byte (InputParts.swift).
SEPARATOR = b"\x1e"


def write(folder, target, content):
    """Writes a seed under the name that libFuzzer would give it."""
    path = folder / target
    path.mkdir(parents=True, exist_ok=True)
    (path / hashlib.sha1(content).hexdigest()).write_bytes(content)


def files(*patterns, limit=16384):
    for pattern in patterns:
        for path in sorted(FIXTURES.glob(pattern)):
            if path.is_file() and path.stat().st_size <= limit:
                yield path.read_bytes()


def optional(path):
    return path.read_bytes() if path.is_file() else b""


def pickles(*patterns):
    """The pickles of zip archives."""
    for pattern in patterns:
        for path in sorted(FIXTURES.glob(pattern)):
            if not zipfile.is_zipfile(path):
                continue
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith("data.pkl"):
                        yield archive.read(name)


def header(weights, dtype="BF16", size=2):
    """The header of a safetensors file with the tensors of a fixture's weights.json."""
    members, end = {}, 0
    for name, shape, *_ in weights:
        count = size
        for dimension in shape:
            count *= dimension
        members[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + count]}
        end += count
    return json.dumps(members, separators=(",", ":")).encode()


def stored_header(path):
    content = path.read_bytes()
    return content[8 : 8 + struct.unpack("<Q", content[:8])[0]]


def split_gguf():
    """The first of two shards, with one tensor of eight floats."""
    def text(value):
        return struct.pack("<Q", len(value)) + value

    pairs = [(b"split.no", 2, "<H", 0), (b"split.count", 2, "<H", 2), (b"split.tensors.count", 5, "<i", 1)]
    content = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs))
    for key, kind, layout, value in pairs:
        content += text(key) + struct.pack("<I", kind) + struct.pack(layout, value)
    content += text(b"a.weight") + struct.pack("<IQIQ", 1, 8, 0, 0)
    return content + bytes(-len(content) % 32) + bytes(32)


def containers(folder):
    for content in files("safetensors/*.safetensors", "pytorch/*.safetensors", "distributed/*.safetensors"):
        write(folder, "safetensors", content)
    index = {"metadata": {"total_size": 2}, "weight_map": {}}
    index["weight_map"] = {name: f"model-0000{n}-of-00002.safetensors" for n, name in [(1, "a"), (2, "b")]}
    write(folder, "safetensors-index", json.dumps(index).encode())
    for content in files("gguf/*.gguf", "adapters/*/*.gguf", "float-codes/*.gguf", limit=8192):
        write(folder, "gguf", content)
        write(folder, "model-gguf", content)
    write(folder, "gguf-split", split_gguf())
    for content in files("pytorch/*.pt", "pytorch/*.pth", "pytorch/adapter/*.bin", limit=12000):
        write(folder, "pytorch", content)
    for content in pickles("pytorch/*.pt", "pytorch/*.pth", "pytorch/*/*.bin"):
        write(folder, "pickle", content[:8192])
    for content in pickles("megatron/*/*/*/*.pt"):
        write(folder, "megatron", content[:8192])
    for content in files("zip/*.zip", "numpy/*.npz"):
        write(folder, "zip", content)
    for content in files("numpy/*.npy"):
        write(folder, "numpy", content)
    for content in files("legacy-ggml/blocks/*.bin"):
        write(folder, "legacy-ggml", content)
    for content in files("distributed/ranks/.metadata"):
        write(folder, "distributed", content)
    for content in files("mlc/*/ndarray-cache.json", "mlc/*/tensor-cache.json", limit=32768):
        index = json.loads(content)
        for record in index["records"][1:]:
            del record["records"][2:]
        index["records"] = index["records"][:1]
        index["records"][0]["records"] = index["records"][0]["records"][:3]
        write(folder, "mlc", json.dumps(index).encode())
    for content in files("imatrix/measured/*.dat", "imatrix/measured/*.imatrix"):
        write(folder, "imatrix", content)
    for content in files("compressed/*.zst", "compressed/set/*.zst", limit=3000):
        write(folder, "zstd", content)
    for content in files("compressed/*.gz", "compressed/set/*.gz", limit=3000):
        write(folder, "gzip", content)


def tokenizers(folder):
    for path in sorted((FIXTURES / "tokenizers").iterdir()):
        config = optional(path / "tokenizer_config.json")
        names = ["tokenizer_config.json", "special_tokens_map.json"]
        if (path / "tokenizer.json").is_file():
            parts = [optional(path / name) for name in ["tokenizer.json", *names]]
            write(folder, "tokenizer-json", SEPARATOR.join(parts))
        if (path / "vocab.txt").is_file():
            write(folder, "word-pieces", SEPARATOR.join([optional(path / "vocab.txt"), config]))
        if (path / "vocab.json").is_file():
            parts = [optional(path / name) for name in ["vocab.json", "merges.txt"]]
            write(folder, "byte-level", SEPARATOR.join([*parts, config, optional(path / "added_tokens.json")]))
        for name in ["qwen.tiktoken", "tiktoken.model"]:
            if (path / name).is_file():
                write(folder, "tiktoken", SEPARATOR.join([optional(path / name), config]))
        if (path / "tekken.json").is_file():
            write(folder, "tekken", optional(path / "tekken.json"))
        for target, name in [
            ("sentencepiece", "tokenizer.model"),
            ("sentencepiece-unigram", "spiece.model"),
            ("sentencepiece-fairseq", "sentencepiece.bpe.model"),
        ]:
            if (path / name).is_file():
                write(folder, target, optional(path / name))
    for content in files("expected/ranked/*.gguf", "expected/tokenizers/*.gguf", limit=24000):
        write(folder, "gguf-vocabulary", content)


def documents(folder):
    for content in [b'{"a":[1,-2.5e3,true,null,"\\u00e9\\n"],"b":{}}', b"[1e400,0.1,-0]", b'"x"']:
        write(folder, "json", content)
    for path in sorted((ROOT / "Sources/Architectures/Definitions").glob("*.json")):
        if path.stat().st_size <= 8192:
            write(folder, "definition", path.read_bytes())
    write(folder, "digests", b"# list\n" + b"0" * 64 + b"  model.gguf\n" + b"a" * 64 + b" *b, 2 tensors\n")
    card = "license: mit\ntags:\n- a\n- 'b c'\nbase_model: [x/y, \"z\"]\nmodel-index:\n  - name: n\n    n: 1.5e3\nt: |\n  x\n---\n"
    write(folder, "model-card", card.encode())
    names = ["config.json", "a/b/model-00001-of-00002.safetensors", "a/c", "../x", "a//b"]
    listing = {"sha": "0123456789abcdef" * 2 + "01234567", "siblings": [{"rfilename": name} for name in names]}
    write(folder, "hub-listing", json.dumps(listing).encode())
    for content in files("chat-templates/*.jinja"):
        write(folder, "chat-template", content[:4096])


def models(folder):
    for path in sorted((FIXTURES / "architectures").iterdir()):
        if not (path / "weights.json").is_file() or not (path / "config.json").is_file():
            continue
        weights = json.loads((path / "weights.json").read_bytes())
        content = SEPARATOR.join([optional(path / "config.json"), header(weights)])
        if len(content) <= 8192:
            write(folder, "model-folder", content)
    for pattern in ["packed/*", "compressed-tensors/*", "mlx/*", "bitsandbytes/*", "fp8/*", "gptq/*", "awq/*", "float-codes/*"]:
        for path in sorted(FIXTURES.glob(pattern)):
            weights = sorted(path.glob("*.safetensors")) if path.is_dir() else []
            if len(weights) == 1 and (path / "config.json").is_file():
                content = SEPARATOR.join([optional(path / "config.json"), stored_header(weights[0])])
                if len(content) <= 12000:
                    write(folder, "model-folder", content)
    base = FIXTURES / "architectures/llama"
    model = [optional(base / "config.json"), header(json.loads((base / "weights.json").read_bytes()))]
    for path in sorted((FIXTURES / "adapters").glob("*/adapter_model.safetensors")):
        content = SEPARATOR.join([*model, optional(path.parent / "adapter_config.json"), stored_header(path)])
        write(folder, "adapter", content)


def codecs(folder):
    values = b"".join(struct.pack("<f", value / 7 - 18) for value in range(256))
    for index in range(48):
        write(folder, "decode", bytes([index]) + bytes(range(256)))
        write(folder, "encode", bytes([index]) + values)


def produced(folder, program):
    """What only ingot itself writes."""
    with tempfile.TemporaryDirectory() as work:
        def ingot(*arguments):
            output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run([os.path.abspath(program), *arguments], check=True, cwd=work, **output)

        source = str(FIXTURES / "pytorch/twin.safetensors")
        ingot("plan", source, "-o", "out.safetensors", "--parts", "2", "--save", "plan.json")
        write(folder, "plan", pathlib.Path(work, "plan.json").read_bytes())
        for part in ["0", "1"]:
            ingot("work", "plan.json", "--part", part)
        manifests = [path.read_bytes() for path in sorted(pathlib.Path(work, "parts").glob("*.json"))]
        for content in manifests:
            write(folder, "part-manifest", content)
        write(folder, "journal", b"\n".join([b'{"schema":"ingot.journal/1"}', *manifests, manifests[0][:40]]))
        ingot("convert", str(FIXTURES / "llama-gqa"), "-o", "model.gguf")
        ingot("verify", str(FIXTURES / "llama-gqa"), "model.gguf", "--text", "a b c d", "--certificate", "certificate.json")
        write(folder, "certificate", pathlib.Path(work, "certificate.json").read_bytes())
        measured(folder, ingot, pathlib.Path(work))


def staged(work, name):
    """A model of the fixtures, with its tokenizer."""
    source = FIXTURES / "architectures" / name
    facts = json.loads((source / "fixture.json").read_bytes())
    shutil.copytree(FIXTURES / "tokenizers" / facts["tokenizer"], work / name)
    shutil.copytree(source, work / name, dirs_exist_ok=True)
    put_weights(work / name)
    return name


def measured(folder, ingot, work):
    """The results of measurements on the tokens 1 to 6, in two chunks."""
    (work / "text").write_text("a b c d e f g h i j k l m n o p")
    for name in ["llama", "bert-bge"]:
        model = staged(work, name)
        plans = [("measured-logits", ["verify", model, model, "--tokens", "1,2,3,4,5,6", "--context", "3"])]
        if name == "llama":
            plans.append(("measured-importance", ["imatrix", model, "--file", "text", "--context", "3", "--chunks", "2"]))
        for target, arguments in plans:
            ingot("plan", *arguments, "--parts", "1", "--save", f"{target}-{name}.json")
            write(folder, "measuring-plan", (work / f"{target}-{name}.json").read_bytes())
            ingot("work", f"{target}-{name}.json", "--part", "0", "--parts-folder", f"{target}-{name}")
            for path in (work / f"{target}-{name}").glob("*.part"):
                write(folder, target, path.read_bytes())


def main():
    folder = pathlib.Path(sys.argv[1])
    for make in [containers, tokenizers, documents, models, codecs]:
        make(folder)
    produced(folder, sys.argv[2])


if __name__ == "__main__":
    main()
