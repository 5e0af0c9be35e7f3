#!/bin/bash
#SBATCH --mem=1G
# Slurm puts the task of a node that failed back into the queue; the part is then begun again.
#SBATCH --requeue
# One part of a plan: sbatch --array=0-63 work.sh plan.json

for try in 1 2 3; do
  ingot work "$1" --part-from SLURM_ARRAY_TASK_ID --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet
  status=$?
  # 75: a disk was full or failed, or another task makes the part. Above 128: a signal ended it, such as want of memory.
  # Anything else stays wrong, or is done.
  [ $status = 75 ] || [ $status -gt 128 ] || exit $status
  sleep $((try * 10))
done
exit $status
