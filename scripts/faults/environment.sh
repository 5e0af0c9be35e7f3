# Streams, settings, limits and names that are out of the ordinary.

closed_streams() {
  local words
  for words in "inspect $work/model" "inspect $work/model --json" "inspect $work/model.gguf --metadata tokenizer.ggml.tokens" \
    "convert $work/model -o out.gguf" "convert $work/model -o out.gguf --json" "convert $work/model -o out.gguf --dry-run" \
    formats "architectures llama" --help --version
  do
    "$program" $words > /dev/full 2> "$work/err" < /dev/null; status=$?
    tried; expect_status 3 "$words > /dev/full"; stream_output "$words"
    "$program" $words >&- 2> "$work/err" < /dev/null; status=$?
    tried; expect_status 3 "$words, stdout closed"; stream_output "$words"
    "$program" $words > "$work/std" 2> "$work/err" <&-; status=$?
    tried; expect_status 0 "$words, stdin closed"; stream_output "$words"
    "$program" $words > "$work/std" 2>&- < /dev/null; status=$?
    tried; [ $status = 0 ] || finding "$words, stderr closed: status $status"; stream_output "$words"
    "$program" $words <&- >&- 2>&-; status=$?
    tried; [ $status = 3 ] || finding "$words, all closed: status $status"; stream_output "$words"
    # A reader that is gone ends it without a word.
    (trap '' PIPE; sleep 0.05; "$program" $words 2> "$work/err"; echo $? > "$work/status") | true; sleep 0.15; status=$(cat "$work/status")
    tried; [[ $status =~ ^[03]$ ]] || finding "$words, reader gone: status $status"; stream_output "$words"
  done
  "$program" inspect "$work/none" 2> /dev/full > "$work/std"; status=$?
  tried; [ $status = 2 ] || finding "errors into a full device: status $status"
}

stream_output() {
  expect_all_or_nothing "$PWD/out.gguf" "$work/model.gguf" "$1"; rm -f out.gguf
}

environments() {
  local setting
  for setting in LC_ALL=C LC_ALL=tr_TR.UTF-8 LC_ALL=de_DE LC_ALL=nonsense TZ=Pacific/Kiritimati TZ=:/etc/passwd HOME= \
    HOME=/nonexistent TMPDIR=/nonexistent NO_COLOR=1 TERM=dumb COLUMNS=1 COLUMNS=-5 PATH= LIBDISPATCH_COOPERATIVE_POOL_STRICT=1
  do
    env "$setting" "$program" convert "$work/model" -o out.gguf > "$work/std" 2> "$work/err"; status=$?
    tried; expect_status 0 "$setting"; cmp -s out.gguf "$work/model.gguf" || finding "$setting: other bytes"; rm -f out.gguf
  done
  env -i "$program" convert "$work/model" -o out.gguf > "$work/std" 2> "$work/err"; status=$?
  tried; expect_status 0 "no environment"; cmp -s out.gguf "$work/model.gguf" || finding "no environment: other bytes"
  (umask 777; "$program" convert "$work/model" -o masked.gguf > "$work/std" 2> "$work/err"); status=$?
  tried; expect_status 0 "umask 777"
  mkdir gone
  (cd gone && rmdir ../gone && "$program" convert "$work/model" -o "$work/run/elsewhere.gguf" > "$work/std" 2> "$work/err"); status=$?
  tried; expect_status 0 "working folder removed"
  cmp -s elsewhere.gguf "$work/model.gguf" || finding "working folder removed: other bytes"
  mkdir gone
  (cd gone && rmdir ../gone && "$program" convert "$work/model" -o out.gguf > "$work/std" 2> "$work/err"); status=$?
  tried; expect_status 3 "output in a removed working folder"
  for setting in 1 2 3 7; do
    ingot convert "$work/model" -o threads.gguf --threads $setting
    tried; cmp -s threads.gguf "$work/model.gguf" || finding "--threads $setting: other bytes"; rm -f threads.gguf
  done
}

few_descriptors() {
  local limit
  for limit in 64 32 16 12 10 8 7 6 5 4; do
    (ulimit -n $limit; exec "$program" convert "$work/sharded" -o out --max-shard-size 100K) > "$work/std" 2> "$work/err"; status=$?
    tried
    # 64 must do; the fewer must fail cleanly.
    if [ $limit = 64 ]; then expect_status 0 "ulimit -n $limit"
    elif [ $status != 127 ]; then expect_status "0 2 3" "ulimit -n $limit"; fi
    expect_all_or_nothing "$PWD/out" "$work/folder" "ulimit -n $limit"
    rm -rf out
  done
  # More shards than descriptors.
  (ulimit -n 64; exec "$program" convert "$work/large" -o many --max-shard-size 1M) > "$work/std" 2> "$work/err"; status=$?
  tried; expect_status "0 3" "ulimit -n 64, many shards"
  [ $status = 0 ] || [ ! -e many ] || finding "ulimit -n 64, many shards: left $(ls -A many | head -2)"
  note="a set of more shards than descriptors: status $status"
}

long_paths() {
  local name long deep length
  for length in 255 254 230 200; do
    name=$(printf '%*s' $((length - 5)) '' | tr ' ' n).gguf
    ingot convert "$work/model" -o "$name"
    tried; expect_status 0 "a name of $length bytes"; cmp -s "$name" "$work/model.gguf" || finding "a name of $length bytes: wrong bytes"
    rm -f "$name"
  done
  name=$(printf '%*s' 251 '' | tr ' ' n).gguf
  ingot convert "$work/model" -o "$name"
  tried; expect_status 3 "a name of 256 bytes"
  name=$(printf 'é%.0s' $(seq 1 125)).gguf
  ingot convert "$work/model" -o "$name"
  tried; expect_status 0 "a name of 255 bytes in two-byte letters"; rm -f ./*.gguf
  deep=$PWD
  while [ ${#deep} -lt 3850 ]; do deep=$deep/$(printf '%*s' 200 '' | tr ' ' d); done
  mkdir -p "$deep"; cp -r "$work/model" "$deep/in"
  ingot convert "$deep/in" -o "$deep/out.gguf"
  tried; expect_status "0 3" "a path of $((${#deep} + 9)) bytes"
  long=$(printf '%*s' 5000 '' | tr ' ' x)
  ingot inspect "$long"; tried; expect_status 2 "inspect a path of 5,000 bytes"
  ingot inspect "/$(printf 'x/%.0s' $(seq 1 3000))"; tried; expect_status 2 "inspect a path of 6,000 bytes"
  ingot convert "$work/model" -o "$long"; tried; expect_status 3 "write a path of 5,000 bytes"
  rm -rf "${deep:0:$((${#PWD} + 201))}"
}

odd_names() {
  local name
  for name in $'new\nline.gguf' $'esc\e[31m.gguf' ' .gguf' '-dash.gguf' '$(x).gguf' 'a:b.gguf' "quo'te.gguf" '日本.gguf' $'\u202ertl.gguf'; do
    ingot convert "$work/model" -o "./$name" --json
    tried; expect_status 0 "output named $(printf %q "$name")"
    cmp -s "./$name" "$work/model.gguf" || finding "output named $(printf %q "$name"): wrong bytes"
    ingot inspect "./$name" --json
    tried; expect_status 0 "inspect $(printf %q "$name")"
    perl -0777 -ne 'exit 1 if /[\x00-\x09\x0b-\x1f]/' "$work/std" || finding "inspect $(printf %q "$name"): control characters in JSON"
    ingot inspect "./$name"
    tried; perl -0777 -ne 'exit 1 if /[\x00-\x09\x0b-\x1f]/' "$work/std" || finding "inspect $(printf %q "$name"): control characters"
    rm -f "./$name"
  done
  # Names that are not UTF-8: works or is refused in so many words, but never writes another name.
  for name in $'\xff\xfe.gguf' $'caf\xe9.gguf'; do
    cp "$work/model.gguf" "$name"
    ingot inspect "$name"; tried; expect_status "0 2 64" "inspect a name that is not UTF-8"
    rm -f "$name"
    ingot convert "$work/model" -o "$name"
    tried; expect_status "0 3 64" "write a name that is not UTF-8"
    [ $status != 0 ] || [ -e "$name" ] || finding "a name that is not UTF-8: written as $(ls | head -1 | od -c | head -1)"
    [ $status = 0 ] || expect_names . "a name that is not UTF-8"
    rm -f -- *.gguf
  done
  cp -r "$work/model" folder; touch folder/$'\xff.txt' folder/$'a\nb.txt'
  ingot convert folder -o out
  tried; expect_status "0 2" "a folder with odd names"
}

little_memory() {
  local limit reached=''
  for limit in 2000000 1000000 500000 300000 200000 150000 120000 100000; do
    (ulimit -v $limit -c 0; exec "$program" convert "$work/model" -o out.gguf --threads 2) > "$work/std" 2> "$work/err"; status=$?
    tried
    # Below what it needs a signal is allowed, an incomplete output is not.
    [ $limit -lt 500000 ] || expect_status 0 "ulimit -v $limit"
    [ $status = 0 ] && reached=$limit
    if [ -e out.gguf ]; then cmp -s out.gguf "$work/model.gguf" || finding "ulimit -v $limit: wrong bytes"; fi
    rm -rf out.gguf .[!.]*
  done
  measure convert "$work/large" -o out.gguf
  tried; expect_status 0 "a large model"
  [ "$peak" -le 204800 ] || finding "a large model: peak $((peak / 1024)) MiB"
  note="works with ulimit -v $reached; $(($(stat -c %s "$work/large.gguf") >> 20)) MiB convert with $((peak / 1024)) MiB resident"
}
