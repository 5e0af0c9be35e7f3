"""Damages copies of models: faults in tensors and configurations, cut files, flipped bits."""

import json
import shutil
import struct

CUTS = [0, 1, 4, 8, 9, 20, 64, 300, 1000, 5000, -1, -7, -100, -4096]


def truncated(source, target, size):
    """Returns a function that copies the first `size` bytes of a file, or all but the last -size."""
    def prepare(folder):
        (folder / target).write_bytes((folder / source).read_bytes()[:size] if size else b"")
    return prepare


def flipped(source, target, place):
    """Returns a function that copies a file with one bit changed."""
    def prepare(folder):
        data = bytearray((folder / source).read_bytes())
        data[place % len(data)] ^= 1 << (place % 8)
        (folder / target).write_bytes(data)
    return prepare


def damaged_copy(model, name, apply):
    """Returns a function that copies a model folder and applies a fault to its Checkpoint."""
    def prepare(folder):
        shutil.copytree(folder / model, folder / name)
        checkpoint = Checkpoint(folder / name)
        apply(checkpoint)
        checkpoint.save()
    return prepare


class Checkpoint:
    """A folder with one BF16 safetensors file; tensors are found by parts of their names."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "model.safetensors"
        data = self.path.read_bytes()
        (size,) = struct.unpack_from("<Q", data)
        self.header = json.loads(data[8:8 + size])
        self.tensors = {name: bytearray(data[8 + size + facts["data_offsets"][0]:8 + size + facts["data_offsets"][1]])
                        for name, facts in self.header.items() if name != "__metadata__"}
        self.config = json.loads((folder / "config.json").read_text())

    def named(self, *parts):
        return next(name for part in parts for name in sorted(self.tensors) if part in name)

    def row_bytes(self, name):
        return len(self.tensors[name]) // self.header[name]["shape"][0]

    def exchange(self, one, other):
        self.tensors[one], self.tensors[other] = self.tensors[other], self.tensors[one]

    def map_values(self, name, change):
        """Applies a function of floats to every BF16 value."""
        data = self.tensors[name]
        for index in range(0, len(data), 2):
            (value,) = struct.unpack("<f", b"\0\0" + data[index:index + 2])
            data[index:index + 2] = struct.pack("<f", change(value))[2:]

    def store_as(self, dtype):
        """Stores all tensors in another format: F64 and I64 with digits that float32 has not, FP8 by the high bytes."""
        for name, data in self.tensors.items():
            if self.header[name]["dtype"] != "BF16":
                continue
            reals = [real for (real,) in struct.iter_unpack("<f", b"".join(
                b"\0\0" + data[index:index + 2] for index in range(0, len(data), 2)))]
            count = len(reals)
            if dtype == "F64":
                stored = struct.pack(f"<{count}d", *(real * (1 + index * 1e-12) for index, real in enumerate(reals)))
            elif dtype == "I64":
                wide = (int(real * 64) + (index % 2 << 40) for index, real in enumerate(reals))
                stored = struct.pack(f"<{count}q", *wide)
            elif dtype == "F8_E4M3":
                stored = bytes(byte & 0xBF for byte in data[1::2])
            else:
                stored = struct.pack(f"<{count}{'e' if dtype == 'F16' else 'f'}", *reals)
            self.tensors[name], self.header[name]["dtype"] = bytearray(stored), dtype

    def remove(self, name):
        del self.tensors[name], self.header[name]

    def rename(self, name, new):
        self.tensors[new], self.header[new] = self.tensors.pop(name), self.header.pop(name)

    def save(self):
        offset = 0
        for name, data in self.tensors.items():
            self.header[name]["data_offsets"] = [offset, offset + len(data)]
            offset += len(data)
        header = json.dumps(self.header).encode()
        header += b" " * (-len(header) % 8)
        self.path.write_bytes(struct.pack("<Q", len(header)) + header + b"".join(self.tensors.values()))
        (self.folder / "config.json").write_text(json.dumps(self.config, indent=1))


QUERY = ("1.self_attn.q_proj.weight", "1.self_attn.qkv_proj.weight")
DOWN = ("1.mlp.down_proj.weight", "experts.1.w2.weight")
NORM = ("layers.0.input_layernorm.weight",)


def exchange_layers(model):
    one = model.named("0.self_attn.o_proj.weight")
    model.exchange(one, one.replace("layers.0.", "layers.1."))


def exchange_norms(model):
    model.exchange(model.named("0.input_layernorm"), model.named("0.post_attention_layernorm"))


def roll_rows(model):
    name = model.named(*DOWN)
    size = model.row_bytes(name)
    model.tensors[name] = model.tensors[name][size:] + model.tensors[name][:size]


def interleave(model):
    """Moves rows as an unwanted permutation for RoPE does: halves of each group of 8 alternate."""
    name = model.named(*QUERY)
    size, data = model.row_bytes(name), model.tensors[name]
    rows = [data[place:place + size] for place in range(0, len(data), size)]
    order = [8 * (index // 8) + (index % 8) // 2 + 4 * (index % 2) for index in range(len(rows) // 8 * 8)]
    model.tensors[name] = bytearray(b"".join(rows[index] for index in order) + b"".join(rows[len(order):]))


def one_value(change):
    def apply(model):
        name = model.named(*DOWN)
        model.tensors[name][100:102] = struct.pack("<f", change)[2:]
    return apply


def values(names, change):
    return lambda model: model.map_values(model.named(*names), change)


def setting(**values_by_key):
    return lambda model: model.config.update(values_by_key)


FAULTS = {
    "exchanged-layers": exchange_layers,
    "exchanged-norms": exchange_norms,
    "rolled-rows": roll_rows,
    "interleaved": interleave,
    "zeroed": values(DOWN, lambda value: 0.0),
    "doubled": values(QUERY, lambda value: 2 * value),
    "negated": values(DOWN, lambda value: -value),
    "added-one": values(NORM, lambda value: value + 1),
    "took-one": values(NORM, lambda value: value - 1),
    "nan": one_value(float("nan")),
    "infinite": one_value(float("inf")),
    "outlier": one_value(30000.0),
    "missing": lambda model: model.remove(model.named(*DOWN)),
    "unknown": lambda model: model.rename(model.named(*NORM), "model.layers.0.mystery.weight"),
    "rope-base": setting(rope_theta=77777.0),
    "epsilon": setting(rms_norm_eps=0.1),
    "heads": setting(num_attention_heads=4),
    "layers": setting(num_hidden_layers=1),
    "tied": setting(tie_word_embeddings=True),
    "vocabulary": setting(vocab_size=3),
    "no-class": setting(architectures=["KlingonForCausalLM"], model_type="klingon"),
}
