#!/usr/bin/env bash
# Kafka in its image, as the settings in its directory say; formats its storage first, with the administrator's
# account, unless it is.
set -euo pipefail
here=/run/kobling/kafka
if ! [ -e /var/lib/kafka/data/meta.properties ]; then
  # It prints what it writes, hashes of the password among that, which would stand in the container's log.
  /opt/kafka/bin/kafka-storage.sh format --standalone --cluster-id "$(cat "$here/cluster.id")" \
    --config "$here/server.properties" \
    --add-scram "SCRAM-SHA-512=[name=administrator,password=$(cat "$here/administrator.password")]" >/dev/null
fi
exec /opt/kafka/bin/kafka-server-start.sh "$here/server.properties"
