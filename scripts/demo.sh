#!/usr/bin/env bash
# The bundled Yi checkpoint: inspect it, rename it, convert it to two GGUFs, and verify each step.
set -euo pipefail
cd "$(dirname "$0")/.."
ingot=.build/release/ingot
yi=fixtures/yi
out=demo
rm -rf "$out/llama" "$out"/yi-*
mkdir -p "$out"

step() { printf '\n\033[1m%s\033[0m\n' "$1"; }
run() {
  local word words=()
  for word in "$@"; do
    case $word in *' '*) words+=("'$word'") ;; *) words+=("$word") ;; esac
  done
  printf '$ ingot %s\n' "${words[*]}"
  "$ingot" "$@"
}

step '1. A Yi checkpoint as first released: two norms of each layer are called ln1 and ln2.'
run inspect "$yi" --no-tensors

step '2. The same model under LLaMA names. Nothing is decoded: every tensor keeps its bytes.'
run convert "$yi" -o "$out/llama" --naming hf
run diff "$yi" "$out/llama"

step '3. As GGUF with Q8_0 blocks, and with Q4_0 blocks; every step is checked through the inverse transforms.'
run convert "$yi" -o "$out/yi-q8_0.gguf" --type Q8_0
run convert "$out/llama" -o "$out/yi-q4_0.gguf" --type Q4_0 --pure --receipt "$out/yi-q4_0.receipt.json"

step '4. Verification: both models run on the same tokens. A rename must give the same bits …'
run verify "$yi" "$out/llama" --tokens 1,17,42,99,256,300,7,450

step '… Q8_0 and Q4_0 must stay within the default limits of their formats.'
run verify "$yi" "$out/yi-q8_0.gguf" --tokens 1,17,42,99,256,300,7,450
run verify "$yi" "$out/yi-q4_0.gguf" --tokens 1,17,42,99,256,300,7,450

printf '\nThe results are in %s/.\n' "$out"
