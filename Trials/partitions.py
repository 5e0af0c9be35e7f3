"""Models split among ranks as torch reads them: are the files valid, and their tensors the slices that they should be?

Usage: python -m Trials.partitions INGOT [--cases N] [--first SEED]

A seed draws a LLaMA model and the ranks. Each file is loaded by `torch.load(weights_only=True)`, with and without `mmap`, and by Python's
zipfile, which checks the CRC-32 of every member. Tensors are compared with plain slices of the weights, and the model that comes back with
the weights themselves. Ends with status 1 if anything differed.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from .setup import option, quiet  # first: it silences what the others import

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from fixtures.generate import make_megatron
from fixtures.generate.make_partitions import flat, meta_shards

from .program import Ingot


def model(folder: Path, draw: random.Random) -> dict:
    heads = draw.choice([4, 8, 12])
    groups = draw.choice([count for count in (1, 2, 4, heads) if heads % count == 0])
    dtype = draw.choice([torch.float32, torch.float16, torch.bfloat16])
    config = LlamaConfig(
        vocab_size=draw.choice([96, 130, 256, 300]), hidden_size=heads * draw.choice([8, 16]), intermediate_size=draw.choice([96, 144, 240]),
        num_hidden_layers=draw.choice([1, 2, 4, 6]), num_attention_heads=heads, num_key_value_heads=groups,
        rope_theta=draw.choice([10000.0, 500000.0]), tie_word_embeddings=draw.random() < 0.3, max_position_embeddings=128,
    )
    torch.manual_seed(draw.randrange(1 << 30))
    LlamaForCausalLM(config).to(dtype).save_pretrained(folder)
    return {"heads": heads, "groups": groups, "layers": config.num_hidden_layers, "inner": config.intermediate_size,
            "vocabulary": config.vocab_size, "width": config.hidden_size, "embedding": 0 if config.rope_parameters["rope_theta"] > 10000 else 1}


def grid(tensors: dict, facts: dict, tensor: int, stages: int, divisor: int) -> dict[str, dict]:
    multiple = divisor * tensor
    make_megatron.VOCABULARY, make_megatron.HEADS, make_megatron.HEAD = facts["vocabulary"], facts["heads"], facts["width"] // facts["heads"]
    make_megatron.PADDED = (facts["vocabulary"] + multiple - 1) // multiple * multiple
    whole, files, size = dict(tensors), {}, facts["layers"] // stages
    is_tied = "lm_head.weight" not in whole
    whole.setdefault("lm_head.weight", whole["model.embed_tokens.weight"])
    for stage in range(stages):
        for rank in range(tensor):
            part = make_megatron.chunk(
                whole, make_megatron.CORE, range(stage * size, (stage + 1) * size), facts["groups"], rank, tensor, "group",
                is_first=stage == 0, is_last=stage == stages - 1)
            part = {key: value for key, value in part.items() if not key.endswith("_extra_state")}
            if is_tied and stages == 1:
                del part["output_layer.weight"]
            files[f"iter_0000001/mp_rank_{rank:02}" + (f"_{stage:03}" if stages > 1 else "") + "/model_optim_rng.pt"] = part
    return files


def compare(path: Path, expected: dict[str, torch.Tensor]) -> list[str]:
    if (bad := zipfile.ZipFile(path).testzip()) is not None:
        return [f"{path}: CRC-32 of {bad}"]
    failures = []
    for mapped in (False, True):
        with torch.serialization.safe_globals([argparse.Namespace]):
            state = torch.load(path, weights_only=True, mmap=mapped)
        found = state.get("model", state)
        if set(found) != set(expected):
            failures.append(f"{path}: other names")
        failures += [
            f"{path}: {name}" for name, tensor in found.items()
            if name in expected and (tensor.dtype != expected[name].dtype or not torch.equal(tensor, expected[name]))]
    return failures


def returned(ingot: Ingot, folder: Path, back: Path, weights: dict) -> list[str]:
    ingot.must("convert", folder, "-o", back, "--naming", "hf", "--quiet")
    found = load_file(back / "model.safetensors")
    if "lm_head.weight" not in weights:
        found.pop("lm_head.weight", None)
    same = set(found) == set(weights) and all(torch.equal(found[name], tensor) for name, tensor in weights.items())
    return [] if same else [f"{folder}: another model comes back"]


def case(ingot: Ingot, seed: int) -> tuple[int, list[str]]:
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        facts = model(work / "source", draw)
        weights = load_file(work / "source" / "model.safetensors")
        counts = [count for count in (1, 2, 3, 4) if all(facts[key] % count == 0 for key in ("groups", "heads", "inner", "vocabulary", "width"))]
        tensor = draw.choice([count for count in (1, 2, 4) if facts["groups"] % count == 0 and facts["inner"] % count == 0])
        stages = draw.choice([count for count in (1, 2, 3) if facts["layers"] % count == 0])
        count, divisor = draw.choice(counts), draw.choice([1, 7, 128])
        runs = [
            ("shards", ["--naming", "meta", "--shards", count], meta_shards(weights, facts["heads"], facts["groups"], count, facts["embedding"])),
            ("grid", ["--naming", "megatron", "--tensor-parallel", tensor, "--pipeline-parallel", stages, "--make-vocab-size-divisible-by", divisor],
             grid(weights, facts, tensor, stages, divisor)),
        ]
        files, failures = 0, []
        for kind, options, expected in runs:
            ingot.must("convert", work / "source", "-o", work / kind, "--quiet", "--verify", *options)
            for file, state in expected.items():
                files += 1
                failures += compare(work / kind / file, flat(state))
            failures += returned(ingot, work / kind, work / f"{kind}-back", weights)
            # What the program of the format has: its own description, without config.json.
            (work / kind / "config.json").unlink()
            failures += returned(ingot, work / kind, work / f"{kind}-alone", weights)
    return files, [f"seed {seed}: {failure}" for failure in failures]


def main() -> None:
    quiet()
    arguments = sys.argv[1:]
    cases, first = int(option(arguments, "--cases", "20")), int(option(arguments, "--first", "0"))
    ingot = Ingot(arguments[0])
    total, failures = 0, []
    for seed in range(first, first + cases):
        files, failed = case(ingot, seed)
        total += files
        failures += failed
    for failure in failures:
        print(failure)
    print(f"{cases} models, {total} files: {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
