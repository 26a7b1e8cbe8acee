"""What a new JSON Schema would break of an old one. Pure.

Readers of what Kobling publishes rely on every field, its type and its being there; senders of inbound
records rely on whatever was accepted staying accepted. So the two directions differ: a value added to an
enumeration breaks a reader and no sender, a newly required field breaks a sender and no reader.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_SAME_ALWAYS = ("format", "pattern", "anyOf", "allOf", "oneOf", "not", "if", "then", "else")
"""Keywords whose change may mean anything: any change is a break."""
_NARROWING = ("format", "pattern")
"""Keywords that leave nothing but more to send once they are gone."""
_FLOORS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_CEILINGS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaking_changes(old: Schema, new: Schema, *, inbound: bool) -> list[str]:
    """One line for each thing that somebody relies on and that `new` no longer keeps, naming its path.

    `inbound`: outside systems write the record; else they read it.
    """
    return list(_Comparison(old, new, inbound).between(old, new, "record"))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two whole schemas, to which local references are resolved."""

    old: Schema
    new: Schema
    inbound: bool

    def between(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        """What breaks between two schemas at the same path."""
        before, before_null = _split(before, self.old)
        after, after_null = _split(after, self.new)
        if before_null != after_null and before_null == self.inbound:
            yield f"{path}: null is {'no longer accepted' if self.inbound else 'possible now'}"
        if before.get("type") != after.get("type"):
            yield f"{path}: was {before.get('type', 'anything')}, is {after.get('type', 'anything')}"
            return
        had, has = _kinds(before), _kinds(after)
        if had and has:
            yield from self._alternatives(had, has, path)
        for keyword in _SAME_ALWAYS:
            if self.inbound and keyword in _NARROWING and keyword not in after:
                continue
            # Alternatives that a field tells apart are compared one by one, above.
            if not (keyword == "oneOf" and had and has) and _written(before, keyword) != _written(
                after, keyword
            ):
                yield f"{path}: {keyword} has changed"
        yield from self._values(before, after, path)
        yield from self._fields(before, after, path)
        for keyword in ("items", "additionalProperties"):
            if isinstance(before.get(keyword), Mapping) and isinstance(after.get(keyword), Mapping):
                yield from self.between(before[keyword], after[keyword], f"{path}[]")
        if self.inbound and _is_closed(after) and not _is_closed(before):
            yield f"{path}: unknown fields are no longer accepted"

    def _alternatives(self, had: Mapping[str, Schema], has: Mapping[str, Schema], path: str) -> Iterator[str]:
        """What breaks between the kinds of object that may stand at a path."""
        lost = had.keys() - has.keys() if self.inbound else has.keys() - had.keys()
        for kind in sorted(lost):
            yield f"{path}: {kind} {'no longer accepted' if self.inbound else 'possible now'}"
        for kind in sorted(had.keys() & has.keys()):
            yield from self.between(had[kind], has[kind], f"{path}.{kind}")

    def _values(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        had, has = _choices(before), _choices(after)
        if had != has:
            first, second = (had, has) if self.inbound else (has, had)
            word = "no longer accepted" if self.inbound else "possible now"
            if first is None:
                yield f"{path}: other values {word}"
            elif second is not None and first - second:
                yield f"{path}: {', '.join(sorted(first - second))} {word}"
        if self.inbound:
            for keyword in _FLOORS:
                if after.get(keyword, float("-inf")) > before.get(keyword, float("-inf")):
                    yield f"{path}: {keyword} is higher"
            for keyword in _CEILINGS:
                if after.get(keyword, float("inf")) < before.get(keyword, float("inf")):
                    yield f"{path}: {keyword} is lower"

    def _fields(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        had, has = before.get("properties", {}), after.get("properties", {})
        for name, schema in had.items():
            if name not in has:
                yield f"{path}.{name}: removed"
            else:
                yield from self.between(schema, has[name], f"{path}.{name}")
        needed, needs = set(before.get("required", ())), set(after.get("required", ()))
        changed = needs - needed if self.inbound else needed - needs
        for name in sorted(changed):
            if self.inbound or name in has:
                yield f"{path}.{name}: {'required now' if self.inbound else 'no longer always there'}"
        for pattern, schema in before.get("patternProperties", {}).items():
            known = after.get("patternProperties", {}).get(pattern)
            if known is None:
                yield f"{path}: names of entries have changed"
            else:
                yield from self.between(schema, known, f"{path}[]")


def _split(schema: Schema, whole: Schema) -> tuple[Schema, bool]:
    """The schema behind its references and without null as an alternative, and whether null was one."""
    schema = _resolved(schema, whole)
    alternatives = schema.get("anyOf", ())
    others = [choice for choice in alternatives if choice.get("type") != "null"]
    if len(others) == len(alternatives):
        return schema, False
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(others) == 1:
        return {**rest, **_resolved(others[0], whole)}, True
    return {**rest, "anyOf": others}, True


def _resolved(schema: Schema, whole: Schema) -> Schema:
    while (reference := schema.get("$ref")) is not None:
        schema = whole["$defs"][reference.removeprefix("#/$defs/")]
    return schema


def _kinds(schema: Schema) -> dict[str, Schema]:
    """The alternatives of a schema by the value of the field that tells them apart."""
    named = schema.get("discriminator", {}).get("mapping", {})
    return {kind: {"$ref": reference} for kind, reference in named.items()}


def _choices(schema: Schema) -> set[str] | None:
    """The only values that are possible, as JSON; None where there is no such list."""
    if "const" in schema:
        return {json.dumps(schema["const"])}
    return {json.dumps(value) for value in schema["enum"]} if "enum" in schema else None


def _is_closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


def _written(schema: Schema, keyword: str) -> str | None:
    return json.dumps(schema[keyword], sort_keys=True) if keyword in schema else None
