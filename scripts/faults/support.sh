# What all classes use: running the program, and telling whether what it left is right.

case_count=0 finding_count=0 total_cases=0 total_findings=0 title=''

# A finding of the class that runs.
finding() {
  finding_count=$((finding_count + 1))
  [ $finding_count -le 5 ] && printf '  FINDING %s\n' "$*"
}

tried() { case_count=$((case_count + ${1:-1})); }

run_class() {
  case_count=0 finding_count=0 title=${1//_/ } note=''
  rm -rf "$work/run"; mkdir "$work/run"; cd "$work/run" || exit 2
  "$1"
  cd "$root" || exit 2
  printf '%-44s %7d %9d%s\n' "$title" $case_count $finding_count "${note:+   $note}"
  total_cases=$((total_cases + case_count)) total_findings=$((total_findings + finding_count))
}

finish() {
  printf '%-44s %7d %9d   %d s, seed %d\n' total $total_cases $total_findings "$1" "$seed"
  [ $total_findings -eq 0 ]
}

# Runs the program with a time limit; sets `status` and leaves `err` and `std` in $work.
ingot() {
  timeout -k 1 20 "$program" "$@" > "$work/std" 2> "$work/err" < /dev/null
  status=$?
}

# The status must be one of the words in $1, errors must be said, and on few lines.
expect_status() {
  local allowed=" $1 "; shift
  [[ $allowed == *" $status "* ]] || { finding "$*: status $status, expected$allowed($(head -c 200 "$work/err"))"; return; }
  if [ "$status" -ge 2 ]; then
    [ -s "$work/err" ] || finding "$*: status $status and not a word"
    [ "$(wc -l < "$work/err")" -le 25 ] || finding "$*: $(wc -l < "$work/err") lines of errors"
  fi
}

expect_words() {
  grep -q -- "$1" "$work/err" || finding "$2: the error does not say \"$1\": $(head -c 200 "$work/err")"
}

# A folder must have exactly the names given.
expect_names() {
  local folder=$1 label=$2 names; shift 2
  names=$(ls -A "$folder" | tr '\n' ' ')
  [ "$names" = "${*:+$* }" ] || finding "$label: left \"$names\" in the folder, expected \"$*\""
}

# Under the final name stands nothing or the right bytes, and no temporary beside it.
expect_all_or_nothing() {
  local path=$1 reference=$2 label=$3 hidden
  if [ -e "$path" ]; then diff -rq "$path" "$reference" > /dev/null || finding "$label: wrong bytes under the final name"; fi
  hidden=$(find "$(dirname "$path")" -name '.*.partial' | head -3)
  [ -z "$hidden" ] || finding "$label: left $hidden"
}

milliseconds() { date +%s%3N; }

# The inputs, and what the program makes of them without any fault.
prepare() {
  cp -r "$root/fixtures/llama-gqa" "$work/model"
  cp -r "$root/fixtures/llama-sharded" "$work/sharded"
  cp "$root/Sources/Architectures/Definitions/llama.json" "$work/definition.json"
  perl "$root/scripts/faults/large_model.pl" "$work/large" "$work/model" 160
  cc -O1 -shared -fPIC -o "$work/short_io.so" "$root/scripts/faults/short_io.c" -ldl || exit 2
  "$program" convert "$work/model" -o "$work/model.gguf" --quiet &&
    "$program" convert "$work/sharded" -o "$work/folder" --max-shard-size 100K --quiet &&
    "$program" convert "$work/model" -o "$work/split.gguf" --max-shard-size 100K --quiet &&
    "$program" convert "$work/large" -o "$work/large.gguf" --quiet || { echo "faults: a plain conversion fails"; exit 1; }
  mkdir "$work/split"; mv "$work"/split-*.gguf "$work/split"
  local begin; begin=$(milliseconds)
  "$program" convert "$work/large" -o "$work/large-again.gguf" --quiet
  large_milliseconds=$(($(milliseconds) - begin))
  rm "$work/large-again.gguf"
}
