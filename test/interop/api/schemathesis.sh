#!/usr/bin/env bash
# Sends what schemathesis generates of the OpenAPI document, right and wrong, to the service at the given
# address: all operations, all checks. Needs Python 3.11.
#   schemathesis.sh URL [OPTIONS OF schemathesis run]
set -euo pipefail

url=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)

# Kept between runs; installing what is there already takes a second.
venv=$root/.dev/schemathesis-venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
# It leaves its files where it runs.
cd "$temp"
# Not of the service's own table: Python knows none.
CURRENCY_DECIMALS=$(node --print 'JSON.stringify(Object.fromEntries(
  Intl.supportedValuesOf("currency").map((currency) => {
    const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
    return [currency, maximumFractionDigits]
  }),
))')
export CURRENCY_DECIMALS PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here SCHEMATHESIS_HOOKS=schemathesis_hooks
"$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/openapi.json" --checks all \
  --no-color "$@"
