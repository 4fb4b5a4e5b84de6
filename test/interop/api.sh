# For run.sh: asks the API of a service on each store by what schemathesis generates, and by generated
# clients; has its OpenAPI document judged (test/interop/api). Needs Python 3.11, Go 1.24 and PostgreSQL's programs.

postgres=

# It ends when its input does, so also when this script is killed.
start_postgres() {
  coproc POSTGRES { node "$here/api/postgres.ts"; }
  postgres=$POSTGRES_PID
  postgres_input=${POSTGRES[1]}
  read -r postgres_url <&"${POSTGRES[0]}"
}

stop_postgres() {
  [ -n "$postgres" ] || return 0
  exec {postgres_input}>&-
  wait "$postgres"
  postgres=
}

# check_api STORE DATABASE_URL
check_api() {
  local code=0
  database=$2
  key_format=string
  topic=interop-$(date +%s)-$$-api-$1
  echo "the API on $1 ($topic)"
  start_service || return 1
  if "$here/api/schemathesis.sh" "$url" >"$temp/schemathesis.log" 2>&1; then
    echo "  ok  schemathesis: $(grep 'generated,' "$temp/schemathesis.log")"
  else
    code=1
    cat "$temp/schemathesis.log" >&2
  fi
  "$here/api/clients.sh" "$url" || code=1
  # It is the same with every store.
  [ "$1" != SQLite ] || "$here/api/openapi.sh" "$url" || code=1
  stop_service || code=1
  [ $code -eq 0 ] || cat "$temp/service.log" >&2
  return $code
}
