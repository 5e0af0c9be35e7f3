"""Encodes the same weights with ingot and with libgguf (ggml's generic code), compares the bytes and the speed.

Usage: python compare_with_libgguf.py [--importance] PATH_TO_CODEC_BENCHMARK [FORMAT ...]
Needs: pip install libgguf gguf numpy
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import libgguf
import numpy as np
from gguf import GGMLQuantizationType

ENCODED = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
ENCODED += ["MXFP4", "NVFP4", "TQ1_0", "TQ2_0", "Q1_0", "IQ1_M", "IQ2_S", "IQ3_XXS", "IQ3_S"]
WEIGHTED = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
WEIGHTED += ["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"]
WEIGHT_COUNT = 1 << 16
ROUND_COUNT = 5


def best(body):
    seconds = []
    for _ in range(ROUND_COUNT):
        start = time.perf_counter()
        result = body()
        seconds.append(time.perf_counter() - start)
    return result, WEIGHT_COUNT / min(seconds) / 1e6


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--importance"]
    is_weighted = len(arguments) < len(sys.argv) - 1
    benchmark, formats = arguments[0], arguments[1:] or (WEIGHTED if is_weighted else ENCODED)
    random = np.random.default_rng(1)
    # Mostly normal weights, with heavy tails and rows of very different scale.
    weights = random.standard_t(4, (64, WEIGHT_COUNT // 64)) * 10.0 ** random.uniform(-8, 2, (64, 1))
    # One row, since libgguf gives rows to several threads.
    weights = weights.astype(np.float32).reshape(1, -1)
    importance = (random.chisquare(1, WEIGHT_COUNT) * 10.0 ** random.uniform(-3, 1, WEIGHT_COUNT)).astype(np.float32)
    different = False
    print(f"{'format':8}{'encode':>10}{'libgguf':>10}{'ratio':>8}{'decode':>10}{'libgguf':>10}{'ratio':>8}   bytes, floats")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights.tofile(folder / "weights")
        command = [benchmark, "--weights", folder / "weights", "--output", folder, *formats]
        if is_weighted:
            importance.tofile(folder / "importance")
            command += ["--importance", folder / "importance"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[1:]
        for line in lines:
            name, encode, _, decode = line.split()
            kind = GGMLQuantizationType[name]
            encoded = np.fromfile(folder / f"{name}.encoded", np.uint8).reshape(1, -1)
            decoded = np.fromfile(folder / f"{name}.decoded", np.float32).reshape(1, -1)
            row = f"{name:8}"
            verdict = "–"
            if name in (WEIGHTED if is_weighted else ENCODED):
                bytes_, rate = best(lambda: libgguf.quantize_rows(weights, kind, imatrix=importance if is_weighted else None))
                verdict = "equal" if np.array_equal(np.asarray(bytes_).reshape(1, -1), encoded) else "DIFFERENT"
                row += f"{encode:>10}{rate:>10.0f}{float(encode) / rate:>8.1f}"
            else:
                row += f"{'–':>10}{'–':>10}{'–':>8}"
            floats, rate = best(lambda: libgguf.dequantize_rows(encoded, kind, WEIGHT_COUNT))
            same = np.array_equal(np.asarray(floats).reshape(1, -1).view(np.uint32), decoded.view(np.uint32))
            row += f"{decode:>10}{rate:>10.0f}{float(decode) / rate:>8.1f}   {verdict}, {'equal' if same else 'DIFFERENT'}"
            different |= verdict == "DIFFERENT" or not same
            print(row)
    sys.exit(1 if different else 0)


main()
