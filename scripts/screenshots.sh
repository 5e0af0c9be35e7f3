#!/usr/bin/env bash
# Makes the pictures of reports in docs/images: scripts/screenshots.sh MODEL [PROGRAM]
#
# MODEL is a GGUF, such as that of `make demo-real`. Needs Chromium and pngquant. Look at the pictures afterwards.
set -euo pipefail
[ $# -ge 1 ] || { echo 'name a model: scripts/screenshots.sh MODEL [PROGRAM]' >&2; exit 64; }
model=$(realpath "$1")
ingot=$(realpath "${2:-$(dirname "$0")/../.build/release/ingot}")
images=$(realpath "$(dirname "$0")/..")/docs/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$images"
cd "$work"

"$ingot" convert "$model" -o SmolLM2-F16.gguf --type F16 --quiet
"$ingot" quantize SmolLM2-F16.gguf --types Q8_0,Q6_K,Q5_K_M,Q4_K_M,Q4_0,Q3_K_M -o 'SmolLM2-{FTYPE}.gguf' --quiet
"$ingot" verify SmolLM2-F16.gguf SmolLM2-Q4_K_M.gguf --report verify.html --quiet
"$ingot" compare SmolLM2-F16.gguf SmolLM2-Q*.gguf --report compare.html --quiet

# picture NAME PAGE WIDTH HEIGHT [FLAG…]
picture() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$3,$4" "${@:5}" \
    --screenshot="$work/$1.png" "file://$work/$2.html" 2>"$work/chromium.log" || { cat "$work/chromium.log" >&2; exit 1; }
  pngquant --force --strip --speed 1 64 --output "$images/$1.png" "$work/$1.png"
}

for page in verify compare; do
  picture "$page-desktop" "$page" 1100 1400
  picture "$page-dark" "$page" 1100 1400 --blink-settings=preferredColorScheme=0
  picture "$page-phone" "$page" 390 1400
done
ls -l "$images"
