"""Times ingot on one model in several source formats.

Usage: compare_sources.py INGOT WORK

INGOT is the program, WORK a folder for about 2 GB. The model is a LLaMA of 185 million random parameters. Rates are parameters a
second, medians of three runs; the files are in the page cache, and ingot flushes its outputs.
"""

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTH, FEED_FORWARD, LAYERS, VOCABULARY, GROUP = 1024, 4096, 10, 8192, 128
CONFIGURATION = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": FEED_FORWARD,
    "num_hidden_layers": LAYERS, "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": VOCABULARY,
    "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16", "hidden_act": "silu",
}


def matrices():
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"]:
            yield prefix + f"self_attn.{name}", WIDTH, WIDTH
        for name in ["gate_proj", "up_proj"]:
            yield prefix + f"mlp.{name}", FEED_FORWARD, WIDTH
        yield prefix + "mlp.down_proj", WIDTH, FEED_FORWARD


def others():
    tensors = {name: torch.randn(VOCABULARY, WIDTH).bfloat16() for name in ["model.embed_tokens.weight", "lm_head.weight"]}
    names = ["model.norm"] + [
        f"model.layers.{layer}.{name}" for layer in range(LAYERS) for name in ["input_layernorm", "post_attention_layernorm"]]
    return tensors | {f"{name}.weight": torch.ones(WIDTH).bfloat16() for name in names}


def words(*shape):
    return torch.randint(-(2**31), 2**31, shape, dtype=torch.int64).int()


def plain(name, rows, columns):
    return {f"{name}.weight": torch.randn(rows, columns).bfloat16()}


def fp8(name, rows, columns):
    return {
        f"{name}.weight": torch.randn(rows, columns).to(torch.float8_e4m3fn),
        f"{name}.weight_scale_inv": torch.rand(rows // 128, columns // 128) + 0.5,
    }


def gptq(name, rows, columns):
    return {
        f"{name}.qweight": words(columns // 8, rows), f"{name}.qzeros": words(columns // GROUP, rows // 8),
        f"{name}.scales": torch.rand(columns // GROUP, rows).half() * 0.01,
        f"{name}.g_idx": torch.arange(columns, dtype=torch.int32) // GROUP,
    }


def awq(name, rows, columns):
    return {
        f"{name}.qweight": words(columns, rows // 8), f"{name}.qzeros": words(columns // GROUP, rows // 8),
        f"{name}.scales": torch.rand(columns // GROUP, rows).half() * 0.01,
    }


FORMATS = {
    "BF16 safetensors": (plain, None), "BF16 PyTorch": (plain, None),
    "FP8, 128 x 128 blocks": (fp8, {"quant_method": "fp8", "weight_block_size": [128, 128]}),
    "GPTQ, 4 bits": (gptq, {"quant_method": "gptq", "bits": 4, "group_size": GROUP, "sym": False, "desc_act": False}),
    "AWQ, 4 bits": (awq, {"quant_method": "awq", "bits": 4, "group_size": GROUP, "zero_point": True, "version": "gemm"}),
}


def write(folder, name, make, quantization):
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    tensors = others()
    for matrix in matrices():
        tensors |= make(*matrix)
    if "PyTorch" in name:
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    configuration = CONFIGURATION | ({"quantization_config": quantization} if quantization else {})
    (folder / "config.json").write_text(json.dumps(configuration))


def seconds(command):
    before = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - before


def main():
    ingot, work = sys.argv[1], Path(sys.argv[2])
    parameters = sum(rows * columns for _, rows, columns in matrices()) + 2 * VOCABULARY * WIDTH
    print(f"{parameters:,} parameters")
    base = None
    for name, (make, quantization) in FORMATS.items():
        folder, output = work / name.split(",")[0].replace(" ", "-"), work / "out.gguf"
        if not folder.exists():
            write(folder, name, make, quantization)
        for type in ["BF16", "keep"] if quantization else ["BF16"]:
            command = [ingot, "convert", str(folder), "-o", str(output), "--type", type, "--overwrite", "--quiet"]
            median = statistics.median(seconds(command) for _ in range(3))
            rate = parameters / median
            base = base or rate
            print(f"{name:24} {type:5} {median:6.2f} s {rate / 1e6:8.0f} M/s {rate / base:5.2f} of BF16 safetensors")
    shutil.rmtree(work, ignore_errors=True)


main()
