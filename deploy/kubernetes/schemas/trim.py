"""`python -m deploy.kubernetes.schemas.trim DIRECTORY SOURCES…`: the schemas, from what `fetch.sh` found.

Descriptions and statuses go, and every object that has properties is closed to others: what a server
would drop or refuse, a misspelt field above all, is to be seen. Rules in CEL stay out: no validator here
reads them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.kubernetes.schemas import HERE, KINDS

_KEPT = frozenset(
    {
        *("$ref", "additionalProperties", "allOf", "anyOf", "enum", "exclusiveMaximum", "exclusiveMinimum"),
        *("items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minimum"),
        *("minProperties", "multipleOf", "not", "oneOf", "pattern", "properties", "required", "type"),
    }
)
_LOOSE = "x-kubernetes-preserve-unknown-fields"
_EITHER = "x-kubernetes-int-or-string"
_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which every object with properties has no others."""
    if schema.get(_EITHER) or schema.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    found: dict[str, Any] = {}
    for word in sorted(schema.keys() & _KEPT):
        content = schema[word]
        if word == "properties":
            found[word] = {name: strict(one) for name, one in sorted(content.items()) if name != "status"}
        elif word in {"allOf", "anyOf", "oneOf"}:
            # More of what the schema itself describes: closed, each would refuse the others' fields.
            found[word] = [dict(one) for one in content]
        elif word in {"items", "additionalProperties"} and isinstance(content, dict):
            found[word] = strict(content)
        else:
            found[word] = content
    if "properties" in found and "additionalProperties" not in found and not schema.get(_LOOSE):
        found["additionalProperties"] = False
    return found


def _named(schema: Any) -> set[str]:
    """The definitions that a schema refers to."""
    if isinstance(schema, dict):
        own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_named(one) for one in schema.values()))
    return set().union(*(_named(one) for one in schema)) if isinstance(schema, list) else set()


def kubernetes(document: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions of the kinds used here, and of all that they consist of."""
    found: dict[str, Any] = {}
    wanted = set(KINDS.values())
    while wanted:
        name = wanted.pop()
        found[name] = strict(document["definitions"][name])
        wanted |= _named(found[name]) - found.keys()
    for kind, name in KINDS.items():
        version, _, word = kind.rpartition("/")
        found[name]["required"] = sorted({*found[name].get("required", ()), "apiVersion", "kind", "metadata"})
        found[name]["properties"] |= {"apiVersion": {"const": version}, "kind": {"const": word}}
    return dict(sorted(found.items()))


def resource(definition: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The kinds that a CustomResourceDefinition brings, each version's by its name."""
    group, word = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    found = {}
    for version in definition["spec"]["versions"]:
        if not version["served"]:
            continue
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"] |= {
            "apiVersion": {"const": f"{group}/{version['name']}"},
            "kind": {"const": word},
            "metadata": metadata,
        }
        schema["required"] = sorted({*schema.get("required", ()), "apiVersion", "kind", "metadata", "spec"})
        found[f"{group}/{version['name']}/{word}"] = schema
    return found


def main(directory: Path, sources: list[str]) -> None:
    """Writes both files."""
    own = kubernetes(json.loads((directory / "kubernetes.json").read_text(encoding="utf-8")))
    # Metadata are the server's, and of a resource's own definition an object without fields.
    metadata = {
        **own[_METADATA],
        "properties": {
            name: {"type": "string"} if name in {"name", "namespace"} else {"type": "object"}
            for name in ("annotations", "labels", "name", "namespace")
        },
    }
    kinds: dict[str, Any] = {}
    for file in sorted((directory / "crds").glob("*.yaml")):
        kinds |= resource(yaml.safe_load(file.read_text(encoding="utf-8")), metadata)
    _write("kubernetes.json", {"source": sources[:1], "licence": "Apache-2.0", "definitions": own})
    _write("resources.json", {"source": sources[1:], "licence": "Apache-2.0", "kinds": kinds})


def _write(name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=False)
    (HERE / name).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
