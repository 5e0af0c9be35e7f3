"""The forward pass against transformers: a random model of SmolLM2-135M's shape, 512 tokens, logits of every position.

Usage: compare_forward_pass.py INGOT [--threads N] [--rounds N]

Prints seconds of both (ingot's with starting, reading the weights and writing the logits; transformers' with the model
in memory), by the clock and of the CPU, the best of the rounds each, the normalized mean square error of the logits, and
the positions whose most likely token is the same. On a busy machine only the CPU seconds say something.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

TOKENS = 512


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ingot")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(
        hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
        vocab_size=49152, max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=100000.0, tie_word_embeddings=True,
        attn_implementation="eager")).eval()
    tokens = torch.randint(0, 49152, (TOKENS,))
    own, theirs = [], []  # (clock, CPU) of each round
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder, file = Path(name) / "model", Path(name) / "logits.npy"
        model.save_pretrained(folder)
        command = [arguments.ingot, "run", folder, "--tokens", ",".join(map(str, tokens.tolist())), "--threads", str(arguments.threads),
                   "--logits", file, "--overwrite"]
        for _ in range(arguments.rounds):
            before, start = os.times(), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            own.append((time.perf_counter() - start, spent))
            start, before = time.perf_counter(), time.process_time()
            logits = model(tokens[None]).logits[0].numpy()
            theirs.append((time.perf_counter() - start, time.process_time() - before))
        found = np.load(file)
    error = np.square(found - logits, dtype=np.float64).sum() / np.square(logits, dtype=np.float64).sum()
    same = (found.argmax(1) == logits.argmax(1)).sum()
    for name, ours, peers in zip(["clock", "CPU"], zip(*own), zip(*theirs)):
        print(f"{name}: ingot {min(ours):.2f} s; transformers {min(peers):.2f} s; ratio {min(ours) / min(peers):.2f}")
    print(f"NMSE of the logits {error:.1e}; {same} of {TOKENS} most likely tokens are the same")


if __name__ == "__main__":
    main()
