#!/usr/bin/env bash
# Feeds readers with mutated files: Fuzz/run.sh [TARGET …]      all targets if none is named
#
# SECONDS_EACH=60   time for each target; or RUNS=1000000, executions for each
# SANITIZE=address  with AddressSanitizer, for what C libraries do; half as fast
#
# The corpus that grows is .build/corpus, findings are .build/findings/TARGET-*, and .build/record.tsv gets a line for each
# run: target, executions, seconds, exit status.
set -euo pipefail
cd "$(dirname "$0")"

runtime=$(dirname "$(clang -rtlib=compiler-rt -print-libgcc-file-name)")
scratch=.build${SANITIZE:+-$SANITIZE}
flags=(-Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer)
# Its own main stays out: a target is chosen by an argument.
for library in fuzzer_no_main fuzzer_interceptors; do flags+=(-Xlinker "$runtime/libclang_rt.$library-$(uname -m).a"); done
flags+=(-Xlinker -lstdc++ -Xlinker -lm)
if [ -n "${SANITIZE:-}" ]; then flags+=(--sanitize "$SANITIZE"); fi
# A new file of a target is otherwise not seen.
touch Package.swift ../Package.swift
swift build -c release --product fuzz --scratch-path "$scratch" "${flags[@]}"
fuzz=$PWD/$scratch/release/fuzz
./dictionaries.py .build/dictionaries

targets=("$@")
if [ $# -eq 0 ]; then mapfile -t targets < <("$fuzz" --list | cut -f 1); fi
status=0
for target in "${targets[@]}"; do
  limit=$("$fuzz" --list | awk -F '\t' -v target="$target" '$1 == target { print $2 }')
  [ -n "$limit" ] || { echo "$target is not a target: $("$fuzz" --list | cut -f 1 | paste -s -d ' ')" >&2; exit 64; }
  mkdir -p .build/corpus/"$target" .build/findings .build/logs
  arguments=(-max_len="$limit" -timeout=2 -rss_limit_mb=1024 -report_slow_units=1 -use_value_profile=1 -print_final_stats=1)
  arguments+=(-artifact_prefix=.build/findings/"$target"-)
  dictionary=.build/dictionaries/$target.dict
  if [ -f "$dictionary" ]; then arguments+=(-dict="$dictionary"); fi
  if [ -n "${RUNS:-}" ]; then arguments+=(-runs="$RUNS"); else arguments+=(-max_total_time="${SECONDS_EACH:-60}"); fi
  start=$(date +%s)
  result=0
  "$fuzz" "${arguments[@]}" .build/corpus/"$target" Corpus/"$target" -ignore_remaining_args=1 "$target" \
    > .build/logs/"$target" 2>&1 || result=$?
  executions=$(awk '$1 == "stat::number_of_executed_units:" { print $2 }' .build/logs/"$target")
  printf '%s\t%s\t%s\t%s\n' "$target" "${executions:-0}" $(($(date +%s) - start)) $result | tee -a .build/record.tsv
  if [ $result -ne 0 ]; then
    status=1
    grep -aE '^(finding:|Fatal error|.*Fatal error|==.*ERROR|artifact_prefix)' .build/logs/"$target" | cut -c 1-300 | head -5
  fi
done
exit $status
