#!/usr/bin/env bash
# Tries packages as a user would: unpacks or installs each into a folder of its own and runs the program from there.
#   scripts/packaging/test.sh PROGRAMS PACKAGES
# PROGRAMS is the folder that scripts/packaging/build.sh filled, PACKAGES the one that scripts/packaging/archives.py filled.
set -euo pipefail
programs=$(cd "$1" && pwd) packages=$(cd "$2" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fixture=$source/fixtures/llama-gqa
unset INGOT_BUILD

step() { printf '%s\n' "$*"; }
fail() { printf 'package-test: %s\n' "$*" >&2; exit 1; }
status() { # EXPECTED COMMAND…
  local expected=$1 found=0
  shift
  "$@" > /dev/null 2>&1 || found=$?
  [ "$found" = "$expected" ] || fail "$*: status $found, expected $expected"
}

# An installation whose program is $1, whose share folder is $2 and zsh's folder below it $3.
try_installation() {
  local program=$1 share=$2 zsh=$3 out=$work/out
  rm -rf "$out" && mkdir "$out"
  [ "$("$program" --version)" = "ingot $version" ] || fail "$program: another version"
  "$program" convert "$fixture" -o "$out/m.gguf" --type Q8_0 --quiet
  "$program" verify "$fixture" "$out/m.gguf" --text "The quick brown fox" --quiet
  # zlib and zstd are in the program.
  gzip -kc "$out/m.gguf" > "$out/m.gguf.gz"
  "$program" diff "$out/m.gguf" "$out/m.gguf.gz" --quiet
  "$program" convert "$out/m.gguf" -o "$out/m.gguf.zst" --quiet
  "$program" diff "$out/m.gguf" "$out/m.gguf.zst" --quiet
  status 64 "$program" convert
  status 2 "$program" inspect "$out/absent.gguf"
  "$program" help topics > /dev/null
  bash -n "$share/bash-completion/completions/ingot"
  if command -v zsh > /dev/null; then zsh -n "$share/zsh/$zsh/_ingot"; fi
  if command -v fish > /dev/null; then fish -n "$share/fish/vendor_completions.d/ingot.fish"; fi
  local pages=("$share"/man/man1/ingot*)
  [ "${#pages[@]}" -gt 10 ] || fail "$share: ${#pages[@]} manual pages"
  if command -v man > /dev/null; then
    for page in "${pages[@]}"; do
      local said
      said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -l "$page" 2>&1 > "$out/page") || fail "$page: $said"
      [ -z "$said" ] || fail "$page: $said"
      grep -q EXAMPLES "$out/page" || fail "$page: has no examples"
    done
  fi
}

# The builds write the same bytes, and the fastest that this processor has is started.
try_builds() {
  local program=$1 builds=() out=$work/builds
  rm -rf "$out" && mkdir "$out"
  python3 "$source/scripts/packaging/seeded_model.py" "$out/model"
  for build in baseline v3 v4; do
    if [ "$build" != baseline ] && [ ! -f "$programs/ingot-x86-64-$build" ]; then continue; fi
    local said
    if ! said=$(INGOT_BUILD=$build "$program" --version 2>&1); then
      case $said in
        *"this processor does not have"*) step "  $build: not tried, ${said#*: error: }" ;;
        *) fail "$build: $said" ;;
      esac
      continue
    fi
    builds+=("$build")
    for type in F16 Q8_0 Q4_0 Q5_1 Q2_K Q3_K_M Q4_K_M Q5_K_M Q6_K IQ4_XS IQ4_NL TQ2_0; do
      INGOT_BUILD=$build "$program" convert "$out/model" -o "$out/$build-$type.gguf" --type $type --quiet
    done
    for type in IQ1_S IQ2_XXS IQ3_XXS; do
      INGOT_BUILD=$build "$program" imatrix "$out/model" --file "$source/README.md" --chunks 2 --context 64 \
        -o "$out/imatrix.gguf" --overwrite --quiet
      INGOT_BUILD=$build "$program" convert "$out/model" -o "$out/$build-$type.gguf" --type $type \
        --imatrix "$out/imatrix.gguf" --quiet
    done
    INGOT_BUILD=$build "$program" run "$out/model" --tokens 1,2,3,4,5,6,7,8 --logits "$out/$build-logits.npy" --quiet
    (cd "$out" && sha256sum "$build"-* | sed "s/$build-//") > "$out/digests-$build"
  done
  for build in "${builds[@]}"; do
    cmp -s "$out/digests-baseline" "$out/digests-$build" ||
      fail "$build writes other bytes: $(diff "$out/digests-baseline" "$out/digests-$build" | tail -1)"
  done
  step "  the same $(wc -l < "$out/digests-baseline") outputs from: ${builds[*]}"
  status 64 env INGOT_BUILD=v9 "$program" --version
  try_choice "$program" "$out"
  python3 "$source/scripts/packaging/start_time.py" "$program"
}

# The best build that the loader of glibc says this processor has is started, with the arguments as they are.
try_choice() {
  [ "$(uname -m)" = x86_64 ] || return 0
  local tree=$2/choice best=baseline levels said
  mkdir -p "$tree/bin" "$tree/libexec/ingot"
  cp "$1" "$tree/bin/ingot"
  levels=$(/lib64/ld-linux-x86-64.so.2 --help)
  for build in v3 v4; do
    printf '#!/bin/sh\necho "%s $INGOT_BUILD $*"\n' $build > "$tree/libexec/ingot/ingot-x86-64-$build"
    if grep -q "x86-64-$build (supported" <<< "$levels"; then best=$build; fi
  done
  chmod +x "$tree"/libexec/ingot/*
  said=$("$tree/bin/ingot" --version)
  if [ $best = baseline ]; then
    [ "$said" = "ingot $version" ] || fail "started another build: $said"
  else
    [ "$said" = "$best baseline --version" ] || fail "expected the build $best to be started: $said"
  fi
  # A build that cannot be started is passed over.
  for build in v3 v4; do echo damaged > "$tree/libexec/ingot/ingot-x86-64-$build"; done
  [ "$("$tree/bin/ingot" --version)" = "ingot $version" ] || fail "a damaged build is not passed over"
  # A build that is the program itself does not start itself again and again.
  for build in v3 v4; do ln -sf ../../bin/ingot "$tree/libexec/ingot/ingot-x86-64-$build"; done
  [ "$("$tree/bin/ingot" --version)" = "ingot $version" ] || fail "a link to the program goes wrong"
  step "  starts $best by itself"
}

version=$(INGOT_BUILD=baseline "$programs/ingot" --version)
version=${version#ingot }

tarball=$(ls "$packages"/ingot-"$version"-*.tar.xz)
step "tarball: $(basename "$tarball")"
mkdir "$work/tar" && tar -xJf "$tarball" -C "$work/tar" --strip-components 1
try_installation "$work/tar/bin/ingot" "$work/tar/share" site-functions
try_builds "$work/tar/bin/ingot"
ln -s "$work/tar/bin/ingot" "$work/link"
[ "$("$work/link" --version)" = "ingot $version" ] || fail "a link to the program does not start it"

for package in "$packages"/ingot_"$version"_*.deb; do
  [ -f "$package" ] || continue
  step "Debian package: $(basename "$package")"
  dpkg-deb -x "$package" "$work/deb"
  try_installation "$work/deb/usr/bin/ingot" "$work/deb/usr/share" vendor-completions
  (cd "$work/deb" && dpkg-deb --ctrl-tarfile "$package" | tar -xO ./md5sums | md5sum --check --quiet)
  if command -v lintian > /dev/null; then
    lintian --fail-on error,warning "$package" || fail "lintian has complaints"
    step "  lintian: no error, no warning"
  fi
done

for package in "$packages"/ingot_cli-"$version"-*.whl; do
  [ -f "$package" ] || continue
  step "wheel: $(basename "$package")"
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --no-index --disable-pip-version-check "$package"
  try_installation "$work/venv/bin/ingot" "$work/venv/share" site-functions
  python=$work/venv/bin/python
  [ "$("$python" -m ingot --version)" = "ingot $version" ] || fail "python -m ingot: another version"
  status 64 "$python" -m ingot convert
  status 2 "$python" -m ingot inspect "$work/absent"
  # Digests of 64 GiB of holes take long enough to be interrupted.
  "$python" -c "
import json, struct, sys
count = 64 << 30
header = json.dumps({'hole': {'dtype': 'U8', 'shape': [count], 'data_offsets': [0, count]}}).encode()
with open(sys.argv[1], 'wb') as file:
    file.write(struct.pack('<Q', len(header)) + header)
    file.truncate(8 + len(header) + count)" "$work/holes.safetensors"
  for signal in INT:130 TERM:143; do
    "$python" -c "
import signal, subprocess, sys, time
command = [sys.executable, '-m', 'ingot', 'hash', sys.argv[1]]
child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
time.sleep(1)
child.send_signal(getattr(signal, 'SIG' + sys.argv[2]))
sys.exit(128 - child.wait())" "$work/holes.safetensors" "${signal%:*}" && found=0 || found=$?
    [ "$found" = "${signal#*:}" ] || fail "python -m ingot: ${signal%:*} gives status $found, expected ${signal#*:}"
  done
  "$work/venv/bin/pip" uninstall --quiet --yes ingot-cli
  [ -z "$(find "$work/venv" -name '*ingot*' -print -quit)" ] || fail "pip uninstall left $(find "$work/venv" -name '*ingot*')"
done

step "the same bytes again"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0} python3 "$source/scripts/packaging/archives.py" "$programs" "$work/again" > /dev/null
for package in "$work"/again/*; do
  cmp "$package" "$packages/$(basename "$package")" || fail "$(basename "$package") differs"
done
step "package-test: passed"
