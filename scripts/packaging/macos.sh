#!/usr/bin/env bash
# Makes a tarball for Macs with Apple silicon, and the Homebrew formula for a source archive. Untested: written without a Mac.
#   scripts/packaging/macos.sh OUTPUT [SOURCE_ARCHIVE URL HOMEPAGE]
# An arm64 Mac needs one build: NEON belongs to every arm64 processor.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(uname -sm)" = "Darwin arm64" ] || { echo "expected macOS on arm64, found $(uname -sm)" >&2; exit 1; }
output=$1
programs=.build/package/programs
scripts/packaging/build.sh "$programs"
# The tarball has the libzstd of Homebrew only as a name; say so if it is not there.
otool -L "$programs/ingot" | grep -v '/usr/lib/\|/System/' | tail -n +2
python3 scripts/packaging/archives.py "$programs" "$output" tar

if [ $# -eq 4 ]; then
  version=$("$programs/ingot" --version)
  sed -e "s|@VERSION@|${version#ingot }|" -e "s|@SHA256@|$(shasum -a 256 "$2" | cut -d ' ' -f 1)|" \
    -e "s|@URL@|$3|" -e "s|@HOMEPAGE@|$4|" scripts/packaging/homebrew/ingot.rb > "$output/ingot.rb"
fi
