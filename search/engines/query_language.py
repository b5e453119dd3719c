"""The query that Haystack's objects build, as a string and back as a tree.

Haystack joins conditions to one string and hands it to the engine. Here every condition is a JSON
object in that string, so that no value, whatever it holds, can be taken for an operator. Beside it
the spelling that Haystack's own forms and Oscar use is read: ``brand:"Samsung"``, ``price:[1 TO 5]``,
``category:("1" OR "2")``, and plain words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

CONTENT = "content"
#: Deeper nesting is nobody's question.
DEEPEST = 40


class QuerySyntaxError(ValueError):
    """The string is not in this language; whoever has it may look for its words instead."""


@dataclass(frozen=True, slots=True)
class Everything:
    pass


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class Condition:
    """``lookup`` is one of Haystack's filters, or ``text`` for what a person typed."""

    field: str
    lookup: str
    value: Any


@dataclass(frozen=True, slots=True)
class Not:
    child: Node


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]


Node = Everything | Nothing | Condition | Not | And | Or


def fields_of(node: Node) -> Iterator[str]:
    """Names of all fields that a query asks about."""
    match node:
        case Condition(field=field):
            yield field
        case Not(child=child):
            yield from fields_of(child)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from fields_of(child)


def write_condition(field: str, lookup: str, value: Any) -> str:
    return json.dumps({"field": field, "lookup": lookup, "value": _plain(value)}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON holds it; the engine's schema knows the type that it must become again."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "__iter__"):
        return [_plain(item) for item in value]
    return str(value)


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<open>\() | (?P<close>\))
  | (?P<operator>AND|OR|NOT)(?=[\s(])
  | (?P<all>\*:\*|\*)(?=[\s)]|$)
  | (?P<field>[A-Za-z_][\w.]*):(?=["\[(]|[^\s:])
  | (?P<range>\[\s*(?P<low>[^\s\]"]+)\s+TO\s+(?P<high>[^\s\]"]+)\s*\])
  | "(?P<quoted>(?:[^"\\]|\\.)*)"
  | (?P<word>[^\s()"]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON = json.JSONDecoder()


def escape(text: str) -> str:
    """For putting a value between double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


@dataclass(slots=True)
class _Token:
    kind: str
    value: Any


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        if text[position] == "{":
            try:
                found, position = _JSON.raw_decode(text, position)
            except ValueError as error:
                raise QuerySyntaxError("broken condition") from error
            if not isinstance(found, dict) or found.keys() != {"field", "lookup", "value"}:
                raise QuerySyntaxError("not a condition")
            yield _Token("condition", Condition(str(found["field"]), str(found["lookup"]), found["value"]))
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise QuerySyntaxError(f"unexpected character at {position}")
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        if match["range"]:
            yield _Token("range", [None if end == "*" else end for end in (match["low"], match["high"])])
        elif match["quoted"] is not None:
            yield _Token("quoted", _ESCAPED.sub(r"\1", match["quoted"]))
        else:
            yield _Token(kind, match[kind])


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depth = 0

    def peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def at(self, kind: str, value: str | None = None) -> bool:
        token = self.peek()
        return token is not None and token.kind == kind and (value is None or token.value == value)

    def take(self) -> _Token:
        token = self.peek()
        if token is None:
            raise QuerySyntaxError("ends too early")
        self.position += 1
        return token

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QuerySyntaxError("nested too deeply")
        parts = [self.all_of()]
        while self.at("operator", "OR"):
            self.take()
            parts.append(self.all_of())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all_of(self) -> Node:
        parts = [self.one()]
        while self.peek() is not None and not self.at("operator", "OR") and not self.at("close"):
            if self.at("operator", "AND"):
                self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, field: str = CONTENT) -> Node:
        token = self.take()
        match token.kind:
            case "operator" if token.value == "NOT":
                self.depth += 1
                if self.depth > DEEPEST:
                    raise QuerySyntaxError("nested too deeply")
                child = self.one(field)
                self.depth -= 1
                return Not(child)
            case "open":
                inner = self.either() if field == CONTENT else self.values_of(field)
                if self.take().kind != "close":
                    raise QuerySyntaxError("bracket is not closed")
                return inner
            case "condition":
                return token.value
            case "all":
                return Everything()
            case "field":
                return self.one(str(token.value))
            case "range":
                return Condition(field, "range", token.value)
            case "quoted":
                return Condition(field, "exact", token.value)
            case "word":
                return Condition(field, CONTENT, token.value)
        raise QuerySyntaxError(f"unexpected {token.value}")

    def values_of(self, field: str) -> Node:
        """The inside of ``field:("a" OR "b")``."""
        parts = [self.one(field)]
        while not self.at("close"):
            if self.at("operator", "OR"):
                self.take()
            parts.append(self.one(field))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))


def read_query(text: str) -> Node:
    """The tree of a query.

    Raises:
        QuerySyntaxError: the string is not in this language.
    """
    parser = _Parser(text)
    if not parser.tokens:
        return Everything()
    tree = parser.either()
    if parser.peek() is not None:
        raise QuerySyntaxError("a bracket too many")
    return tree
