#!/usr/bin/env bash
# Makes the tree of an installation: program, builds for newer processors, manual, completions, licenses.
#   scripts/packaging/tree.sh PROGRAMS TREE
# PROGRAMS is a folder with ingot and perhaps ingot-x86-64-v3 and -v4, or a program. Python makes the manual pages; without
# it they are left out.
set -euo pipefail
programs=$1 tree=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
umask 022

program=$programs
[ -d "$programs" ] && program=$programs/ingot
install -D -m 755 "$program" "$tree/bin/ingot"
for build in "$programs"/ingot-x86-64-*; do
  if [ -f "$build" ]; then install -D -m 755 "$build" "$tree/libexec/ingot/$(basename "$build")"; fi
done

complete() { # SHELL FILE
  mkdir -p "$tree/$(dirname "$2")"
  # A file that a shell reads has no line for the kernel.
  INGOT_BUILD=baseline "$program" --generate-completion-script "$1" | sed '1{/^#!/d;}' > "$tree/$2"
}
complete bash share/bash-completion/completions/ingot
complete zsh share/zsh/site-functions/_ingot
complete fish share/fish/vendor_completions.d/ingot.fish

if command -v python3 > /dev/null; then
  python3 "$source/scripts/packaging/manual.py" "$program" "$tree/share/man/man1"
else
  echo "python3 is missing: no manual pages" >&2
fi
mkdir -p "$tree/share/doc/ingot"
install -m 644 "$source/scripts/packaging/copyright" "$source/CHANGELOG.md" "$source/README.md" "$tree/share/doc/ingot/"
install -m 644 "$source/LICENSE" "$tree/share/doc/ingot/LICENSE"
