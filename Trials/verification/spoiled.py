"""The float32 GGUF of a good conversion, to plant faults that conversions have had.

A fault changes the file and says what `verify` has to find: causes (any of them), and a pattern of the subject; or it returns
None where the architecture has no such thing."""

import random
import re
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np

from ..definitions import Definition, of_gguf_architecture
from ..program import Ingot

BLOCK = re.compile(r"(?:(?:enc|dec)\.)?blk\.(\d+)\.")


class Expected(NamedTuple):
    causes: tuple[str, ...]
    place: str
    is_proven: bool = True
    survives_conversion: bool = True


class Spoiled:
    """Its tensors can be changed in place, rows first."""

    def __init__(self, program: Ingot, path: Path, draw: random.Random) -> None:
        self.program, self.path, self.draw = program, path, draw
        reader = gguf.GGUFReader(path, "r+")
        self.tensors = {tensor.name: tensor.data for tensor in reader.tensors}
        self.fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("tokenizer.ggml.t")}
        self.lists = {name for name in reader.fields if name.startswith("tokenizer.ggml.")}
        self.reader = reader
        self.architecture = self.fields["general.architecture"]
        self.layers = sorted({int(match[1]) for name in self.tensors if (match := BLOCK.match(name))})

    @property
    def definition(self) -> Definition:
        return of_gguf_architecture(self.architecture)

    def number(self, key: str, default=None):
        return self.fields.get(f"{self.architecture}.{key}", default)

    def meta(self, *arguments) -> None:
        """The reader maps the old file: tensors are changed before."""
        self.program.meta(arguments[0], self.path, *arguments[1:])

    def set(self, key: str, value) -> None:
        self.meta("set", f"{self.architecture}.{key}", value)

    def layer_with(self, *names: str) -> int | None:
        """A layer, drawn, that has all of these tensors."""
        layers = [layer for layer in self.layers if all(f"blk.{layer}.{name}.weight" in self.tensors for name in names)]
        return self.draw.choice(layers) if layers else None

    def get(self, layer: int, name: str) -> np.ndarray:
        return self.tensors[f"blk.{layer}.{name}.weight"]

    @property
    def heads(self) -> tuple[int, int]:
        count = self.number("attention.head_count", 1)
        return count, self.number("attention.head_count_kv", count)
