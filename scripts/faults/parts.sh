# Plans in parts, and runs that are continued. The judge is a single run.

# Runs are killed at random times, and each continues the one before.
killed_resumes() {
  local run delay complete=0 lines=0
  "$program" convert "$work/large" -o "$work/large-q8.gguf" --type Q8_0 --quiet
  for run in $(seq 1 "$kills"); do
    "$program" convert "$work/large" -o out.gguf --type Q8_0 --resume --quiet 2> /dev/null & local pid=$!
    sleep_randomly
    kill -KILL $pid 2> /dev/null; wait $pid 2> /dev/null
    tried
    [ -e .out.gguf.ingot-journal ] && lines=$((lines + 1))
    if [ -e out.gguf ]; then
      complete=$((complete + 1))
      cmp -s out.gguf "$work/large-q8.gguf" || finding "killed after $delay ms: wrong bytes under the final name"
      rm -f out.gguf
    fi
  done
  ingot convert "$work/large" -o out.gguf --type Q8_0 --resume
  expect_status 0 "the run after $kills kills"
  cmp -s out.gguf "$work/large-q8.gguf" || finding "the run after $kills kills: wrong bytes"
  expect_names . "the run after $kills kills" out.gguf
  note="$lines were continued, $complete were done"
}

# A plan of $1 parts of the large model in the current folder.
plan_large() {
  ln -s "$work/large" large
  ingot plan large -o out.gguf --type Q8_0 --parts "$1" --save plan.json
  expect_status 0 "plan"
  [ -e "$work/large-q8.gguf" ] || "$program" convert "$work/large" -o "$work/large-q8.gguf" --type Q8_0 --quiet
}

# Joins the parts and compares the output with the single run's.
expect_assembly() {
  ingot assemble plan.json
  expect_status 0 "$1"
  cmp -s out.gguf "$work/large-q8.gguf" || finding "$1: wrong bytes"
  rm -f out.gguf
}

killed_workers() {
  local run part delay pid
  plan_large 6
  for run in $(seq 1 "$kills"); do
    part=$((RANDOM % 6))
    [ $((run % 5)) = 0 ] && rm -rf parts
    "$program" work plan.json --part $part --quiet 2> /dev/null & pid=$!
    sleep_randomly
    kill -KILL $pid 2> /dev/null; wait $pid 2> /dev/null
    tried
    ingot status plan.json; expect_status "0 1" "status after a kill"
  done
  for part in 5 2 0 4 1 3; do ingot work plan.json --part $part; expect_status 0 "part $part after kills"; done
  [ -z "$(ls -A parts | grep partial)" ] || finding "killed workers: left $(ls -A parts)"
  expect_assembly "the parts after $kills kills"
}

two_workers() {
  local run part first second busy=0
  plan_large 4
  for run in $(seq 1 12); do
    part=$((run % 4))
    [ $part = 0 ] && rm -rf parts
    "$program" work plan.json --part $part --quiet 2> /dev/null & first=$!
    "$program" work plan.json --part $part --quiet 2> /dev/null & second=$!
    for pid in $first $second; do
      wait $pid; status=$?
      [ $status = 75 ] && busy=$((busy + 1))
      [ $status = 0 ] || [ $status = 75 ] || finding "two workers: status $status"
    done
    tried
  done
  for part in 0 1 2 3; do ingot work plan.json --part $part; expect_status 0 "part $part"; done
  expect_assembly "two workers on each part"
  note="$busy gave way"
}

# Parts on disks that are too small: another try on a larger one goes on.
# Workers write their parts into the output, two at a time, and are killed at random times.
killed_in_place() {
  local run first second delay
  plan_large 6
  for run in $(seq 1 "$kills"); do
    [ $((run % 10)) = 0 ] && rm -rf parts .out.gguf.ingot-*
    "$program" work plan.json --part $((RANDOM % 6)) --in-place --quiet 2> /dev/null & first=$!
    "$program" work plan.json --part $((RANDOM % 6)) --in-place --quiet 2> /dev/null & second=$!
    sleep_randomly
    kill -KILL $first $second 2> /dev/null; wait $first $second 2> /dev/null
    tried
    ingot status plan.json; expect_status "0 1" "status after a kill in place"
    [ ! -e out.gguf ] || finding "killed in place: a final name before assemble"
  done
  for part in 5 2 0 4 1 3; do ingot work plan.json --part $part --in-place; expect_status 0 "part $part in place"; done
  expect_assembly "the parts in place after $kills kills"
  expect_names . "killed in place" large parts plan.json
}

# What a run that deletes nothing makes of a folder of shards of $1 bytes. The output has its name, and the order of its tensors.
expected_of_shards() {
  "$program" convert "$work/large" -o shards --max-shard-size "$1" --quiet
  "$program" convert shards -o "$work/shards-q8.gguf" --type Q8_0 --quiet --overwrite
  rm -r shards
}

# Shards are deleted while runs are killed at random times, and each continues the one before.
killed_consumption() {
  local run delay complete=0 stopped=0 shards left
  expected_of_shards 20M
  for run in $(seq 1 "$kills"); do
    [ -d shards ] || { "$program" convert "$work/large" -o shards --max-shard-size 20M --quiet; shards=$(ls shards/*.safetensors | wc -l); }
    "$program" convert shards -o out.gguf --type Q8_0 --resume --consume-shards --quiet 2> /dev/null & local pid=$!
    sleep_randomly
    kill -KILL $pid 2> /dev/null; wait $pid 2> /dev/null
    tried
    left=$(find shards -name '*.safetensors' -size +0 | wc -l)
    [ "$left" -lt "$shards" ] && [ ! -e out.gguf ] && stopped=$((stopped + 1))
    [ -e out.gguf ] || [ $((run % 8)) != 0 ] || ingot convert shards -o out.gguf --type Q8_0 --resume --consume-shards
    if [ -e out.gguf ]; then
      complete=$((complete + 1))
      cmp -s out.gguf "$work/shards-q8.gguf" || finding "killed after $delay ms: wrong bytes from consumed shards"
      [ -z "$(find shards -name '*.safetensors')" ] || finding "killed consumption: left $(ls shards)"
      expect_names . "killed consumption" out.gguf shards
      rm -rf out.gguf shards
    fi
  done
  note="$complete were done, $stopped were stopped with some shards gone"
}

# A disk that cannot hold source and output.
consumed_on_small_disks() {
  local size output
  mkdir -p "$work/disk"
  expected_of_shards 10M
  output=$(($(stat -c %s "$work/shards-q8.gguf") / 1000000))
  for size in 20 $((output / 4)) $((output / 2)); do
    mount -t tmpfs -o size=3g tmpfs "$work/disk"
    "$program" convert "$work/large" -o "$work/disk/shards" --max-shard-size 10M --quiet
    mount -o "remount,size=$(($(du -sm "$work/disk" | cut -f1) + size))m" "$work/disk"
    ingot convert "$work/disk/shards" -o "$work/disk/out.gguf" --type Q8_0 --resume
    tried; expect_status 3 "a disk with $size MB free"; expect_words "no space" "a disk with $size MB free"
    ingot convert "$work/disk/shards" -o "$work/disk/out.gguf" --type Q8_0 --resume --consume-shards
    tried; expect_status 0 "consuming with $size MB free"
    cmp -s "$work/disk/out.gguf" "$work/shards-q8.gguf" || finding "consuming with $size MB free: wrong bytes"
    umount "$work/disk"
  done
}

full_part_disks() {
  local size part passed=0
  plan_large 3
  local largest=$(($(stat -c %s "$work/large-q8.gguf") / 2))
  mkdir -p "$work/disk"
  for size in 4096 65536 $(seq 1000000 $((largest / 6)) $((largest * 2 + 4000000))); do
    mount -t tmpfs -o size=$size tmpfs "$work/disk"
    for part in 0 1; do
      ingot work plan.json --part $part --parts-folder "$work/disk"
      tried; expect_status "0 75" "part on a disk of $size bytes"
      [ $status = 0 ] && passed=$((passed + 1)) || expect_words "no space" "part on a disk of $size bytes"
      [ -z "$(find "$work/disk" -name '.*partial')" ] || finding "part on a disk of $size bytes: left a temporary"
    done
    umount "$work/disk"
  done
  note="$passed had room"
}

# One bit, or the end, of a part or manifest is lost.
damaged_parts() {
  local run file size kind
  plan_large 4
  for part in 0 1 2 3; do "$program" work plan.json --part $part --quiet; done
  cp -r parts right
  for run in $(seq 1 24); do
    file=$(ls parts/* | shuf -n 1 --random-source=<(yes $((seed + run))))
    size=$(stat -c %s "$file")
    if [ $((run % 4)) = 0 ]; then
      truncate -s $((size * (RANDOM % 100) / 100)) "$file"; kind=truncated
    else
      perl -e 'open my $f, "+<", $ARGV[0] or die; seek $f, $ARGV[1], 0; read $f, my $b, 1; seek $f, $ARGV[1], 0;
        print $f chr(ord($b) ^ 1 << $ARGV[2])' "$file" $(((RANDOM * 32768 + RANDOM) % size)) $((RANDOM % 8)); kind=flipped
    fi
    ingot assemble plan.json
    tried
    # Bytes between two pieces belong to none.
    if [ $status = 0 ]; then
      cmp -s out.gguf "$work/large-q8.gguf" || finding "$kind $file: wrong bytes are assembled"
    else
      expect_status 1 "$kind $file"; expect_words "work makes" "$kind $file"
      expect_names . "$kind $file" large parts plan.json right
    fi
    rm -rf out.gguf parts; cp -r right parts
  done
  expect_assembly "the parts as they were"
}

# The weights change, with the same header, between one part and the next.
changed_part_inputs() {
  local run size part
  mkdir input; cp -r "$work/large" input/large
  cd input || exit 2
  ingot plan large -o out.gguf --type Q8_0 --parts 4 --save plan.json
  size=$(stat -c %s large/model.safetensors)
  for run in $(seq 1 6); do
    rm -rf parts out.gguf
    for part in 0 1; do "$program" work plan.json --part $part --quiet; done
    printf '\x01\x02\x03\x04' | dd of=large/model.safetensors bs=1 seek=$((size * run / 7)) conv=notrunc status=none
    [ $((run % 2)) = 0 ] && touch -r plan.json large/model.safetensors # a clock that goes back
    for part in 2 3; do ingot work plan.json --part $part; expect_status "0 2" "part after a change"; done
    ingot assemble plan.json
    tried; expect_status "0 1 2" "changed input"
    if [ $status = 0 ]; then
      ingot convert large -o fresh.gguf --type Q8_0
      cmp -s out.gguf fresh.gguf || finding "changed input: parts of two inputs are assembled"
      rm -f fresh.gguf
    fi
    cp "$work/large/model.safetensors" large/model.safetensors
    ingot plan large -o out.gguf --type Q8_0 --parts 4 --save plan.json --overwrite
  done
}
