#!/usr/bin/env bash
# Removes an installation that scripts/packaging/tree.sh made.
#   scripts/packaging/untree.sh TREE
set -euo pipefail
tree=$1
rm -f "$tree/bin/ingot" "$tree"/share/man/man1/ingot{,-*}.1 "$tree/share/bash-completion/completions/ingot" \
  "$tree/share/zsh/site-functions/_ingot" "$tree/share/fish/vendor_completions.d/ingot.fish"
rm -rf "$tree/libexec/ingot" "$tree/share/doc/ingot"
# Folders that are empty now; those of others stay.
for folder in share/man/man1 share/man share/bash-completion/completions share/bash-completion share/zsh/site-functions \
  share/zsh share/fish/vendor_completions.d share/fish share/doc share libexec bin; do
  rmdir "$tree/$folder" 2> /dev/null || true
done
