# What stands, or comes, in the way of the output.

output_in_the_way() {
  echo precious > out.gguf
  ingot convert "$work/model" -o out.gguf
  tried; expect_status 3 "output exists"; expect_words "already exists (pass --overwrite" "output exists"
  [ "$(cat out.gguf)" = precious ] || finding "output exists: it was changed"
  ingot convert "$work/model" -o out.gguf --overwrite
  tried; expect_status 0 "--overwrite"; cmp -s out.gguf "$work/model.gguf" || finding "--overwrite: wrong bytes"
  # Into a folder a GGUF goes by the name of the convention; a folder that stands where that name is meant is in the way.
  mkdir folder.gguf
  ingot convert "$work/model" -o folder.gguf --overwrite
  tried; expect_status 0 "output is a folder"; cmp -s folder.gguf/*.gguf "$work/model.gguf" || finding "output is a folder: wrong bytes"
  name=$(ls folder.gguf); rm "folder.gguf/$name"; mkdir "folder.gguf/$name"
  ingot convert "$work/model" -o folder.gguf --overwrite
  tried; expect_status 3 "a folder has the name"; expect_names "folder.gguf/$name" "a folder has the name"
  mkfifo pipe.gguf
  ingot convert "$work/model" -o pipe.gguf --overwrite
  tried; expect_status 3 "output is a pipe"; [ -p pipe.gguf ] || finding "output is a pipe: it was replaced"
  ingot convert "$work/model" -o /dev/null --to gguf --overwrite
  tried; expect_status 3 "output is a device"; [ -c /dev/null ] || finding "output is a device: it was replaced"
  touch file
  ingot convert "$work/model" -o file --to safetensors
  tried; expect_status 3 "a file in place of the folder"
  ingot convert "$work/model" -o file/out.gguf
  tried; expect_status 3 "a file as parent folder"
  ingot convert "$work/model" -o no/such/out.gguf
  tried; expect_status 3 "no parent folder"
  mkdir other; cp "$work/model/model.safetensors" other/other.safetensors
  ingot convert "$work/model" -o other --overwrite
  tried; expect_status 3 "other weights in the folder"; expect_names other "other weights" other.safetensors
  mkdir some; echo mine > some/config.json
  ingot convert "$work/model" -o some
  tried; expect_status 3 "a config.json in the folder"
  [ "$(cat some/config.json)" = mine ] || finding "a config.json in the folder: it was changed"
  expect_names some "a config.json in the folder" config.json
  echo precious > receipt.json
  ingot convert "$work/model" -o fresh.gguf --receipt receipt.json
  tried; expect_status 3 "receipt exists"; [ "$(cat receipt.json)" = precious ] || finding "receipt exists: it was changed"
  [ ! -e fresh.gguf ] || finding "receipt exists: found after the work"
}

# A link at the output's name: what it leads to is never touched, in any case.
linked_outputs() {
  local option
  for option in '' --overwrite; do
    echo precious > target; ln -sfn target out.gguf; ln -sfn nowhere dangling.gguf
    ingot convert "$work/model" -o out.gguf $option
    tried; expect_status "$([ -n "$option" ] && echo 0 || echo 3)" "output is a link $option"
    [ "$(cat target)" = precious ] || finding "output is a link $option: its target was changed"
    [ $status = 0 ] || [ -L out.gguf ] || finding "output is a link: it was replaced"
    [ $status != 0 ] || { [ ! -L out.gguf ] && cmp -s out.gguf "$work/model.gguf"; } || finding "output is a link $option: wrong bytes"
    ingot convert "$work/model" -o dangling.gguf $option
    tried; expect_status "$([ -n "$option" ] && echo 0 || echo 3)" "output is a dangling link $option"
    [ ! -e nowhere ] || finding "output is a dangling link $option: its target was made"
    rm -rf target out.gguf dangling.gguf nowhere
    mkdir real; ln -s real linked
    ingot convert "$work/sharded" -o linked --max-shard-size 100K $option
    tried; expect_status 0 "output folder is a link $option"
    diff -rq real "$work/folder" > /dev/null || finding "output folder is a link $option: wrong bytes"
    rm -rf real linked
    mkdir set; echo precious > target; ln -s ../target set/tokenizer.model
    ingot convert "$work/sharded" -o set --max-shard-size 100K $option
    tried; expect_status "$([ -n "$option" ] && echo 0 || echo 3)" "a link in the output folder $option"
    [ "$(cat target)" = precious ] || finding "a link in the output folder $option: its target was changed"
    rm -rf set target
  done
}

# The output, or the receipt, is an input by its own or another path.
same_file() {
  local sum path option
  cp -r "$work/model" input; cp "$work/model.gguf" input.gguf
  ln -s input/model.safetensors soft.safetensors; ln input/model.safetensors hard.safetensors; ln -s input linked
  sum=$(cat input/* input.gguf | sha256sum)
  while read -r path option; do
    ingot convert $path -o $option --overwrite
    tried; expect_status "2 3 64" "convert $path -o $option"
    [ "$(cat input/* input.gguf 2> /dev/null | sha256sum)" = "$sum" ] || finding "convert $path -o $option: the input was changed"
    rm -rf input input.gguf *.safetensors; cp -r "$work/model" input; cp "$work/model.gguf" input.gguf
    ln -s input/model.safetensors soft.safetensors; ln input/model.safetensors hard.safetensors; rm -f other.gguf
  done <<E2
input input
input linked
linked input
input ./input/../input/
input $PWD/input
input input/model.safetensors
input soft.safetensors
input hard.safetensors
input input/config.json --to gguf
input input/tokenizer.model --to gguf
input linked/tokenizer_config.json --to gguf
input.gguf input.gguf --type Q8_0
input.gguf ./input.gguf --type Q8_0
input other.gguf --receipt input/config.json
input other.gguf --receipt input/model.safetensors
input other.gguf --receipt soft.safetensors
input other.gguf --receipt linked/tokenizer.model
input other.gguf --receipt other.gguf
input.gguf other.gguf --receipt input.gguf
E2
}

# Two at once: one set of bytes, whoever wins, and never a mix.
two_runs() {
  local run first second one two option
  "$program" convert "$work/sharded" -o whole --quiet
  for run in $(seq 1 12); do
    for option in '' --overwrite; do
      "$program" convert "$work/large" -o out.gguf --quiet $option 2> "$work/err" & first=$!
      "$program" convert "$work/large" -o out.gguf --quiet $option 2> "$work/err2" & second=$!
      wait $first; one=$?; wait $second; two=$?
      tried
      case "$option $one $two" in
        ' 0 3' | ' 3 0' | '--overwrite 0 0') ;;
        *) finding "two runs $option: statuses $one and $two: $(cat "$work/err" "$work/err2" | head -c 300)" ;;
      esac
      cmp -s out.gguf "$work/large.gguf" || finding "two runs $option: wrong bytes"
      expect_names . "two runs $option" out.gguf whole
      rm -f out.gguf
      # Two sets of different numbers of files into one folder.
      "$program" convert "$work/sharded" -o out --max-shard-size 100K --quiet $option 2> "$work/err" & first=$!
      "$program" convert "$work/sharded" -o out --quiet $option 2> "$work/err2" & second=$!
      wait $first; one=$?; wait $second; two=$?
      tried
      [[ "$one $two" =~ ^(0 3|3 0)$ ]] || finding "two sets $option: statuses $one and $two"
      diff -rq out "$work/folder" > /dev/null || diff -rq out whole > /dev/null || finding "two sets $option: mixed: $(ls -A out)"
      rm -rf out
    done
  done
}

vanishing_folder() {
  local run pid delay
  for run in $(seq 1 12); do
    mkdir -p there/out
    "$program" convert "$work/large" -o there/out/out.gguf --quiet 2> "$work/err" & pid=$!
    sleep_randomly
    if [ $((run % 2)) = 0 ]; then rm -rf there/out; else mv there/out away; fi
    wait $pid; status=$?
    tried; expect_status "0 3" "folder gone after $delay ms"
    rm -rf there away
  done
  # A disk that turns read-only, and folders without permission (for another user than root).
  mount -t tmpfs -o size=8m tmpfs "$work/disk"
  mount -o remount,ro "$work/disk"
  ingot convert "$work/model" -o "$work/disk/out.gguf"
  tried; expect_status 3 "read-only disk"
  ingot convert "$work/model" -o "$work/disk/out"
  tried; expect_status 3 "read-only disk, folder"
  umount "$work/disk"
  chmod 755 "$work"; mkdir closed; chmod 555 closed; chmod 755 .
  cp "$program" "$work/program"; chmod 755 "$work/program"
  setpriv --reuid=65534 --regid=65534 --clear-groups "$work/program" convert "$work/model" -o closed/out.gguf \
    > "$work/std" 2> "$work/err"; status=$?
  tried; expect_status 3 "folder without permission"
  cp -r "$work/model" secret; chmod 000 secret/tokenizer.model; chmod 777 .
  setpriv --reuid=65534 --regid=65534 --clear-groups "$work/program" convert secret -o out.gguf \
    > "$work/std" 2> "$work/err"; status=$?
  tried; expect_status 2 "input without permission"; [ ! -e out.gguf ] || finding "input without permission: an output"
  rm -f "$work/program"
}
