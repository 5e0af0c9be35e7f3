#!/usr/bin/env python3
"""Writes a dictionary for libFuzzer to each target: dictionaries.py FOLDER

Its words are the string literals in the sources of the reader, since keys and names are literals there.
"""

import pathlib
import re
import sys

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "Sources"
TOKENIZATION = ["Tokenization"]
MODELS = ["Models", "Encodings", "Architectures", "Formats/Folder"]
TARGETS = {
    "safetensors": ["Formats/SafeTensors", "Tensors"],
    "safetensors-index": ["Formats/SafeTensors", "Formats/Shards"],
    "gguf": ["Formats/GGUF"],
    "gguf-split": ["Formats/GGUF", "Formats/Shards"],
    "pytorch": ["Formats/PyTorch", "Formats/Tar", "Formats/Zip"],
    "pickle": ["Formats/PyTorch"],
    "zip": ["Formats/NumPy", "Formats/Zip"],
    "numpy": ["Formats/NumPy"],
    "distributed": ["Formats/Distributed", "Formats/PyTorch"],
    "megatron": ["Formats/Megatron", "Formats/PyTorch"],
    "mlc": ["Formats/MLC"],
    "imatrix": ["Formats/ImportanceMatrix", "Formats/GGUF"],
    "gguf-vocabulary": TOKENIZATION,
    "tokenizer-json": TOKENIZATION,
    "tiktoken": ["Tokenization/Ranked"],
    "tekken": ["Tokenization/Ranked"],
    "word-pieces": TOKENIZATION,
    "byte-level": TOKENIZATION,
    "definition": ["Architectures"],
    "plan": ["Conversion/Parts"],
    "part-manifest": ["Conversion/Parts"],
    "certificate": ["Certification"],
    "model-card": ["Conversion/General"],
    "chat-template": ["Tokenization/ChatTemplates"],
    "model-folder": MODELS,
    "model-gguf": MODELS + TOKENIZATION,
    "adapter": ["Models/Adapters", "Encodings"],
    "http": ["HTTP"],
}


def literals(folder):
    """Short literals without interpolations, which may be words of a file."""
    words = set()
    for path in sorted((SOURCES / folder).rglob("*.swift")):
        for line in path.read_text().splitlines():
            if not line.lstrip().startswith("//"):
                words.update(re.findall(r'"([^"\\\s]{2,40})"', line))
    return words


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for target, sources in TARGETS.items():
        words = set().union(*(literals(source) for source in sources))
        lines = []
        for word in sorted(words):
            lines.append('"' + "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in word.encode()) + '"\n')
        (folder / f"{target}.dict").write_text("".join(lines))


if __name__ == "__main__":
    main()
