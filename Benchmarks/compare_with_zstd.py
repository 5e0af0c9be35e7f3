"""Compares .zst outputs of ingot with the zstd program: size, speed of writing, speed of reading.

Usage: python compare_with_zstd.py INGOT FILE ... [--level N]
Needs: the zstd program. Each FILE is a checkpoint, such as model-BF16.gguf, model-Q4_K.gguf or fp8.safetensors.

For each file, the best of three runs, in MB of unpacked bytes per second:

  write   `ingot convert FILE -o FILE.zst`, which copies all tensors, beside `zstd -T2` at the same level
  read    `ingot check` of the file, of what ingot packed, and of what zstd packed (one frame, which is one stream)
"""

import argparse
import os
import subprocess
import tempfile
import time

ROUND_COUNT = 3


def rate(byte_count, command):
    """MB per second of the fastest run; a check that finds something still has read everything."""
    seconds = []
    for _ in range(ROUND_COUNT):
        start = time.perf_counter()
        status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        seconds.append(time.perf_counter() - start)
        if status > 1:
            raise SystemExit(f"status {status}: {' '.join(command)}")
    return byte_count / 1e6 / min(seconds)


def measure(ingot, file, level, folder):
    ending = os.path.splitext(file)[1] + ".zst"
    packed, peer = os.path.join(folder, "ingot" + ending), os.path.join(folder, "zstd" + ending)
    size = os.path.getsize(file)
    convert = [ingot, "convert", file, "-o", packed, "--overwrite", "--quiet", "--compression-level", str(level)]
    write = rate(size, convert), rate(size, ["zstd", "-q", "-f", f"-{level}", "-T2", file, "-o", peer])
    subprocess.run(["zstd", "-q", "-t", packed], check=True)
    read = [rate(size, [ingot, "check", path, "--quiet"]) for path in (file, packed, peer)]
    print(
        f"{os.path.basename(file)}: {size / 1e6:.0f} MB, ratio {os.path.getsize(packed) / size:.3f}"
        f" (zstd {os.path.getsize(peer) / size:.3f}), write {write[0]:.0f} MB/s (zstd -T2 {write[1]:.0f}),"
        f" read {read[1]:.0f} MB/s (plain {read[0]:.0f}, of zstd's file {read[2]:.0f})",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ingot")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--level", type=int, default=3)
    arguments = parser.parse_args()
    for file in arguments.files:
        with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(file))) as folder:
            measure(arguments.ingot, file, arguments.level, folder)


if __name__ == "__main__":
    main()
