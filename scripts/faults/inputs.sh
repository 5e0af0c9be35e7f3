# Inputs that change, are not what they seem, or are hostile.

changed_inputs() {
  local run delay pid size=$(stat -c %s "$work/large/model.safetensors") refused=0
  mkdir input; cp -r "$work/large" input # the name of the folder is a fact of the model
  for run in $(seq 1 24); do
    "$program" convert input/large -o out.gguf --quiet 2> "$work/err" & pid=$!
    sleep_randomly
    case $((run % 3)) in
      0) truncate -s $((size * (RANDOM % 100) / 100)) input/large/model.safetensors ;;
      1) printf '\x01\x02\x03\x04' | dd of=input/large/model.safetensors bs=1 seek=$((size - 1000)) conv=notrunc status=none ;;
      2) mv input/large/model.safetensors away; head -c 1000 /dev/zero > input/large/model.safetensors; rm away ;;
    esac
    wait $pid; status=$?
    tried; expect_status "0 2 3" "input changed after $delay ms"
    [ $status = 0 ] || refused=$((refused + 1))
    if [ -e out.gguf ]; then
      [ $status = 0 ] || finding "input changed after $delay ms: status $status and an output"
      # The bytes of the old input, or, when the change came before the opening, of the new one.
      if ! cmp -s out.gguf "$work/large.gguf"; then
        mv out.gguf first.gguf; ingot convert input/large -o out.gguf
        cmp -s out.gguf first.gguf || finding "input changed after $delay ms: bytes of neither"
      fi
    fi
    [ -z "$(ls -A | grep partial)" ] || finding "input changed after $delay ms: left $(ls -A)"
    rm -rf out.gguf first.gguf; cp "$work/large/model.safetensors" input/large/model.safetensors
  done
  note="$refused refused, the others were done before"
}

# Peak memory in KiB and milliseconds of a run, into `peak` and `took`.
measure() {
  read -r status took peak < <(perl "$root/scripts/faults/measure.pl" "$work/err" "$program" "$@")
}

sparse_files() {
  local name
  # 8 GiB that take no room: zeros, a GGUF's head with nothing after it, one tensor of 8 GiB, and a header too long.
  truncate -s 8G zeros.gguf zeros.safetensors zeros.bin long.safetensors head.gguf
  printf 'GGUF\x03\0\0\0' | dd of=head.gguf conv=notrunc status=none
  printf '\0\0\0\0\1\0\0\0' | dd of=long.safetensors conv=notrunc status=none
  perl -e 'my $n = 8 << 30; my $h = qq({"a":{"dtype":"U8","shape":[$n],"data_offsets":[0,$n]}}); $h .= " " x (-length($h) % 8);
    print pack("Q<", length $h), $h; print STDERR 8 + length($h) + $n' > tensor.safetensors 2> size
  truncate -s "$(cat size)" tensor.safetensors
  mkdir folder; mv zeros.safetensors folder/model.safetensors; cp "$work/model/config.json" folder
  truncate -s 8G folder/tokenizer.model
  mkdir configuration; cp "$work/model/model.safetensors" configuration; truncate -s 8G configuration/config.json
  largest=0 longest=0
  for name in zeros.gguf zeros.bin long.safetensors head.gguf tensor.safetensors folder configuration; do
    measure inspect "$name"
    # The first is whole, the second a GGUF of nothing with bytes after its end, which are allowed; a folder's header
    # is described without its config.json.
    tried; case $name in tensor.safetensors | head.gguf | configuration) expect_status 0 "sparse $name" ;;
      *) expect_status 2 "sparse $name" ;; esac
    [ "$took" -le 1000 ] || finding "sparse $name: $took ms"
    [ "$peak" -le 65536 ] || finding "sparse $name: $((peak / 1024)) MiB"
    [ "$took" -gt $longest ] && longest=$took
    [ "$peak" -gt $largest ] && largest=$peak
  done
  note="slowest $longest ms, largest $((largest / 1024)) MiB"
}

special_files() {
  local name
  mkfifo pipe.gguf; mkdir folder.gguf empty; : > nothing.gguf; printf x > one.gguf
  ln -s loop.gguf loop.gguf; ln -s nowhere dangling.gguf
  perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("socket.gguf"))'
  mkdir pipes; mkfifo pipes/config.json; cp "$work/model/model.safetensors" pipes
  mkdir pipes2; cp "$work/model"/*.json "$work/model/model.safetensors" pipes2; mkfifo pipes2/tokenizer.model
  mkdir pipes3; mkfifo pipes3/model.safetensors; cp "$work/model/config.json" pipes3
  for name in pipe.gguf folder.gguf empty nothing.gguf one.gguf loop.gguf dangling.gguf socket.gguf /dev/null /dev/zero \
    /dev/random /dev/stdin /proc/self/mem /proc/self/environ none '' pipes pipes3
  do
    ingot inspect "$name"
    tried; [ "$name" = pipes ] && expect_status "0 2" "inspect $name" || expect_status 2 "inspect $name"
    ingot convert "$name" -o out.gguf
    tried; expect_status 2 "convert $name"
    [ ! -e out.gguf ] || { finding "convert $name: an output"; rm -f out.gguf; }
  done
  ingot convert pipes2 -o out.gguf
  tried; expect_status "0 2" "a pipe named tokenizer.model"; rm -f out.gguf
  for name in /dev/null /dev/zero pipe.gguf none; do
    ingot convert "$work/model" -o out.gguf --mapping "$name"
    tried; expect_status 2 "--mapping $name"
  done
}

# A hub's cache: the folder has links out of itself, into a folder of blobs named by digest.
hub_cache() {
  local source name digest
  for source in model sharded; do
    mkdir -p "cache/models--x--$source/blobs" "cache/models--x--$source/snapshots/0123abcd"
    for name in "$work/$source"/*; do
      digest=$(sha256sum "$name" | cut -c1-64)
      cp "$name" "cache/models--x--$source/blobs/$digest"
      ln -s "../../blobs/$digest" "cache/models--x--$source/snapshots/0123abcd/$(basename "$name")"
    done
    ingot inspect "cache/models--x--$source/snapshots/0123abcd"
    tried; expect_status 0 "inspect a hub's cache ($source)"
    ingot convert "cache/models--x--$source/snapshots/0123abcd" -o "$source.gguf" --model-name same
    tried; expect_status 0 "convert a hub's cache ($source)"
    # The name of the folder is a fact of the model, so the plain one has the same.
    mkdir -p "plain/$source"; cp -r "$work/$source" "plain/$source/0123abcd"
    ingot convert "plain/$source/0123abcd" -o "plain-$source.gguf" --model-name same
    cmp -s "$source.gguf" "plain-$source.gguf" || finding "a hub's cache ($source): other bytes than the plain folder"
  done
  ingot convert cache/models--x--sharded/snapshots/0123abcd -o folder --max-shard-size 100K
  tried; expect_status 0 "a hub's cache to a folder"
  diff -rq folder "$work/folder" > /dev/null || finding "a hub's cache to a folder: other bytes"
  [ -z "$(find folder -type l)" ] || finding "a hub's cache to a folder: links in the output"
}

# Numbers in config.json and in an index that arithmetic or loops could trip over.
hostile_numbers() {
  local key value
  cp -r "$work/model" numbers; slowest=0 largest=0
  for key in num_hidden_layers vocab_size hidden_size intermediate_size num_attention_heads num_key_value_heads head_dim \
    max_position_embeddings rope_theta rms_norm_eps sliding_window bos_token_id
  do
    for value in 0 -1 1 3 1000000000000 9223372036854775807 9223372036854775808 -9223372036854775808 1e300 1e999 0.5 null '"8"' '[]'
    do
      perl -pe 's/"'$key'": [^,\n]*//; s/^\{/{"'$key'": '"$value"',/; s/^\s*,\s*$//' "$work/model/config.json" > numbers/config.json
      measure convert numbers -o out.gguf --dry-run
      tried; expect_status "0 2" "$key $value"
      [ "$took" -le 1000 ] || finding "$key $value: $took ms"
      [ "$peak" -le 65536 ] || finding "$key $value: $((peak / 1024)) MiB"
      [ "$took" -gt $slowest ] && slowest=$took
      [ "$peak" -gt $largest ] && largest=$peak
    done
  done
  note="slowest $slowest ms, largest $((largest / 1024)) MiB"
}

# Random changes of files, on two cores.
mutations() {
  local half pids=()
  for half in 1 2; do
    mkdir "$half"; cp "$work/definition.json" "$half"
    (ulimit -v 4000000 -c 0; perl "$root/scripts/faults/mutate.pl" "$program" "$root/fixtures" $((cases / 2)) \
      $((seed * 2 + half)) "$PWD/$half") > "$half.log" 2>&1 & pids+=($!)
  done
  for half in 1 2; do
    wait "${pids[$((half - 1))]}"
    read -r _ count found < <(grep '^TOTAL' "$half.log") || { finding "the mutator stopped: $(tail -3 "$half.log")"; continue; }
    tried "$count"; finding_count=$((finding_count + found))
    grep -A1 FINDING "$half.log" | head -20
    note="$note$(grep slowest "$half.log" | tr -s ' ') "
    if [ "$found" != 0 ]; then mkdir -p "$root/.build/fault-findings"; cp "$half"/finding-* "$root/.build/fault-findings"; fi
  done
}
