"""Times a folder's conversion to GGUF by ingot and by convert_hf_to_gguf.py against `cp -r`, interleaved, with and without flush:

    compare_flushed.py INGOT PEERS_DIR MODEL_FOLDER WORK_FOLDER [REPETITIONS] [TYPES]

Each round runs every command once, with the input in the page cache (warm), or after everything was dropped from it (cold,
needs root). `wall` ends when the command does; `flushed` when `fsync` of its output has ended too, which for ingot has
happened before. Prints medians, and the ratio to ingot of the same type; load is that of the machine at the beginning.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time

ingot, peers, model, work = sys.argv[1:5]
repetitions = int(sys.argv[5]) if len(sys.argv) > 5 else 3
types = (sys.argv[6] if len(sys.argv) > 6 else "BF16,F16,Q8_0").split(",")
output = os.path.join(work, "flushed-out")


def commands():
    yield "cp -r", None, ["cp", "-r", model, output]
    for name in types:
        yield f"ingot {name}", name, [ingot, "convert", model, "-o", f"{output}.gguf", "--type", name, "--quiet"]
    for name in types:
        script = os.path.join(peers, "llama.cpp/convert_hf_to_gguf.py")
        python = os.path.join(peers, "venv/bin/python")
        yield f"reference {name}", name, [python, script, model, "--outtype", name.lower(), "--outfile", f"{output}.gguf"]


def files(path):
    return [path] if os.path.isfile(path) else [os.path.join(at, name) for at, _, names in os.walk(path) for name in names]


def clean():
    shutil.rmtree(output, ignore_errors=True)
    if os.path.exists(f"{output}.gguf"):
        os.unlink(f"{output}.gguf")
    os.sync()


def run(command, cold):
    clean()
    if cold:
        with open("/proc/sys/vm/drop_caches", "w") as caches:
            caches.write("3")
    else:
        for file in files(model):
            with open(file, "rb", buffering=0) as content:
                while content.read(1 << 24):
                    pass
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    for file in files(output if os.path.isdir(output) else f"{output}.gguf"):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    flushed = time.monotonic() - start
    return wall, flushed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


results = {}
print(f"load {os.getloadavg()[0]:.1f}, {repetitions} rounds, {sum(map(os.path.getsize, files(model))) / 1e9:.2f} GB", flush=True)
for cold in (False, True) if os.geteuid() == 0 else (False,):
    for _ in range(repetitions):
        for name, kind, command in commands():
            results.setdefault((cold, name, kind), []).append(run(command, cold))
clean()
print(f"{'':5} {'command':16} {'wall':>7} {'flushed':>8} {'CPU':>6} {'peak MB':>8} {'wall / ingot':>13} {'flushed / ingot':>16}")
medians = {key: [statistics.median(column) for column in zip(*runs)] for key, runs in results.items()}
for (cold, name, kind), (wall, flushed, cpu, peak) in medians.items():
    ours = medians[cold, f"ingot {kind or types[0]}", kind or types[0]][1]
    print(
        f"{'cold' if cold else 'warm':5} {name:16} {wall:7.2f} {flushed:8.2f} {cpu:6.2f} {peak:8.0f} {wall / ours:13.2f}"
        f" {flushed / ours:16.2f}")
