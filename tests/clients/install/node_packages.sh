#!/bin/bash
# Installs what comes from npm beside the tests, exactly as locked: the AWS SDK for JavaScript, nu,
# and what builds the browser extension.
# Does nothing when that is done.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
    echo "npm is missing: the tests of the JavaScript SDK, of nu and of the extension will be skipped" >&2
    exit 0
fi
for folder in js nu ../../extension; do
    wanted=$(cat "$folder/package.json" "$folder/package-lock.json" | sha256sum)
    if [ "$(cat "$folder/node_modules/.usher-recipe" 2>/dev/null)" != "$wanted" ]; then
        (cd "$folder" && npm ci --loglevel=error </dev/null)
        mkdir -p "$folder/node_modules"
        printf '%s\n' "$wanted" >"$folder/node_modules/.usher-recipe"
    fi
done
