#!/usr/bin/env bash
# Reads the service's events with clients that are not ours, in other languages, by the registry
# alone: check_events.py and readers.sh say what is checked; api.sh asks the API. Needs Python 3.11, a
# JDK 17, Maven, Go 1.24, PostgreSQL's programs, and a Kafka and an Apicurio Registry, as `npm run dev`
# has them, at KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL; topics and subjects are its own. Ends
# with 0 when everything was right. `run.sh events` or `run.sh api` runs one half of it.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/test/interop
kafka=${KAFKA_BOOTSTRAP_SERVERS:-localhost:9092}
registry=${SCHEMA_REGISTRY_URL:-http://localhost:8081}
partitions=7
start_seconds=60
stop_seconds=20

temp=$(mktemp -d)
service=
database=sqlite::memory:
trap 'stop_service; stop_postgres; rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM

# The Node that package.json pins, as under npm run.
export PATH=$root/node_modules/.bin:$PATH
export PYTHONDONTWRITEBYTECODE=1

# Kept between runs; installing what is there already takes a second.
venv=$root/.dev/interop-venv
python=$venv/bin/python

install() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo 'This needs Python 3.11 as python3' >&2
    return 1
  }
  [ -d "$root/node_modules" ] || (cd "$root" && npm ci) || return 1
  [ -x "$python" ] || python3 -m venv "$venv" || return 1
  "$python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$root/examples/python/requirements.txt"
}

# shellcheck source=test/interop/readers.sh
. "$here/readers.sh"

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

is_ready() {
  python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' \
    "$url/health/ready" 2>"$temp/ready"
}

# In a folder of its own: it must not read our .env.
start_service() {
  local port
  port=$(free_port)
  url=http://127.0.0.1:$port
  (
    cd "$temp" &&
      exec env API_HOST=127.0.0.1 API_PORT="$port" DATABASE_URL="$database" LOG_LEVEL=warn \
        KAFKA_BOOTSTRAP_SERVERS="$kafka" SCHEMA_REGISTRY_URL="$registry" KAFKA_TOPIC="$topic" \
        KAFKA_TOPIC_PARTITIONS=$partitions KAFKA_KEY_FORMAT="$key_format" \
        node "$root/src/main.mjs" >"$temp/service.log" 2>&1
  ) &
  service=$!
  local end=$((SECONDS + start_seconds))
  until is_ready; do
    if ! kill -0 "$service" 2>/dev/null || ((SECONDS > end)); then
      echo "  FAILED  the service did not get ready; it wrote:" >&2
      cat "$temp/service.log" >&2
      stop_service
      return 1
    fi
    sleep 0.2
  done
}

# Returns how it ended.
stop_service() {
  [ -n "$service" ] || return 0
  kill -TERM "$service" 2>/dev/null
  local end=$((SECONDS + stop_seconds))
  while kill -0 "$service" 2>/dev/null && ((SECONDS < end)); do sleep 0.1; done
  kill -KILL "$service" 2>/dev/null
  wait "$service"
  local code=$?
  service=
  [ $code -eq 0 ] || echo "  FAILED  the service ended with $code" >&2
  return $code
}

# shellcheck source=test/interop/api.sh
. "$here/api.sh"

# check TITLE KEY_FORMAT [leave-old-topic]
check() {
  local title=$1
  key_format=$2
  topic=interop-$(date +%s)-$$-${title// /-}
  echo "$title ($topic)"
  local where=(--bootstrap-servers "$kafka" --schema-registry "$registry" --topic "$topic")
  local code=0
  if [ "${3:-}" = leave-old-topic ]; then
    "$python" "$here/check_events.py" leave-old-topic "${where[@]}" --partitions $partitions ||
      return 1
  fi
  start_service || return 1
  "$python" "$here/check_events.py" check "${where[@]}" --partitions $partitions --url "$url" \
    --key-format "$key_format" || code=1
  "$python" "$here/check_examples.py" "${where[@]}" --url "$url" --key-format "$key_format" || code=1
  check_readers || code=1
  stop_service || code=1
  [ $code -eq 0 ] || cat "$temp/service.log" >&2
  return $code
}

# The consumers' side alone: no service is needed, what it reads is planted.
check_apply_events() {
  local topic
  topic=interop-$(date +%s)-$$-apply
  echo "planted repeats, gaps and garbage ($topic)"
  "$python" "$here/check_visible_text.py" || return 1
  "$python" "$here/check_apply_events.py" --bootstrap-servers "$kafka" \
    --schema-registry "$registry" --topic "$topic"
}

install || exit 1
half=${1:-both}
failed=0
if [ "$half" != api ]; then
  install_readers || exit 1
  check_apply_events || failed=1
  check 'string keys' string || failed=1
  check 'avro keys' avro || failed=1
  check 'avro keys on the topic of the old service' avro leave-old-topic || failed=1
fi
if [ "$half" != events ]; then
  check_api SQLite sqlite::memory: || failed=1
  { start_postgres && check_api PostgreSQL "$postgres_url"; } || failed=1
fi
exit $failed
