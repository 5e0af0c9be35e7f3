#!/bin/bash
# Puts the program through failing disks, signals, odd environments and damaged files, and counts what goes wrong.
#
#   scripts/faults.sh [PROGRAM]     (default: .build/debug/ingot; `make faults` builds it first)
#
# Needs Linux, root (for small disks made of memory), strace, perl and a C compiler; says so when one is missing. Disks
# that share blocks are tried where mkfs.btrfs or mkfs.xfs is there (apt-get install btrfs-progs xfsprogs).
# Environment: SEED (default 1), CASES (mutations, default 1800), KILLS (50), INTERRUPTS (30 a signal), ONLY (a word
# that a class's function must contain). Prints one line a class: cases and findings. Fails if there is a finding.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
program=$(realpath -m "${1:-.build/debug/ingot}")
seed=${SEED:-1} cases=${CASES:-1800} kills=${KILLS:-50} interrupts=${INTERRUPTS:-30} only=${ONLY:-}
RANDOM=$seed

[ -x "$program" ] || { echo "faults: $program is not there (run make faults)"; exit 2; }
[ "$(uname)" = Linux ] || { echo "faults: needs Linux"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "faults: needs root, to mount small disks in memory (try sudo make faults)"; exit 2; }
for tool in strace perl cc; do
  command -v $tool > /dev/null || { echo "faults: needs $tool (apt-get install strace perl gcc libc6-dev)"; exit 2; }
done

work=$(mktemp -d /tmp/ingot-faults.XXXXXX)
trap 'umount -l "$work/disk" 2> /dev/null; umount -l "$work" 2> /dev/null; rmdir "$work"' EXIT
mount -t tmpfs -o size=3g tmpfs "$work" || { rmdir "$work"; echo "faults: cannot mount a tmpfs"; exit 2; }
source "$root/scripts/faults/support.sh"
source "$root/scripts/faults/disk.sh"
source "$root/scripts/faults/signals.sh"
source "$root/scripts/faults/inputs.sh"
source "$root/scripts/faults/outputs.sh"
source "$root/scripts/faults/environment.sh"
source "$root/scripts/faults/parts.sh"

start=$SECONDS
prepare
printf '%-44s %7s %9s\n' "fault" "cases" "findings"
for class in disk_full shared_blocks file_size_limit failing_calls set_failures failing_reads short_calls killed \
  stale_files interrupted interrupted_folders interrupted_grids changed_inputs output_in_the_way linked_outputs same_file two_runs vanishing_folder \
  closed_streams environments few_descriptors long_paths odd_names sparse_files special_files hub_cache little_memory \
  hostile_numbers mutations killed_resumes killed_workers killed_in_place killed_consumption consumed_on_small_disks two_workers full_part_disks damaged_parts changed_part_inputs
do
  [[ $class == *$only* ]] && run_class $class
done
finish $((SECONDS - start))
