#!/usr/bin/env bash
# MongoDB in its image: one member of a replica set, which speaks TLS and lets nobody in without a password.
set -euo pipefail
here=/run/kobling/mongodb
# It takes a key file that only its owner can read.
install -m 0400 "$here/keyfile" /tmp/keyfile
exec mongod --quiet --bind_ip_all --nounixsocket --replSet kobling --dbpath /data/db --keyFile /tmp/keyfile \
  --tlsMode requireTLS --tlsCertificateKeyFile "$here/mongodb.pem" --tlsCAFile /run/kobling/ca/ca.pem \
  --tlsAllowConnectionsWithoutCertificates \
  --wiredTigerCacheSizeGB "${CACHE_GB:-1}" --oplogSize 1024 --setParameter transactionLifetimeLimitSeconds=10
