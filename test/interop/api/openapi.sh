#!/usr/bin/env bash
# Has the OpenAPI document of the service at the given address judged by tools of others: kin-openapi,
# Redocly CLI, Spectral. An error that one of them finds ends it with 1; warnings do not. Needs Go 1.24 and
# npm.
#   openapi.sh URL
set -euo pipefail

url=$1
root=$(cd "$(dirname "$0")/../../.." && pwd)
export PATH=$root/node_modules/.bin:$PATH

kin_openapi=github.com/getkin/kin-openapi/cmd/validate@v0.153.0
redocly=@redocly/cli@2.77.0
spectral=@stoplight/spectral-cli@6.16.3

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"

# Kept between runs, and no dependency of the repository: they bring hundreds of packages.
packages=$root/.dev/interop-openapi
npm install --prefix "$packages" --save-exact --ignore-scripts --loglevel=error --no-fund --no-audit \
  "$redocly" "$spectral" >log 2>&1 || { cat log >&2 && exit 1; }
bin=$packages/node_modules/.bin

# judge TOOL COMMAND...
judge() {
  local tool=$1
  shift
  if "$@" >log 2>&1; then
    echo "  ok  $tool finds no error in the OpenAPI document"
  else
    echo "  FAILED  $tool finds errors in the OpenAPI document" >&2
    cat log >&2
    failed=1
  fi
}

failed=0
curl --silent --fail --output openapi.json "$url/openapi.json"
judge kin-openapi go run "$kin_openapi" -- openapi.json
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
judge 'Redocly CLI' "$bin/redocly" lint --extends=recommended openapi.json
echo 'extends: spectral:oas' >spectral.yaml
judge Spectral "$bin/spectral" lint --ruleset spectral.yaml --fail-severity error openapi.json
exit $failed
