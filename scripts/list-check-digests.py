#!/usr/bin/env python3
"""Writes the table of llama.cpp's names of pre-tokenizers by the digest of the ids of its check text.

Usage: scripts/list-check-digests.py LLAMA_CPP > Sources/Tokenization/PreTokenization/CheckText+Digests.swift

Reads the method get_vocab_base_pre of the converter; of two names with one digest the last counts, as there.
"""

import ast
import pathlib
import sys


def method(root: pathlib.Path) -> ast.FunctionDef:
    for path in (root / "conversion/base.py", root / "convert_hf_to_gguf.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ():
            if isinstance(node, ast.FunctionDef) and node.name == "get_vocab_base_pre":
                return node
    sys.exit(f"{root}: no method get_vocab_base_pre")


def swift(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c if 32 <= ord(c) < 127 else f"\\u{{{ord(c):X}}}") for c in text) + '"'


def lines(text: str, width: int = 100) -> list[str]:
    parts, part = [], ""
    for character in text:
        if len(swift(part + character)) > width:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]


def main() -> None:
    names, text = {}, ""
    for node in method(pathlib.Path(sys.argv[1])).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="chktxt")], value=ast.Constant(value=str(value))):
                text = value
            case ast.If(test=ast.Compare(left=ast.Name(id="chkhsh"), comparators=[ast.Constant(value=digest)])):
                names[digest] = node.body[0].value.value
    print("// Written by scripts/list-check-digests.py from get_vocab_base_pre of llama.cpp's converter.\n")
    print("extension CheckText {")
    print("  /// The text whose ids llama.cpp's converter digests.\n  static let text =")
    print("\n".join(f"    {'+ ' if index else ''}{swift(line)}" for index, line in enumerate(lines(text))))
    print("\n  /// The converter's name of the pre-tokenizer by the SHA-256 of the ids.\n  static let names: [String: String] = [")
    print("\n".join(f'    "{digest}": "{name}",' for digest, name in names.items()))
    print("  ]\n}")


if __name__ == "__main__":
    main()
