#!/usr/bin/env bash
# kustomize for the tests of manifests, by Go's own client, below .run: nothing is installed. Where neither it nor kubectl nor
# Go is there, those tests are skipped and say so.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v kustomize >/dev/null || command -v kubectl >/dev/null && exit 0
[ -x .run/kustomize/kustomize ] && exit 0
command -v go >/dev/null || {
  echo "kustomize: neither on the PATH, nor kubectl, nor Go to make it with" >&2
  exit 0
}
mkdir -p .run/kustomize
GOBIN=$PWD/.run/kustomize go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
