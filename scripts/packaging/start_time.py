"""Measures what the choice of a build adds to the start of the program.

    python3 scripts/packaging/start_time.py PROGRAM
"""

import os
import subprocess
import sys
import time

LIMIT = 5.0
ROUNDS = 60


def milliseconds(program, environment):
    begin = time.perf_counter()
    subprocess.run([program, "--version"], env=environment, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000


def main():
    program = sys.argv[1]
    chosen = {key: value for key, value in os.environ.items() if key != "INGOT_BUILD"}
    baseline = dict(chosen, INGOT_BUILD="baseline")
    # In turn, so that other work on the machine slows both; the least is what the program itself takes.
    pairs = [(milliseconds(program, baseline), milliseconds(program, chosen)) for _ in range(ROUNDS)]
    least = [min(times) for times in zip(*pairs)]
    added = least[1] - least[0]
    print(f"  start: {least[0]:.1f} ms without a choice, {least[1]:.1f} ms with one ({added:+.1f} ms)")
    if added > LIMIT:
        sys.exit(f"package-test: the choice takes {added:.1f} ms, expected at most {LIMIT:.0f} ms")


if __name__ == "__main__":
    main()
