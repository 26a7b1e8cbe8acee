#!/usr/bin/env bash
# Debian's Prometheus with promtool, unpacked below .run: nothing is installed, and no service starts.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v prometheus >/dev/null && command -v promtool >/dev/null && exit 0
target=.run/prometheus
[ -x "$target/usr/bin/promtool" ] && exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo "prometheus: neither on the PATH nor to be had from Debian's packages here" >&2
  exit 1
}
rm -rf "$target"
mkdir -p "$target"
cd "$target"
apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }
dpkg-deb -x prometheus_*.deb .
