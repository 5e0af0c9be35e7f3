# Disks that are full, calls that fail, and calls that do less than asked.

disk_full() {
  local size output=$(stat -c %s "$work/model.gguf") folder=$(du -sb "$work/folder" | cut -f1)
  mkdir -p "$work/disk"
  # Pages of 4 KiB: steps up to the output and a little more. The outcome turns from refused to done once.
  for size in $(seq 4096 $((output / 24 / 4096 * 4096)) $((output + 8192))) $((output + 65536)); do
    mount -t tmpfs -o size=$size,nr_inodes=64 tmpfs "$work/disk"
    ingot convert "$work/model" -o "$work/disk/out.gguf"
    tried; disk_outcome "$work/disk" out.gguf "$work/model.gguf" "disk of $size bytes"
    umount "$work/disk"
  done
  for size in $(seq 4096 $((folder / 16 / 4096 * 4096)) $((folder + 131072))); do
    mount -t tmpfs -o size=$size,nr_inodes=64 tmpfs "$work/disk"
    ingot convert "$work/sharded" -o "$work/disk/out" --max-shard-size 100K
    tried; disk_outcome "$work/disk" out "$work/folder" "folder on a disk of $size bytes"
    umount "$work/disk"
  done
  # No space for another file's entry.
  for size in 2 3 4 6 9 12; do
    mount -t tmpfs -o size=8m,nr_inodes=$size tmpfs "$work/disk"
    ingot convert "$work/sharded" -o "$work/disk/out" --max-shard-size 100K
    tried; disk_outcome "$work/disk" out "$work/folder" "disk of $size inodes"
    umount "$work/disk"
  done
}

disk_outcome() {
  if [ "$status" = 0 ]; then
    diff -rq "$1/$2" "$3" > /dev/null || finding "$4: status 0 and wrong bytes"
  else
    expect_status 3 "$4"; expect_words "no space" "$4"; expect_names "$1" "$4"
    [ "$(wc -l < "$work/err")" = 1 ] || finding "$4: more than one line"
  fi
}

file_size_limit() {
  local blocks
  for blocks in 0 1 8 64 128 256 383 384 500; do
    # What it says goes through a pipe, which has no size.
    (ulimit -f $blocks; exec "$program" convert "$work/model" -o out.gguf --quiet) 2>&1 | cat > "$work/err"
    status=${PIPESTATUS[0]}
    tried
    if [ $status = 0 ]; then
      cmp -s out.gguf "$work/model.gguf" || finding "ulimit -f $blocks: wrong bytes"; rm -f out.gguf
    else
      expect_status 3 "ulimit -f $blocks"; expect_names . "ulimit -f $blocks"
    fi
  done
}

# How often the program makes each of the calls "$1" in the run "$2…".
call_count() {
  local calls=$1; shift
  strace -f -qq -o "$work/trace" -e trace="$calls" "$program" "$@" > /dev/null 2>&1
  grep -cE "(${calls//,/|})\(" "$work/trace"
}

# One run with the call failing the K-th time.
inject() {
  local calls=$1 error=$2 when=$3; shift 3
  timeout -k 1 20 strace -f -qq -o /dev/null -e trace="$calls" -e inject="$calls":error="$error":when="$when" \
    "$program" "$@" > "$work/std" 2> "$work/err" < /dev/null
  status=$?
}

# The numbers 1 to $1, or about $2 of them.
sample() {
  local count=$1 wanted=$2
  if [ "$count" = 0 ]; then return; elif [ "$count" -le "$wanted" ]; then seq 1 "$count"; else seq 1 $((count / wanted)) "$count"; fi
}

failing_calls() {
  local calls error count when label
  while read -r calls error; do
    count=$(call_count "$calls" convert "$work/model" -o "out.gguf" --threads 1); rm -f out.gguf
    for when in $(sample "$count" 10); do
      inject "$calls" "$error" "$when" convert "$work/model" -o out.gguf --threads 1
      # The loader of shared libraries makes the first calls, and says 127.
      [ $status = 127 ] && continue
      tried; label="$error in $calls, time $when"
      expect_status "0 2 3" "$label"
      [ $status != 0 ] || [ -e out.gguf ] || finding "$label: status 0 and no output"
      expect_all_or_nothing "$PWD/out.gguf" "$work/model.gguf" "$label"
      rm -rf out.gguf .[!.]*
    done
  done <<< "write ENOSPC
write EIO
pwrite64 ENOSPC
pwrite64 EIO
sendfile ENOSPC
sendfile EIO
sendfile EINVAL
fallocate ENOSPC
fallocate EIO
fallocate EOPNOTSUPP
fsync EIO
fsync ENOSPC
close EIO
link,linkat EACCES
link,linkat EPERM
link,linkat EIO
flock EAGAIN
fstatfs,statfs EIO"
}

# Sets of files: every rename, link and fsync of a new set, and of one that replaces another.
set_failures() {
  local calls error count when label new
  for new in yes no; do
    while read -r calls error; do
      set_start $new
      count=$(call_count "$calls" convert "$work/sharded" -o set --max-shard-size 100K --overwrite --threads 1)
      for when in $(sample "$count" 12); do
        set_start $new
        inject "$calls" "$error" "$when" convert "$work/sharded" -o set --max-shard-size 100K --overwrite --threads 1
        tried; label="$error in $calls, time $when, $([ $new = yes ] && echo new || echo replaced) set"
        expect_status "0 2 3" "$label"
        if [ $status != 0 ] && [ $new = no ] && [ "$(cat set/config.json)" != old ]; then
          # Committed as a whole, and then something else failed.
          diff -rq set "$work/folder" > /dev/null || finding "$label: old and new files are mixed"
        elif [ $status != 0 ] && [ $new = no ]; then
          diff -rq set before > /dev/null || finding "$label: the old set was changed"
        else
          expect_all_or_nothing "$PWD/set" "$work/folder" "$label"
        fi
        [ -z "$(find set -name '.*' -type f 2> /dev/null)" ] || finding "$label: left $(find set -name '.*' -type f | head -1)"
      done
    done <<< "rename,renameat,renameat2 EACCES
fsync EIO
mkdir EACCES
fallocate ENOSPC"
  done
  for when in $(seq 1 12); do
    rm -rf set; mkdir set
    inject link,linkat EACCES "$when" convert "$work/sharded" -o set --max-shard-size 100K --threads 1
    tried; expect_status "0 3" "EACCES in link, time $when"
    [ $status = 0 ] || expect_names set "EACCES in link, time $when"
  done
}

set_start() {
  rm -rf set before
  [ "$1" = yes ] && return
  cp -r "$work/folder" set
  for name in set/*; do echo old > "$name"; done
  cp -r set before
}

failing_reads() {
  local path call count when error label
  for path in model.safetensors config.json tokenizer.model tokenizer_config.json; do
    for call in pread64 sendfile; do
      count=$(strace -f -qq -P "$work/model/$path" -e trace=$call "$program" convert "$work/model" -o o.gguf \
        --threads 1 --quiet 2>&1 | grep -c "$call("); rm -f o.gguf
      for error in EIO ESTALE; do
        for when in $(sample "$count" 8); do
          timeout 20 strace -f -qq -o /dev/null -P "$work/model/$path" -e trace=$call \
            -e inject=$call:error=$error:when="$when" "$program" convert "$work/model" -o out.gguf --threads 1 \
            > "$work/std" 2> "$work/err"; status=$?
          label="$error in $call of $path, time $when"
          tried; expect_status "2 3" "$label"; expect_names . "$label"; rm -rf out.gguf
        done
      done
    done
  done
}

short_calls() {
  local run
  for run in $(seq 1 12); do
    SHORT_IO_SEED=$((seed * 100 + run)) LD_PRELOAD=$work/short_io.so ingot convert "$work/model" -o out.gguf
    tried; expect_status 0 "short reads and writes, seed $((seed * 100 + run))"
    cmp -s out.gguf "$work/model.gguf" || finding "short reads and writes, seed $((seed * 100 + run)): wrong bytes"
    rm -f out.gguf
    SHORT_IO_SEED=$((seed * 100 + run)) LD_PRELOAD=$work/short_io.so ingot convert "$work/sharded" -o out \
      --max-shard-size 100K
    tried; expect_status 0 "short reads and writes, folder, seed $((seed * 100 + run))"
    diff -rq out "$work/folder" > /dev/null || finding "short reads and writes, folder: wrong bytes"
    rm -rf out
  done
}

# Disks whose files share blocks: the same bytes as elsewhere in hardly any room, and neither file depends on the other.
shared_blocks() {
  local kind before used digest disk=$work/disk
  "$program" convert "$work/large" -o whole --quiet
  "$program" convert whole -o shards --max-shard-size 50M --quiet
  for kind in btrfs xfs; do
    command -v mkfs.$kind > /dev/null || { note="no mkfs.$kind"; continue; }
    rm -f "$work/disk.img"; truncate -s 640M "$work/disk.img"; mkdir -p "$disk"
    mkfs.$kind -q "$work/disk.img" > /dev/null 2>&1 && mount -o loop "$work/disk.img" "$disk" ||
      { note="$kind cannot be mounted"; continue; }
    cp -r whole "$disk/in"; sync
    digest=$(sha256sum < "$disk/in/model.safetensors")

    # Split and edited on a disk that has no room for a copy.
    before=$(df -k --output=avail "$disk" | tail -1)
    fallocate -l $((before - 65536))K "$disk/filler"
    ingot convert "$disk/in" -o "$disk/out" --max-shard-size 50M --quiet
    tried; expect_status 0 "split on $kind"
    diff -rq "$disk/out" shards > /dev/null || finding "split on $kind: other bytes"
    ingot meta set "$disk/out/model-00001-of-00004.safetensors" note text
    tried; expect_status 0 "edit on $kind"
    rm "$disk/filler"; sync
    used=$((before - $(df -k --output=avail "$disk" | tail -1)))
    [ $used -lt 32768 ] || finding "$kind: the shards take $used KiB of their own"

    # The output is overwritten, then the input is gone.
    ingot convert "$disk/in" -o "$disk/again" --max-shard-size 50M --quiet
    perl -e 'open $file, "+<", shift; seek $file, 1 << 20, 0; print $file "x" x (1 << 24)' "$disk/out/"*2-of*.safetensors
    sync
    tried; [ "$(sha256sum < "$disk/in/model.safetensors")" = "$digest" ] || finding "$kind: the input changed, too"
    rm -r "$disk/in"; sync
    tried; diff -rq "$disk/again" shards > /dev/null || finding "$kind: the output went with the input"
    umount "$disk"
  done
  rm -f "$work/disk.img"
}
