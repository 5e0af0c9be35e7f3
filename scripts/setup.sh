#!/usr/bin/env bash
# Installs missing packages that a build needs. The Swift toolchain itself is expected.
set -euo pipefail

if [ "$(uname)" = Darwin ]; then
  xcode-select -p >/dev/null 2>&1 || {
    echo "the command line tools are missing: run xcode-select --install" >&2
    exit 1
  }
  command -v swift >/dev/null || {
    echo "Swift 6.2 or later is missing: install Xcode 26, or a toolchain from https://www.swift.org/install" >&2
    exit 1
  }
  # zlib belongs to the system.
  pkg-config --exists libzstd 2>/dev/null || {
    echo "zstd is missing: run brew install pkgconf zstd" >&2
    exit 1
  }
  exit 0
fi

# For linking with the Swift toolchain and for fetching dependencies (the list of swift.org for Debian), then the libraries
# for compressed files.
wanted=(binutils git g++ libc6-dev zlib1g-dev libzstd-dev)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || {
    echo "install these packages or their equivalents: ${missing[*]}" >&2
    exit 1
  }
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -q
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

command -v swift >/dev/null || {
  echo "Swift 6.2 or later is missing: install it from https://www.swift.org/install (or run swiftly)" >&2
  exit 1
}
