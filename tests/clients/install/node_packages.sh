#!/bin/bash
# Installs the AWS SDK for JavaScript beside its test, exactly as locked. Does nothing when that is done.
set -euo pipefail
cd "$(dirname "$0")/../js"

if ! command -v npm >/dev/null; then
    echo "npm is missing: the JavaScript SDK's tests will be skipped" >&2
    exit 0
fi
wanted=$(cat package.json package-lock.json | sha256sum)
if [ -f node_modules/.usher-recipe ] && [ "$(cat node_modules/.usher-recipe)" = "$wanted" ]; then
    exit 0
fi
npm ci --loglevel=error </dev/null
printf '%s\n' "$wanted" >node_modules/.usher-recipe
