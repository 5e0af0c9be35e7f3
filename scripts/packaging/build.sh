#!/usr/bin/env bash
# Builds the programs of a package into a folder: ingot and, on x86-64 Linux, a build for each newer level of the processor.
#   scripts/packaging/build.sh FOLDER
# LINK=static (default) makes programs that need no library of the system; LINK=glibc needs glibc alone and can load others.
# Each build has a folder of its own in .build, so that a second run compiles only what changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1
link=${LINK:-static}
mkdir -p "$folder"

if [ "$(uname)" = Darwin ]; then
  swift build -c release --product ingot --scratch-path .build/package-baseline
  install -m 755 .build/package-baseline/release/ingot "$folder/ingot"
  exit 0
fi

# A folder with the static archives of these libraries alone: the linker finds it before that of the system.
archives=$PWD/.build/package-archives
mkdir -p "$archives"
for library in z zstd stdc++; do
  file=$(gcc -print-file-name="lib$library.a")
  [ -f "$file" ] || { echo "lib$library.a is missing: run make setup" >&2; exit 1; }
  ln -sf "$file" "$archives/"
done

# The last is the START of the Makefile.
options=(
  -Xswiftc -L -Xswiftc "$archives" -Xlinker -s -Xlinker --gc-sections
  -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
)
case $link in
  static) options+=(-Xswiftc -static-executable) ;;
  # The symbols that the Swift libraries export would keep all of their code.
  glibc) options+=(--static-swift-stdlib -Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xlinker --no-export-dynamic) ;;
  *) echo "LINK is $link, expected static or glibc" >&2; exit 64 ;;
esac

build() { # LEVEL FILE [OPTION…]
  local scratch=.build/package-$link-$1 file=$2
  shift 2
  swift build -c release --product ingot --scratch-path "$scratch" "${options[@]}" "$@"
  install -m 755 "$scratch/release/ingot" "$folder/$file"
}

build baseline ingot
if [ "$(uname -m)" = x86_64 ]; then
  for level in v3 v4; do build "$level" "ingot-x86-64-$level" -Xcc "-march=x86-64-$level"; done
fi
