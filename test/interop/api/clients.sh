#!/usr/bin/env bash
# Generates a client in Go and one in TypeScript of the OpenAPI document of the service at the given
# address, and runs a program with each. Needs Go 1.24 and npm.
#   clients.sh URL
set -euo pipefail

url=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
export PATH=$root/node_modules/.bin:$PATH

oapi_codegen=github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
oapi_runtime=github.com/oapi-codegen/runtime@v1.9.0

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

mkdir "$temp/go"
cd "$temp/go"
cp "$here/go/main.go" .
curl --silent --fail --output openapi.json "$url/openapi.json"
go run "$oapi_codegen" -generate types,client -package main -o client.go openapi.json
go mod init interop 2>>log
{ go get "$oapi_runtime" && go mod tidy; } 2>>log || { cat log >&2 && exit 1; }
go run . "$url"
echo '  ok  a client in Go by oapi-codegen creates, updates and reads'

mkdir "$temp/typescript"
cd "$temp/typescript"
cp "$here/typescript/"* .
npm install --silent --no-audit --no-fund --ignore-scripts
npx openapi-typescript "$url/openapi.json" --output api.d.ts >log 2>&1 || { cat log >&2 && exit 1; }
npx tsc --project .
node main.ts "$url"
echo '  ok  a client in TypeScript by openapi-typescript creates, updates and reads'
