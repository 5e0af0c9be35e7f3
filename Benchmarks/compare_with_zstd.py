"""Compares .zst outputs of ingot with the zstd program: size, seconds to write and to read, by storage format.

Usage: python compare_with_zstd.py INGOT MODEL_FOLDER [LEVEL]
Needs: the zstd program; MODEL_FOLDER as make_model.py writes it. Figures are the best of three runs.

  ratio        bytes of the .zst / bytes of the plain file
  write        seconds of `ingot convert` to the .zst minus those to the plain file, as MB of plain bytes per second
  zstd -T2     the same bytes packed by the program at the same level, MB/s
  read         seconds of `ingot hash` of the .zst, beside those of the plain file
"""

import os
import subprocess
import sys
import tempfile
import time

ROUND_COUNT = 3
OUTPUTS = [
    ("BF16", ["--type", "BF16"], "gguf"), ("F16", ["--type", "F16"], "gguf"), ("Q4_K", ["--type", "Q4_K"], "gguf"),
    ("Q8_0", ["--type", "Q8_0"], "gguf"),
]


def best(command):
    seconds = []
    for _ in range(ROUND_COUNT):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure(ingot, model, name, options, ending, level, folder):
    plain, packed, peer = (os.path.join(folder, f"m.{end}") for end in (ending, ending + ".zst", "peer.zst"))
    convert = [ingot, "convert", model, *options, "--overwrite", "--quiet", "-o"]
    plain_seconds = best(convert + [plain])
    packed_seconds = best(convert + [packed, "--compression-level", str(level)])
    peer_seconds = best(["zstd", "-q", "-f", f"-{level}", "-T2", plain, "-o", peer])
    subprocess.run(f"zstd -dc {packed} | cmp - {plain}", shell=True, check=True)
    size = os.path.getsize(plain)
    print(
        f"{name:5} {size / 1e6:7.0f} MB  ratio {os.path.getsize(packed) / size:.3f} (zstd {os.path.getsize(peer) / size:.3f})"
        f"  convert {plain_seconds:.1f} s plain, {packed_seconds:.1f} s packed"
        f"  zstd -T2 {peer_seconds:.1f} s ({size / 1e6 / peer_seconds:.0f} MB/s)"
        f"  hash {best([ingot, 'hash', plain]):.1f} s plain, {best([ingot, 'hash', packed]):.1f} s packed,"
        f" {best([ingot, 'hash', peer]):.1f} s of zstd's",
        flush=True,
    )


def main():
    ingot, model = sys.argv[1:3]
    level = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    for name, options, ending in OUTPUTS:
        with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(model))) as folder:
            measure(ingot, model, name, options, ending, level, folder)


if __name__ == "__main__":
    main()
