#!/usr/bin/env bash
# Time and peak memory of whole conversions against the tools they replace, each pair in one run.
#
#   compare_with_peers.sh PEERS_DIR [WORK_DIR]
#
# PEERS_DIR/venv is a Python environment with torch, transformers, safetensors and gguf; PEERS_DIR/llama.cpp a source tree
# with build/bin/llama-quantize. WORK_DIR takes about 12 GB; the model in it is kept for the next run.
set -euo pipefail
peers=$(cd "${1:?usage: compare_with_peers.sh PEERS_DIR [WORK_DIR]}" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
work=${2:-$(mktemp -d)}
mkdir -p "$work"
ingot=$root/.build/release/ingot
python=$peers/venv/bin/python
convert=$peers/llama.cpp/convert_hf_to_gguf.py
quantize=$peers/llama.cpp/build/bin/llama-quantize
model=$work/model

[ -f "$model/config.json" ] || "$python" "$root/Benchmarks/make_model.py" "$model" "$root/fixtures/llama-gqa"
cat "$model"/*.safetensors >/dev/null

# measure NAME COMMAND…: the faster of two runs, its wall time and peak resident memory.
measure() {
  local name=$1 best=
  shift
  for _ in 1 2; do
    rm -rf "$work/out" "$work/out.gguf"
    local line
    /usr/bin/time -o "$work/log" -f "%e %M" "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
    line=$(tail -n 1 "$work/log")
    if [ -z "$best" ] || awk "BEGIN { exit !(${line% *} < ${best% *}) }"; then best=$line; fi
  done
  awk -v name="$name" '{ printf "%-46s %8.2f s %8.0f MB\n", name, $1, $2 / 1024 }' <<<"$best"
}

measure 'cp of the three shards' cp -r "$model" "$work/out"
measure 'folder → GGUF BF16, ingot' "$ingot" convert "$model" -o "$work/out.gguf" --quiet
mv "$work/out.gguf" "$work/bf16.gguf"
measure 'folder → GGUF BF16, convert_hf_to_gguf.py' "$python" "$convert" "$model" --outtype bf16 --outfile "$work/out.gguf"
cmp "$work/out.gguf" "$work/bf16.gguf" && echo '  the two files are equal'
measure 'folder → GGUF Q8_0, ingot' "$ingot" convert "$model" -o "$work/out.gguf" --type Q8_0 --quiet
mv "$work/out.gguf" "$work/q8_0.gguf"
measure 'folder → GGUF Q8_0, convert_hf_to_gguf.py' "$python" "$convert" "$model" --outtype q8_0 --outfile "$work/out.gguf"
cmp "$work/out.gguf" "$work/q8_0.gguf" && echo '  the two files are equal'
for type in Q8_0 Q4_0; do
  measure "GGUF BF16 → $type, ingot" "$ingot" convert "$work/bf16.gguf" -o "$work/out.gguf" --type "$type" --pure --quiet
  mv "$work/out.gguf" "$work/ours.gguf"
  measure "GGUF BF16 → $type, llama-quantize --pure" "$quantize" --pure "$work/bf16.gguf" "$work/out.gguf" "$type"
  cmp "$work/out.gguf" "$work/ours.gguf" && echo '  the two files are equal'
done
for type in Q4_K_M Q6_K; do
  measure "GGUF BF16 → $type, ingot" "$ingot" quantize "$work/bf16.gguf" "$work/out.gguf" "$type" --quiet
  mv "$work/out.gguf" "$work/ours.gguf"
  measure "GGUF BF16 → $type, llama-quantize" "$quantize" "$work/bf16.gguf" "$work/out.gguf" "$type"
  cmp "$work/out.gguf" "$work/ours.gguf" && echo '  the two files are equal'
done
measure 'GGUF BF16 → folder, ingot' "$ingot" convert "$work/bf16.gguf" -o "$work/out" --quiet
measure 'header of the GGUF, ingot inspect' "$ingot" inspect "$work/bf16.gguf"
measure 'header of the GGUF, gguf-dump' "$peers/venv/bin/gguf-dump" "$work/bf16.gguf"
rm -rf "$work/out" "$work"/*.gguf "$work/log"
