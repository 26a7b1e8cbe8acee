#!/usr/bin/env bash
# Compiles the lock files: one of the core, one for the command line, one for each service's image, one for the
# image that sets an installation up and plays the demonstration, one with everything for development, one of what
# makes the wheel, one for uv itself.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { # output, arguments…
    local output=requirements/$1.txt
    shift
    .venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --universal \
        --python-version 3.11 --output-file "$output" "$@"
}
compile dev --all-extras pyproject.toml
compile core --constraints requirements/dev.txt pyproject.toml
for service in intake matching notifications reporting; do
    compile "$service" --extra "$service" --extra traces --constraints requirements/dev.txt pyproject.toml
done
compile cli --extra cli --constraints requirements/dev.txt pyproject.toml
compile installation --extra cli --extra demo --constraints requirements/dev.txt pyproject.toml
compile build --group pyproject.toml:build --constraints requirements/dev.txt
awk '/^uv==/ {on = 1; print; next} on && /^[a-z]/ {exit} on' requirements/dev.txt >requirements/uv.txt
