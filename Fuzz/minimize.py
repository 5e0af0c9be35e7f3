#!/usr/bin/env python3
"""Replaces the committed corpus by a small one that covers the same code: minimize.py [TARGET …]

Of what fuzzing found (.build/corpus, or the folder WORK) and what is in Corpus already, libFuzzer keeps a set that covers
all code; of a large set a part is taken, so that tests replay it within seconds. Files called finding-… always stay.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FUZZ = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("PROGRAM", str(FUZZ / ".build/release/fuzz"))
WORK = pathlib.Path(os.environ.get("WORK", FUZZ / ".build/corpus"))
# For a target. All corpora together stay below a megabyte.
MAXIMUM_FILE_COUNT = 40
MAXIMUM_BYTE_COUNT = 24_000


def merged(target, limit, sources):
    """The inputs of a set that covers what all of `sources` cover, by name."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["-set_cover_merge=1", "-use_counters=0", f"-max_len={limit}", "-timeout=10", folder]
        arguments += [str(source) for source in sources if source.is_dir()]
        subprocess.run(
            [PROGRAM, *arguments, "-ignore_remaining_args=1", target],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def chosen(inputs):
    """Some large inputs, which cover most, and small ones of all kinds, within the limits."""
    ordered = sorted(inputs.items(), key=lambda item: (len(item[1]), item[0]))
    kept, size = {}, 0

    def keep(items, file_count, byte_count):
        nonlocal size
        for name, content in items:
            if name not in kept and len(kept) < file_count and size + len(content) <= byte_count:
                kept[name] = content
                size += len(content)

    keep(reversed(ordered), MAXIMUM_FILE_COUNT // 2, MAXIMUM_BYTE_COUNT // 2)
    step = max(1, len(ordered) // MAXIMUM_FILE_COUNT)
    keep(ordered[::step] + ordered, MAXIMUM_FILE_COUNT, MAXIMUM_BYTE_COUNT)
    return kept


def main():
    listing = subprocess.run([PROGRAM, "--list"], check=True, capture_output=True, text=True).stdout
    limits = {line.split("\t")[0]: line.split("\t")[1] for line in listing.splitlines()}
    for target in sys.argv[1:] or limits:
        corpus = FUZZ / "Corpus" / target
        findings = {path.name: path.read_bytes() for path in corpus.glob("finding-*")}
        inputs = chosen(merged(target, limits[target], [WORK / target, corpus]))
        shutil.rmtree(corpus, ignore_errors=True)
        corpus.mkdir(parents=True)
        for name, content in {**inputs, **findings}.items():
            (corpus / name).write_bytes(content)
        print(f"{target}\t{len(inputs)} files\t{sum(map(len, inputs.values()))} bytes\t{len(findings)} findings")


if __name__ == "__main__":
    main()
