#!/usr/bin/env bash
# `make demo-compose`: June 2016 in Bergen on a fresh installation in containers, which goes when it is over. KEEP=1
# leaves it up, on the ports of docker-compose.yml.
set -euo pipefail
cd "$(dirname "$0")/../.."
compose() { docker compose --project-name kobling-demo --profile demo "$@"; }
if [ "${KEEP:-}" != 1 ]; then
  trap 'compose down --volumes --timeout 20 >/dev/null 2>&1' EXIT
  # Any free ports: one that stays may be up beside it.
  export KAFKA_PORT=0 REPORTING_PORT=0
fi
compose down --volumes >/dev/null 2>&1
compose build
begins=$(date -u -d 2016-06-15T08:00:00Z +%s 2>/dev/null || date -u -j -f %Y-%m-%dT%H:%M:%SZ 2016-06-15T08:00:00Z +%s)
export CLOCK_OFFSET="-PT$(($(date +%s) - begins))S" PUBLISH_EVERY=PT1S
export SETUP="--municipality no-4601 --operator bergen-redcross-1 --operator bergen-redcross-2 --operator bergen-intro-1"
docker compose --project-name kobling-demo up --detach --wait
[ "${KEEP:-}" != 1 ] || echo "it stays up; remove it with: docker compose --project-name kobling-demo down --volumes"
compose run --rm --no-deps demo
