"""Converts and verifies a model 20 times as large as the memory that the program may use (Linux, as root; needs numpy):

    memory_limit.py INGOT TOKENIZER_FOLDER WORK_FOLDER [LIMIT_MB]

The limit (200 MB unless given) is that of a control group, so it counts the pages of files that the system caches for the program.
The model is a LLaMA of random BF16 weights. TOKENIZER_FOLDER is a model folder whose tokenizer has at most 512 tokens, such as
fixtures/llama-gqa. Prints seconds, CPU seconds, the greatest resident memory, and bytes that were read from the disk.
"""

import json
import os
import shutil
import subprocess
import sys
import time

import numpy

ingot, tokenizer, work = sys.argv[1:4]
limit = int(sys.argv[4] if len(sys.argv) > 4 else 200) << 20
WIDTH, INNER, VOCABULARY = 4096, 11008, 512
LAYER = [("self_attn.q_proj", WIDTH, WIDTH), ("self_attn.k_proj", WIDTH // 4, WIDTH), ("self_attn.v_proj", WIDTH // 4, WIDTH),
         ("self_attn.o_proj", WIDTH, WIDTH), ("mlp.gate_proj", INNER, WIDTH), ("mlp.up_proj", INNER, WIDTH),
         ("mlp.down_proj", WIDTH, INNER)]


def tensors(layers):
    yield "model.embed_tokens.weight", [VOCABULARY, WIDTH]
    for layer in range(layers):
        head = f"model.layers.{layer}."
        yield f"{head}input_layernorm.weight", [WIDTH]
        yield f"{head}post_attention_layernorm.weight", [WIDTH]
        for name, rows, columns in LAYER:
            yield f"{head}{name}.weight", [rows, columns]
    yield "model.norm.weight", [WIDTH]
    yield "lm_head.weight", [VOCABULARY, WIDTH]


def make(folder, layers):
    os.makedirs(folder)
    for name in os.listdir(tokenizer):
        if not name.endswith((".safetensors", ".index.json")):
            shutil.copy(os.path.join(tokenizer, name), folder)
    path = os.path.join(folder, "config.json")
    config = json.load(open(path))
    config.update(hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=layers, num_attention_heads=32,
                  num_key_value_heads=8, head_dim=128, vocab_size=VOCABULARY)
    json.dump(config, open(path, "w"))
    header, offset = {}, 0
    for name, shape in tensors(layers):
        end = offset + 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    generator = numpy.random.default_rng(1)
    with open(os.path.join(folder, "model.safetensors"), "wb") as output:
        output.write(len(text).to_bytes(8, "little") + text)
        for name, shape in tensors(layers):
            if len(shape) == 1:
                output.write(b"\x80\x3f" * shape[0])
                continue
            values = generator.standard_normal(shape, dtype=numpy.float32) * numpy.float32(0.02)
            output.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
    os.sync()
    return offset


class Group:
    """A control group of version 1 or 2 with a limit of memory."""

    def __init__(self):
        self.is_old = os.path.isdir("/sys/fs/cgroup/memory")
        self.path = "/sys/fs/cgroup/memory/ingot-limit" if self.is_old else "/sys/fs/cgroup/ingot-limit"
        os.makedirs(self.path, exist_ok=True)
        self.write("memory.limit_in_bytes" if self.is_old else "memory.max", limit)

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(str(value))

    def run(self, arguments, expected=(0,)):
        start = time.monotonic()
        process = subprocess.Popen([ingot, *arguments, "--quiet"], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: self.write("cgroup.procs", os.getpid()))
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in expected:
            sys.exit(f"failed with status {os.waitstatus_to_exitcode(status)}: {' '.join(arguments)}\n{output}")
        seconds, cpu = time.monotonic() - start, usage.ru_utime + usage.ru_stime
        print(f"| `{arguments[0]}` | {seconds:.0f} s | {cpu:.0f} s | {usage.ru_maxrss / 1024:.0f} MB |"
              f" {usage.ru_inblock * 512 / 1e9:.1f} GB |", flush=True)


folder, output = os.path.join(work, "large"), os.path.join(work, "large.gguf")
layer_bytes = sum(2 * rows * columns for _, rows, columns in LAYER)
byte_count = make(folder, -(-20 * limit // layer_bytes))
group = Group()
print(f"{byte_count / 1e9:.2f} GB of weights, a limit of {limit / 1e6:.0f} MB: {byte_count / limit:.1f} times\n")
print("| command | time | CPU | peak | read from the disk |\n|---|---:|---:|---:|---:|")
group.run(["quantize", folder, output, "Q8_0"])
group.run(["verify", folder, output, "--text", "The quick brown fox jumps over the lazy dog."])
group.run(["diff", folder, output], expected=(0, 1))
shutil.rmtree(folder)
os.unlink(output)
