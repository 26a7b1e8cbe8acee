#!/usr/bin/env bash
# Makes the schemas beside this file anew from what their owners publish, by Go's and Maven's ordinary clients.
# Needs Go, Maven, and Java 21 or newer (JAVA names another `java`). What comes out is committed: tests need none of these.
set -euo pipefail
cd "$(dirname "$0")/../../.."
KUBERNETES=k8s.io/kubernetes@v1.37.2
KEDA=github.com/kedacore/keda/v2@v2.21.0
PROMETHEUS=github.com/prometheus-operator/prometheus-operator@v0.85.0
STRIMZI=1.2.0

work=.run/schemas
rm -rf "$work"
mkdir -p "$work/crds"
sources=$PWD/$work

module() { # name@version: where it was unpacked
    (cd "$work" && go mod download -json "$1") | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}
kubernetes=$(module "$KUBERNETES")
keda=$(module "$KEDA")
prometheus=$(module "$PROMETHEUS")
cp "$kubernetes/api/openapi-spec/swagger.json" "$work/kubernetes.json"
cp "$keda"/config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml "$work/crds/"
cp "$prometheus/example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml" "$work/crds/"

# Strimzi makes its own definitions with this generator, from the classes of its interface.
cat >"$work/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>no.kobling</groupId><artifactId>schemas</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>$STRIMZI</version></dependency>
    <dependency><groupId>io.strimzi</groupId><artifactId>crd-generator</artifactId><version>$STRIMZI</version></dependency>
  </dependencies>
</project>
POM
mvn -q -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$sources/jars"
"${JAVA:-java}" -cp "$work/jars/*" io.strimzi.crdgenerator.CrdGenerator --yaml \
    "io.strimzi.api.kafka.model.topic.KafkaTopic=$sources/crds/kafkatopics.yaml" \
    "io.strimzi.api.kafka.model.user.KafkaUser=$sources/crds/kafkausers.yaml"

.venv/bin/python -m deploy.kubernetes.schemas.trim "$work" \
    "$KUBERNETES" "$KEDA" "$PROMETHEUS" "io.strimzi:api:$STRIMZI"
