#!/bin/bash
# Converts a model as a job array of Slurm:
#
#   examples/slurm/submit.sh PARTS MODEL OUTPUT [options of ingot convert]
#   examples/slurm/submit.sh 64 model model-Q4_K_M.gguf --type Q4_K_M --receipt receipt.json
#
# Model, output and parts are on a file system that all nodes share. Planning reads headers and takes seconds. CPUS is the number
# of cores of a task.
set -euo pipefail
here=$(dirname "$0") parts=$1 model=$2 output=$3; shift 3
plan=$output.plan.json

[ -e "$plan" ] || ingot plan "$model" -o "$output" "$@" --parts "$parts" --save "$plan"

# Only the parts that are not done, so the same command continues after a failure: `3,17-19` is what --array takes.
todo=$(ingot status "$plan" --todo || true)
dependency=()
if [ -n "$todo" ]; then
  job=$(sbatch --parsable --job-name=ingot-work --array="$todo" --cpus-per-task="${CPUS:-4}" \
    "$here/work.sh" "$plan")
  dependency=(--dependency="afterok:$job" --kill-on-invalid-dep=yes)
fi
sbatch --job-name=ingot-assemble "${dependency[@]}" --wrap "ingot assemble '$plan'"
