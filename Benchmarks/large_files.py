"""Times plans of sparse checkpoints from 1 GB to 1 TB, and conversions as far as told:

    large_files.py INGOT TOKENIZER_FOLDER WORK_FOLDER [CONVERTED_GB] [TYPE]

Each checkpoint is a mixture of experts in BF16, whose shards are holes but for their headers and norms: 256 shards and 384 experts in
a layer at 1 TB. TOKENIZER_FOLDER is a model folder whose tokenizer has at most 512 tokens, such as fixtures/architectures/qwen3-moe. Conversions up to
CONVERTED_GB are carried out (10 unless given), so WORK_FOLDER needs that much room for TYPE (Q8_0 unless given).
Prints seconds, CPU seconds and peak memory of each command. The values are zeros, so that encoding takes less than for weights.
"""

import json
import os
import shutil
import subprocess
import sys
import time

ingot, tokenizer, work = sys.argv[1:4]
converted = float(sys.argv[4]) if len(sys.argv) > 4 else 10
kind = sys.argv[5] if len(sys.argv) > 5 else "Q8_0"

# Name, layers, experts in each, width, width of an expert, shards.
SIZES = [("1 GB", 2, 53, 2048, 768, 2), ("10 GB", 8, 132, 2048, 768, 8), ("100 GB", 28, 378, 2048, 768, 32),
         ("1 TB", 28, 384, 6144, 2512, 256)]
VOCABULARY = 512


def tensors(layers, experts, width, inner):
    yield "model.embed_tokens.weight", [VOCABULARY, width]
    for layer in range(layers):
        head = f"model.layers.{layer}."
        for name in ["input_layernorm", "post_attention_layernorm"]:
            yield f"{head}{name}.weight", [width]
        for name, rows in [("q", width), ("k", width // 8), ("v", width // 8)]:
            yield f"{head}self_attn.{name}_proj.weight", [rows, width]
        yield f"{head}self_attn.o_proj.weight", [width, width]
        for name in ["q_norm", "k_norm"]:
            yield f"{head}self_attn.{name}.weight", [128]
        yield f"{head}mlp.gate.weight", [experts, width]
        for expert in range(experts):
            for name, shape in [("gate", [inner, width]), ("up", [inner, width]), ("down", [width, inner])]:
                yield f"{head}mlp.experts.{expert}.{name}_proj.weight", shape
    yield "model.norm.weight", [width]
    yield "lm_head.weight", [VOCABULARY, width]


def byte_count(shape):
    return 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)


def make(folder, layers, experts, width, inner, shards):
    os.makedirs(folder)
    for name in ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json",
                 "merges.txt"]:
        if os.path.exists(os.path.join(tokenizer, name)):
            shutil.copy(os.path.join(tokenizer, name), folder)
    config = json.load(open(os.path.join(tokenizer, "config.json")))
    config.update(
        hidden_size=width, num_hidden_layers=layers, num_experts=experts, moe_intermediate_size=inner,
        num_attention_heads=width // 128, num_key_value_heads=width // 1024, head_dim=128, vocab_size=VOCABULARY,
        num_experts_per_tok=8, max_window_layers=layers)
    json.dump(config, open(os.path.join(folder, "config.json"), "w"))
    everything = list(tensors(layers, experts, width, inner))
    total = sum(byte_count(shape) for _, shape in everything)
    parts, filled = [[]], 0
    for name, shape in everything:
        if filled >= total / shards * len(parts) and len(parts) < shards:
            parts.append([])
        parts[-1].append((name, shape))
        filled += byte_count(shape)
    index = {}
    for number, part in enumerate(parts, 1):
        file, header, offset, ones = f"model-{number:05}-of-{len(parts):05}.safetensors", {}, 0, []
        for name, shape in part:
            end = offset + byte_count(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
            if "norm" in name:
                ones.append((offset, shape[0]))
            index[name], offset = file, end
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(os.path.join(folder, file), "wb") as output:
            output.write(len(text).to_bytes(8, "little") + text)
            for start, count in ones:
                output.seek(8 + len(text) + start)
                output.write(b"\x80\x3f" * count)
            output.truncate(8 + len(text) + offset)
    json.dump({"metadata": {"total_size": total}, "weight_map": index},
              open(os.path.join(folder, "model.safetensors.index.json"), "w"))
    return total, len(everything), len(parts)


def run(arguments):
    start = time.monotonic()
    process = subprocess.Popen([ingot] + arguments + ["--quiet"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(arguments)}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


print(f"| checkpoint | tensors, shards | inspect | convert --dry-run | plan --parts 64 | convert to {kind} |")
print("|---|---:|---:|---:|---:|---:|")
for name, *shape in SIZES:
    folder, output = os.path.join(work, "sparse"), os.path.join(work, "sparse.gguf")
    plan = os.path.join(work, "plan.json")
    shutil.rmtree(folder, ignore_errors=True)
    total, tensor_count, shards = make(folder, *shape)
    to = ["-o", output, "--type", kind]
    cells = [run(["inspect", folder, "--no-tensors"]), run(["convert", folder, *to, "--dry-run"]),
             run(["plan", folder, *to, "--parts", "64", "--save", plan])]
    os.unlink(plan)
    if total <= converted * 1.05e9:
        cells.append(run(["convert", folder, *to]))
        os.unlink(output)
    words = [f"{seconds:.2f} s, {cpu:.2f} s CPU, {peak:.0f} MB" for seconds, cpu, peak in cells] + [""] * (4 - len(cells))
    print(f"| {total / 1e9:,.0f} GB | {tensor_count:,}, {shards} | " + " | ".join(words) + " |", flush=True)
    shutil.rmtree(folder)
