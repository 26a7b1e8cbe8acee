#!/usr/bin/env bash
# Kafka in its image, as the settings in its directory say; formats its storage first, with the administrator's
# account, unless it is.
set -euo pipefail
here=/run/kobling/kafka
if ! [ -e /var/lib/kafka/data/meta.properties ]; then
  /opt/kafka/bin/kafka-storage.sh format --standalone --cluster-id "$(cat "$here/cluster.id")" \
    --config "$here/server.properties" \
    --add-scram "SCRAM-SHA-512=[name=administrator,password=$(cat "$here/administrator.password")]"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$here/server.properties"
