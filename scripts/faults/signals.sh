# Runs that are killed or interrupted at random times.

# Waits up to a little more than a run on the large model takes; `delay` says how many milliseconds.
sleep_randomly() {
  delay=$((RANDOM * (large_milliseconds + 40) / 32768))
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
}

killed() {
  local run delay complete=0
  for run in $(seq 1 "$kills"); do
    "$program" convert "$work/large" -o out.gguf --quiet 2> /dev/null & local pid=$!
    sleep_randomly
    kill -KILL $pid 2> /dev/null; wait $pid 2> /dev/null
    tried
    if [ -e out.gguf ]; then
      complete=$((complete + 1))
      cmp -s out.gguf "$work/large.gguf" || finding "killed: wrong bytes under the final name"
    fi
    rm -f out.gguf
  done
  ingot convert "$work/large" -o out.gguf
  expect_status 0 "the run after $kills kills"
  cmp -s out.gguf "$work/large.gguf" || finding "the run after $kills kills: wrong bytes"
  expect_names . "the run after $kills kills" out.gguf
  note="$complete were done already"
}

# What a killed run left goes with the next run; what a living one writes, or another name's, stays.
stale_files() {
  local name
  touch .out.gguf.ingot-4194305-abc.partial .other.gguf.ingot-4194305-abc.partial .out.gguf.ingot-x.partial
  ln -s "$work/model.gguf" .out.gguf.ingot-4194305-link.partial
  touch .out.gguf.ingot-$$-living.partial
  ingot convert "$work/model" -o out.gguf
  tried 5; expect_status 0 "stale files"
  for name in .other.gguf.ingot-4194305-abc.partial .out.gguf.ingot-x.partial .out.gguf.ingot-$$-living.partial; do
    [ -e $name ] || finding "stale files: $name was removed"
  done
  [ ! -e .out.gguf.ingot-4194305-abc.partial ] || finding "stale files: the dead run's file stays"
  cmp -s "$work/model.gguf" out.gguf || finding "stale files: a link's target was touched"
}

interrupt_with() {
  local name=$1 expected=$2 output=$3 reference=$4 run delay pid begin took; shift 4
  for run in $(seq 1 "$interrupts"); do
    # A shell ignores SIGINT for what it starts in the background; `env` gives it back.
    env --default-signal=INT,HUP,TERM "$program" convert "$work/large" -o "$output" --quiet "$@" 2> "$work/err" & pid=$!
    sleep_randomly
    begin=$(milliseconds)
    kill -"$name" $pid 2> /dev/null; wait $pid 2> /dev/null; status=$?
    took=$(($(milliseconds) - begin))
    tried
    if [ $status = 0 ]; then
      diff -rq "$output" "$reference" > /dev/null || finding "SIG$name after $delay ms: done, with wrong bytes"
    else
      [ $status = "$expected" ] || finding "SIG$name after $delay ms: status $status, expected $expected: $(head -c 200 "$work/err")"
      expect_names . "SIG$name after $delay ms"
      [ $took -le 500 ] || finding "SIG$name after $delay ms: ended only after $took ms"
      [ $took -gt "$slowest" ] && slowest=$took
    fi
    rm -rf "$output" .[!.]*
  done
}

interrupted() {
  slowest=0
  interrupt_with INT 130 out.gguf "$work/large.gguf"
  interrupt_with TERM 143 out.gguf "$work/large.gguf"
  interrupt_with HUP 129 out.gguf "$work/large.gguf"
  note="slowest end $slowest ms"
}

interrupted_folders() {
  slowest=0
  "$program" convert "$work/large" -o "$work/large-folder" --max-shard-size 20M --quiet
  interrupt_with TERM 143 out "$work/large-folder" --max-shard-size 20M
  note="slowest end $slowest ms"
  rm -rf "$work/large-folder"
}

# Files of ranks are in folders within the output.
interrupted_grids() {
  slowest=0
  "$program" convert "$work/large" -o "$work/large-grid" --naming megatron --tensor-parallel 2 --quiet
  interrupt_with TERM 143 out "$work/large-grid" --naming megatron --tensor-parallel 2
  note="slowest end $slowest ms"
  rm -rf "$work/large-grid"
}
