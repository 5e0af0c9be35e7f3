#!/bin/bash
# Converts a model in parts with the examples for Slurm and Ray, kills a worker in the middle, and compares the output with that
# of a single run.
#
#   scripts/engines.sh [PROGRAM]     (default: .build/release/ingot; `make engines-test` builds it first)
#
# Needs root, Slurm and munge (apt-get install slurm-wlm munge), and a Python with Ray, which PYTHON names (default: python3).
# Slurm has two nodes on this machine and a configuration of its own; all daemons end with the script.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD program=$(realpath -m "${1:-.build/release/ingot}") python=${PYTHON:-python3} host=$(hostname -s)
PATH=$PATH:/usr/sbin

[ -x "$program" ] || { echo "engines: $program is not there (run make engines-test)"; exit 2; }
[ "$(id -u)" = 0 ] || { echo 'engines: needs root, for the daemons of Slurm'; exit 2; }
for tool in munged slurmctld slurmd sbatch perl; do
  command -v $tool > /dev/null || { echo "engines: needs $tool (apt-get install slurm-wlm munge perl)"; exit 2; }
done
"$python" -c 'import ray' 2> /dev/null || { echo "engines: $python has no ray (pip install ray; PYTHON names another)"; exit 2; }

work=$(mktemp -d /tmp/ingot-engines.XXXXXX)
stop() {
  local file
  for file in "$work"/*.pid; do [ -s "$file" ] && kill "$(cat "$file")" 2> /dev/null; done
  sleep 1; rm -rf "$work"
}
trap stop EXIT
mkdir "$work/bin" "$work/run" "$work/state" "$work/n1" "$work/n2"
ln -s "$program" "$work/bin/ingot"
export PATH=$work/bin:$PATH SLURM_CONF=$work/slurm.conf RAY_AUTH_MODE=disabled CPUS=1 CORES=1
cd "$work/run"
perl "$root/scripts/faults/large_model.pl" model "$root/fixtures/llama-gqa" 160
ingot convert model -o single.gguf --type Q4_K_M --quiet

# Kills the first worker of this run as soon as there is one; with the word `parent` the process that started it.
kill_worker() {
  local pid
  for _ in $(seq 1 600); do
    for pid in $(pgrep -x ingot || true); do
      [ "$(readlink "/proc/$pid/cwd")" = "$work/run" ] && grep -qz '^work$' "/proc/$pid/cmdline" || continue
      [ "${1:-}" = parent ] && pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
      kill -KILL "$pid" && return
    done
    sleep 0.1
  done
  echo "engines: no worker was seen"; return 1
}

compare() {
  cmp out.gguf single.gguf && echo "$1: the bytes of the single run, after a worker was killed"
  rm -rf out.gguf out.gguf.plan.json parts
}

head -c 128 /dev/urandom > "$work/munge.key"; chmod 600 "$work/munge.key"; chmod 755 "$work"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munge.seed"
cat > "$SLURM_CONF" <<END
ClusterName=parts
SlurmctldHost=$host(127.0.0.1)
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmdSpoolDir=$work/%n
StateSaveLocation=$work/state
SlurmUser=root
SelectType=select/cons_tres
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
slurmctld -i; slurmd -N n1; slurmd -N n2
"$root/examples/slurm/submit.sh" 8 model out.gguf --type Q4_K_M
kill_worker
for _ in $(seq 1 180); do [ -z "$(squeue -h)" ] && break; sleep 1; done
compare Slurm

"$python" "$root/examples/ray/convert.py" 8 model out.gguf --type Q4_K_M > ray.log 2>&1 & example=$!
kill_worker parent
wait $example || { cat ray.log; exit 1; }
compare Ray
