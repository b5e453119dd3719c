"""Types of fields by a mapping, values of a document, and what the server refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

TYPES = {"text", "keyword", "long", "double", "boolean", "date", "object"}


class Refused(Exception):
    """What a server answers with an error."""

    def __init__(self, status: int, kind: str, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason


def only_keys(body: Mapping[str, Any], *known: str) -> None:
    if unknown := set(body) - set(known):
        raise Refused(400, "parsing_exception", f"unknown field {sorted(unknown)}")


class FieldMapping:
    """The fields of one index; new ones come from dynamic templates, or are refused."""

    def __init__(self, mappings: Mapping[str, Any]) -> None:
        only_keys(mappings, "dynamic", "dynamic_templates", "properties")
        self.is_strict = mappings.get("dynamic") == "strict"
        self.fields = dict(mappings.get("properties", {}))
        for name, field in self.fields.items():
            only_keys(field, "type", "analyzer", "index", "doc_values", "dynamic", "copy_to")
            if field["type"] not in TYPES:
                raise Refused(
                    400, "mapper_parsing_exception", f"No handler for type [{field['type']}] of {name}"
                )
        self.templates = [next(iter(each.values())) for each in mappings.get("dynamic_templates", ())]

    def field(self, path: str) -> Mapping[str, Any] | None:
        """None where no document has such a field: it is asked for, and nothing is found."""
        return self.fields.get(path)

    def kind(self, path: str) -> str | None:
        field = self.field(path)
        return None if field is None else field["type"]

    def searchable(self, path: str) -> str | None:
        field = self.field(path)
        if field is None:
            return None
        if field.get("index", True) is False:
            raise Refused(
                400, "query_shard_exception", f"Cannot search on field [{path}] since it is not indexed"
            )
        return str(field["type"])

    def countable(self, path: str) -> str | None:
        field = self.field(path)
        if field is None:
            return None
        if field["type"] == "text" or field.get("doc_values", True) is False:
            raise Refused(400, "illegal_argument_exception", f"no doc values of [{path}]")
        return str(field["type"])

    def learn(self, source: Mapping[str, Any]) -> None:
        """As a document with unknown fields is indexed."""
        for path, values in flattened(source):
            if path not in self.fields:
                self.fields[path] = self._new_field(path)
            for value in values:
                as_kind(self.fields[path]["type"], value)

    def _new_field(self, path: str) -> Mapping[str, Any]:
        for template in self.templates:
            if fnmatchcase(path, template["path_match"]):
                return dict(template["mapping"])
        if self.is_strict:
            raise Refused(400, "strict_dynamic_mapping_exception", f"introduction of [{path}] is not allowed")
        return {"type": "keyword"}


def flattened(source: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    for name, value in source.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from flattened(value, f"{path}.")
        elif value is not None:
            yield path, value if isinstance(value, list) else [value]


def as_kind(kind: str, value: Any) -> Any:
    """The value as a field of this type has it."""
    match kind:
        case "keyword" | "text":
            return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
        case "boolean":
            if value in (True, "true"):
                return True
            if value in (False, "false"):
                return False
        case "date":
            return _moment(value)
        case "long" | "double":
            try:
                number = float(value)
                return int(value) if kind == "long" and number.is_integer() else number
            except (TypeError, ValueError, OverflowError):
                pass
    raise Refused(400, "number_format_exception", f"[{value}] is no {kind}")


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(400, "parse_exception", f"failed to parse date field [{value}]") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Document:
    """A source with its values as the mapping has them."""

    def __init__(self, key: str, source: dict[str, Any], mapping: FieldMapping) -> None:
        mapping.learn(source)
        self.key = key
        self.source = source
        self.values: dict[str, list[Any]] = {}
        for path, values in flattened(source):
            kind = mapping.fields[path]["type"]
            read = [as_kind(kind, value) for value in values]
            # The analyser "whitespace" splits, and does nothing else.
            terms = [term for text in read for term in text.split()] if kind == "text" else read
            for place in {path, mapping.fields[path].get("copy_to", path)}:
                # Between values there is a gap, over which no phrase reaches.
                self.values.setdefault(place, []).extend([*terms, None] if kind == "text" else terms)
