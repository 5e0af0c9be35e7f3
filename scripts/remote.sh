#!/bin/bash
# Reads models from nginx on this machine, as from the hub and from a plain web server, and injects faults.
#
#   scripts/remote.sh [PROGRAM]     (default: .build/release/ingot)
#
# Needs Linux, nginx and openssl (apt-get install nginx-light openssl); says so when one is missing. Prints a line a case,
# fails if one fails.
set -uo pipefail
cd "$(dirname "$0")/.."
program=$(realpath -m "${1:-.build/release/ingot}")
nginx=$(command -v nginx || ls /usr/sbin/nginx 2> /dev/null)
[ -x "$program" ] || { echo "remote: $program is not there (run make build)"; exit 2; }
[ -n "$nginx" ] && command -v openssl > /dev/null || { echo "remote: needs nginx and openssl (apt-get install nginx-light openssl)"; exit 2; }

work=$(mktemp -d /tmp/ingot-remote.XXXXXX)
chmod 755 "$work"
trap 'kill $(cat "$work/nginx.pid" 2> /dev/null) 2> /dev/null; rm -rf "$work"' EXIT
commit=0123456789012345678901234567890123456789
failures=0

# The files: a model folder, a larger file of noise, and the hub's list of files.
mkdir -p "$work/files/model" "$work/api"
cp fixtures/yi/* "$work/files/model/"
head -c 40000000 /dev/urandom > "$work/noise"
python3 - "$work" <<'PYTHON'
# A safetensors file with one large tensor, so that a conversion takes several requests.
import json, struct, sys
data = open(sys.argv[1] + '/noise', 'rb').read()[:39999488]
header = json.dumps({'weight': {'dtype': 'U8', 'shape': [len(data)], 'data_offsets': [0, len(data)]}}).encode()
with open(sys.argv[1] + '/files/large.safetensors', 'wb') as file:
    file.write(struct.pack('<Q', len(header)) + header + data)
PYTHON
names=$(cd "$work/files/model" && printf '{"rfilename":"%s"},' *)
printf '{"sha":"%s","siblings":[%s]}' $commit "${names%,}" > "$work/api/revision"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null

cat > "$work/nginx.conf" <<CONFIG
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 256; }
http {
  access_log $work/access.log;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u;
  scgi_temp_path $work/s;
  gzip on; gzip_types *; gzip_min_length 1;
  limit_req_zone \$server_name zone=few:1m rate=2r/s;
  map \$http_authorization \$allowed { default 0; "Bearer secret" 1; }
  server {
    listen 127.0.0.1:18080;
    listen 127.0.0.1:18081;
    listen 127.0.0.1:18443 ssl;
    server_name localhost;
    ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
    root $work/files;
    location = /api/models/org/model/revision/main { if (\$allowed = 0) { return 401; } default_type application/json; alias $work/api/revision; }
    location /org/model/resolve/$commit/ {
      if (\$allowed = 0) { return 401; }
      rewrite ^/org/model/resolve/$commit/(.*)\$ http://127.0.0.1:18081/model/\$1 redirect;
    }
    location /slow/ { alias $work/files/; limit_rate 8m; }
    location /few/ { alias $work/files/; limit_req zone=few; limit_req_status 429; }
    location /whole/ { alias $work/files/; max_ranges 0; }
    location /plain/ { return 302 http://127.0.0.1:18081/\$request_uri; }
  }
}
CONFIG
start() { "$nginx" -p "$work" -c "$work/nginx.conf" 2>> "$work/error.log" || { cat "$work/error.log"; exit 2; }; }
stop() { kill "$(cat "$work/nginx.pid")" && while [ -e "$work/nginx.pid" ]; do sleep 0.05; done; }
start

export HF_ENDPOINT=http://127.0.0.1:18080 HF_HOME=$work/home HF_HUB_DOWNLOAD_TIMEOUT=5
plain=http://127.0.0.1:18081

# expect NAME STATUS WORDS COMMAND...: the status, and words of its output or errors.
expect() {
  local name=$1 status=$2 words=$3
  shift 3
  "$@" > "$work/out" 2> "$work/err" < /dev/null
  local found=$?
  if [ $found -eq "$status" ] && grep -qF -- "$words" "$work/out" "$work/err"; then
    printf 'ok      %s (%s)\n' "$name" "$(grep -h ^fetched "$work/err" || echo 'nothing fetched')"
  else
    printf 'FAILED  %s: status %s, expected %s with %s\n' "$name" $found "$status" "$words"
    sed 's/^/        /' "$work/err"
    failures=$((failures + 1))
  fi
}
same() {
  if cmp -s "$2" "$3"; then printf 'ok      %s\n' "$1"; else
    printf 'FAILED  %s: other bytes\n' "$1"
    failures=$((failures + 1))
  fi
}

expect "inspect of a hub model" 0 "architecture  yi" env HF_TOKEN=secret "$program" inspect hf:org/model
expect "no token" 2 "set HF_TOKEN" "$program" inspect hf:org/model
expect "inspect of a file" 0 "architecture  yi" "$program" inspect $plain/model/model.safetensors
expect "inspect of a folder" 0 "architecture  yi" "$program" inspect $plain/model/
expect "check" 0 "" env HF_TOKEN=secret "$program" check hf:org/model
expect "diff with the local folder" 0 "" env HF_TOKEN=secret "$program" diff hf:org/model fixtures/yi
expect "tensor" 0 "model.norm.weight" "$program" tensor $plain/model/model.safetensors model.norm.weight --columns 0:4
expect "convert" 0 "" env HF_TOKEN=secret "$program" convert hf:org/model -o "$work/remote.gguf" --type Q4_0
"$program" convert "$work/files/model" -o "$work/local.gguf" --type Q4_0 > /dev/null 2>&1
same "its bytes are those of the local conversion" "$work/remote.gguf" "$work/local.gguf"
expect "a header alone of a large file" 0 "" "$program" inspect $plain/large.safetensors
expect "https with the server's certificate" 0 "architecture  yi" env SSL_CERT_FILE="$work/cert.pem" "$program" inspect https://localhost:18443/model/
expect "https with an unknown certificate" 2 "certificate" "$program" inspect https://localhost:18443/model/
expect "no redirect from https to http" 2 "" env SSL_CERT_FILE="$work/cert.pem" "$program" inspect https://localhost:18443/plain/model/model.safetensors
expect "two requests a second" 0 "architecture  yi" "$program" inspect $plain/few/model/model.safetensors
expect "no ranges" 2 "sends files only whole" "$program" inspect $plain/whole/model/model.safetensors
expect "nothing there" 2 "does not exist" "$program" inspect $plain/model/other.gguf

# A server that ends and starts again in the middle of a conversion.
"$program" convert $plain/slow/large.safetensors -o "$work/restarted.safetensors" --type keep > "$work/out" 2> "$work/err" < /dev/null &
converting=$!
sleep 1
stop
sleep 1
start
wait $converting
[ $? -eq 0 ] || { echo "FAILED  a server that restarts: $(cat "$work/err")"; failures=$((failures + 1)); }
"$program" convert "$work/files/large.safetensors" -o "$work/whole.safetensors" --type keep > /dev/null 2>&1
same "a server that restarts: $(grep ^fetched "$work/err")" "$work/restarted.safetensors" "$work/whole.safetensors"

# A file that is replaced in the middle.
"$program" convert $plain/slow/large.safetensors -o "$work/changed.safetensors" --type keep > "$work/out" 2> "$work/err" < /dev/null &
converting=$!
sleep 1.5
cp "$work/noise" "$work/files/new" && mv "$work/files/new" "$work/files/large.safetensors"
wait $converting
if [ $? -ne 0 ] && [ ! -e "$work/changed.safetensors" ] && grep -q "changed on the server" "$work/err"; then
  echo "ok      a file that is replaced meanwhile ($(grep error "$work/err" | sed 's/.*safetensors: //'))"
else
  echo "FAILED  a file that is replaced meanwhile: $(cat "$work/err")"
  failures=$((failures + 1))
fi

[ $failures -eq 0 ] && echo "remote: no failures" || { echo "remote: $failures failures"; exit 1; }
