"""Converts a model in parts on a Ray cluster whose nodes share a file system.

    python convert.py 64 model model-Q4_K_M.gguf --type Q4_K_M --receipt receipt.json

Run again after a failure: parts that are done are checked and left as they are.
"""

import os
import subprocess
import sys
import time

import ray

CORES = int(os.environ.get("CORES", "4"))


class MayPass(Exception):
    """A disk was full or failed, another task makes the part, or a signal ended it: Ray tries again."""


# A task whose worker dies is tried again, too.
@ray.remote(num_cpus=CORES, max_retries=5, retry_exceptions=[MayPass])
def work(folder, plan, part):
    command = ["ingot", "work", plan, "--part", str(part), "--threads", str(CORES), "--quiet"]
    run = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    if run.returncode == 75 or run.returncode < 0:
        # The program of a worker that died may still be at work on the part.
        time.sleep(5)
        raise MayPass(run.stderr)
    if run.returncode != 0:
        raise RuntimeError(f"part {part}: status {run.returncode}: {run.stderr}")
    return part


def main():
    parts, model, output, *options = sys.argv[1:]
    folder, plan = os.getcwd(), output + ".plan.json"
    if not os.path.exists(plan):
        command = ["ingot", "plan", model, "-o", output, *options, "--parts", parts, "--save", plan]
        subprocess.run(command, check=True)
    ray.init(ignore_reinit_error=True)
    waiting = [work.remote(folder, plan, part) for part in range(int(parts))]
    while waiting:
        done, waiting = ray.wait(waiting)
        print(f"part {ray.get(done[0])} done, {len(waiting)} left", flush=True)
    subprocess.run(["ingot", "assemble", plan], check=True)


if __name__ == "__main__":
    main()
