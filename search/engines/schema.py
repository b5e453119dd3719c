"""Tantivy's schema from the fields of Haystack's indexes, and values to and from it."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

import tantivy
from haystack.constants import DJANGO_CT, DJANGO_ID, ID
from haystack.fields import SearchField

from search import analysis
from search.engines.ranges import step_of
from search.fields import (
    AnalysedField,
    HalvingField,
    KeyedField,
    KeyedNumbersField,
    RangedField,
    SortKeyField,
    StoredField,
    WeightField,
)

#: Changes whenever this module lays an index out in another way.
LAYOUT = 3
I64 = 2**63 - 1
#: Tantivy counts nanoseconds since 1970: what lies before or after all that it can count is at the end.
FIRST_MOMENT, LAST_MOMENT = datetime(1678, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)

_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


class Unanswerable(ValueError):
    """The value cannot be one of the field's, or the field does not exist: nothing matches."""


class Kind(Enum):
    TEXT = "text"
    EXACT = "exact"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    KEYED = "keyed"
    KEYED_NUMBERS = "keyed numbers"
    SORT_KEY = "sort key"
    WEIGHT = "weight"
    STORED = "stored"


_RANGE_TYPES = {
    Kind.INTEGER: tantivy.FieldType.Integer,
    Kind.SORT_KEY: tantivy.FieldType.Integer,
    Kind.FLOAT: tantivy.FieldType.Float,
    Kind.WEIGHT: tantivy.FieldType.Float,
    Kind.DATE: tantivy.FieldType.Date,
}


def _whole(value: Any) -> int:
    number = int(value) if not isinstance(value, float) or value.is_integer() else None
    if isinstance(value, bool) or number is None or abs(number) > I64:
        raise Unanswerable(value)
    return number


def _real(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise Unanswerable(value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() not in {"true", "false", "1", "0"}:
            raise Unanswerable(value)
        return value.lower() in {"true", "1"}
    return bool(value)


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise Unanswerable(value)
    moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return max(FIRST_MOMENT, min(LAST_MOMENT, moment))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    text.encode("utf-8")  # a lone surrogate is a ValueError too
    return text


_TO_INDEX: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.EXACT: _text,
    Kind.KEYED: _text,
    Kind.KEYED_NUMBERS: _real,
    Kind.INTEGER: _whole,
    Kind.SORT_KEY: _whole,
    Kind.FLOAT: _real,
    Kind.WEIGHT: _real,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _moment,
    Kind.STORED: _text,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the index; for a keyed one ``path`` is ``name.key``."""

    name: str
    kind: Kind
    language: str = analysis.PLAIN
    boost: float = 1.0
    stored: bool = False
    many: bool = False
    path: str = ""
    #: Whether every document has a value.
    required: bool = False
    #: The set, of this column alone or of several, that is kept beside as one value.
    sets: str = ""
    #: Whether the round bound that the number reaches is kept beside.
    has_steps: bool = False
    #: A column of the same language to whose text this one's is added.
    within: str = ""

    @property
    def full_name(self) -> str:
        return self.path or self.name

    @property
    def sets_name(self) -> str:
        return f"{self.sets}__set"

    @property
    def steps_name(self) -> str:
        return f"{self.name}__step"

    @property
    def range_type(self) -> tantivy.FieldType | None:
        return _RANGE_TYPES.get(self.kind)

    def value(self, value: Any) -> Any:
        """The value as this column holds it.

        Raises:
            Unanswerable: it can be none of this column's.
        """
        try:
            return _TO_INDEX[self.kind](value)
        except (ValueError, TypeError, OverflowError) as error:
            raise Unanswerable(self.full_name) from error


def _column(name: str, field: SearchField, *, is_in_all: bool) -> Column:
    boost = float(field.boost or 1.0)
    stored = bool(field.stored)
    many = bool(getattr(field, "is_multivalued", False))
    match field:
        case StoredField():
            return Column(name, Kind.STORED, stored=True)
        case AnalysedField():
            return Column(
                name, Kind.TEXT, language=field.language, boost=boost, stored=stored, within=field.within
            )
        case KeyedNumbersField():
            return Column(name, Kind.KEYED_NUMBERS)
        case KeyedField():
            return Column(name, Kind.KEYED)
        case SortKeyField():
            return Column(name, Kind.SORT_KEY)
        case WeightField():
            return Column(name, Kind.WEIGHT)
    if field.document or field.field_type in {"ngram", "edge_ngram"}:
        return Column(name, Kind.TEXT, boost=boost, stored=stored)
    kinds = {
        "integer": Kind.INTEGER,
        "float": Kind.FLOAT,
        "boolean": Kind.BOOLEAN,
        "date": Kind.DATE,
        "datetime": Kind.DATE,
    }
    return Column(
        name,
        kinds.get(field.field_type, Kind.EXACT),
        boost=boost,
        stored=stored,
        many=many,
        required=field.field_type == "boolean" and not field.null and is_in_all,
        sets=_sets(name, field),
        has_steps=isinstance(field, RangedField),
    )


def _sets(name: str, field: SearchField) -> str:
    named = getattr(field, "in_sets", False)
    return named if isinstance(named, str) else name if named else ""


class Analysed(str):
    """Text that has been through the analysis: terms with spaces between them."""

    __slots__ = ()


class Schema:
    """All fields of all indexes of one connection."""

    def __init__(
        self,
        fields: Mapping[str, SearchField],
        *,
        versions: Iterable[str] = (),
        only_in_some: Collection[str] = (),
    ) -> None:
        """``only_in_some``: fields that some of the indexes lack, so that not every document has a value."""
        self.columns = {
            name: _column(name, field, is_in_all=name not in only_in_some) for name, field in fields.items()
        }
        self.facet_names = {
            name: facet_for
            for name, field in fields.items()
            if (facet_for := getattr(field, "facet_for", None)) and facet_for in fields
        }
        self.text_columns = [column for column in self.columns.values() if column.kind is Kind.TEXT]
        self._bodies = frozenset(column.within for column in self.text_columns if column.within)
        self.weight = next((c.name for c in self.columns.values() if c.kind is Kind.WEIGHT), None)
        #: Whether documents of one half have one weight.
        self.weight_is_by_half = any(getattr(field, "by_half", False) for field in fields.values())
        #: Columns of each set, by the name under which it is kept.
        self.sets: dict[str, list[Column]] = defaultdict(list)
        for column in self.columns.values():
            if column.sets:
                self.sets[column.sets_name].append(column)
        self.required = [column.name for column in self.columns.values() if column.required]
        self.halving = next((n for n in self.required if isinstance(fields[n], HalvingField)), None)
        self.stored_columns = [column for column in self.columns.values() if column.stored]
        self.tantivy = self._build()
        described = [
            LAYOUT,
            analysis.VERSION,
            str(vars(tantivy)["__version__"]),
            sorted(versions),
            self.halving,
            [
                (c.name, c.kind.value, c.language, c.stored, c.required, c.sets, c.has_steps, c.within)
                for c in self.columns.values()
            ],
        ]
        self.fingerprint = hashlib.sha256(json.dumps(described).encode()).hexdigest()[:12]

    def _build(self) -> tantivy.Schema:
        builder = tantivy.SchemaBuilder()
        for name in (ID, DJANGO_CT, DJANGO_ID):
            builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic", fast=True)
        for column in self.columns.values():
            if column.name in {ID, DJANGO_CT, DJANGO_ID}:
                continue
            _ADD[column.kind](builder, column)
            if column.has_steps:
                builder.add_integer_field(column.steps_name, fast=True)
        for name in self.sets:
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
        return builder.build()

    @cached_property
    def parser(self) -> tantivy.Index:
        """An empty index, for what only the query parser can say."""
        return tantivy.Index(self.tantivy)

    def column(self, name: str) -> Column:
        """The column of a field's name, or of ``field.key``.

        Raises:
            Unanswerable: there is none.
        """
        if (found := self.columns.get(name)) is not None:
            return found
        if name in {ID, DJANGO_CT, DJANGO_ID}:
            return Column(name, Kind.EXACT)
        base, _, key = name.partition(".")
        keyed = self.columns.get(base)
        if keyed is None or keyed.kind not in {Kind.KEYED, Kind.KEYED_NUMBERS} or not _KEY.match(key):
            raise Unanswerable(name)
        return Column(base, keyed.kind, path=name)

    def is_body(self, column: Column) -> bool:
        """Whether its text has all of another column's."""
        return column.name in self._bodies

    def same_field(self, name: str) -> str:
        """``brand`` and ``brand_exact`` are one field to whoever narrows by it."""
        return self.facet_names.get(name, name)

    # Documents ------------------------------------------------------------------------------
    def pack(self, prepared: Mapping[str, Any]) -> bytes:
        """A prepared document with its texts analysed, small enough to be sent between processes."""
        analysed = dict(prepared)
        for column in self.text_columns:
            value = analysed.get(column.name)
            if isinstance(value, str):
                analysed[column.name] = Analysed(" ".join(analysis.analyse(value, column.language)))
        return pickle.dumps(analysed, protocol=pickle.HIGHEST_PROTOCOL)

    def unpack(self, packed: bytes) -> tantivy.Document:
        """Only of what ``pack`` wrote, in this process or a child of it."""
        return self.document(pickle.loads(packed))  # noqa: S301

    def document(self, prepared: Mapping[str, Any]) -> tantivy.Document:
        document = tantivy.Document()
        for name in (ID, DJANGO_CT, DJANGO_ID):
            document.add_text(name, str(prepared[name]))
        # Who narrows by "yes" may leave out "no" instead: see ``QueryBuilder.narrowing``.
        given = {**prepared, **{name: bool(prepared[name]) for name in self.required}}
        half = None if self.halving is None else given[self.halving]
        self._add_for_counting(document, given, half)
        for name, value in given.items():
            column = self.columns.get(name)
            if column is None or value is None:
                continue
            if column.kind in {Kind.KEYED, Kind.KEYED_NUMBERS}:
                self._add_keyed(document, column, value)
                continue
            for item in _distinct(value):
                self._add(document, column, item)
        return document

    def _add_for_counting(
        self, document: tantivy.Document, given: Mapping[str, Any], half: bool | None
    ) -> None:
        """Sets, also those of no value, since halves are counted by them; and how far numbers reach."""
        for name, columns in self.sets.items():
            values = [sorted(map(column.value, _distinct(given.get(column.name)))) for column in columns]
            document.add_text(name, write_set(half, values))
        for column in self.columns.values():
            if column.has_steps:
                for item in _distinct(given.get(column.name)):
                    document.add_integer(column.steps_name, write_step(half, step_of(column.value(item))))

    def _add(self, document: tantivy.Document, column: Column, item: Any) -> None:
        match column.kind:
            case Kind.TEXT:
                self._add_text(document, column, item)
            case Kind.EXACT:
                document.add_text(column.name, column.value(item))
            case Kind.INTEGER | Kind.SORT_KEY:
                document.add_integer(column.name, column.value(item))
            case Kind.FLOAT | Kind.WEIGHT:
                document.add_float(column.name, column.value(item))
            case Kind.BOOLEAN:
                document.add_boolean(column.name, column.value(item))
            case Kind.DATE:
                document.add_date(column.name, column.value(item))
            case Kind.STORED:
                document.add_bytes(column.name, column.value(item).encode())

    def _add_text(self, document: tantivy.Document, column: Column, item: Any) -> None:
        text = item if isinstance(item, Analysed) else " ".join(analysis.analyse(str(item), column.language))
        document.add_text(column.name, text)
        if column.within in self.columns:
            document.add_text(column.within, text)

    def _add_keyed(self, document: tantivy.Document, column: Column, value: Mapping[str, Any]) -> None:
        if keyed := self.keyed_values(column, value):
            document.add_json(column.name, keyed)

    def keyed_values(self, column: Column, value: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Checked values by key; a key that cannot be part of a field's name is left out."""
        keyed = {}
        for key, items in value.items():
            if not _KEY.match(key):
                continue
            listed = items if isinstance(items, list | tuple) else [items]
            keyed[key] = [column.value(item) for item in dict.fromkeys(listed)]
        return keyed

    def stored_values(self, document: tantivy.Document) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for column in self.stored_columns:
            found = document.get_all(column.name)
            if column.kind is Kind.STORED:
                found = [item.decode() for item in found]
            values[column.name] = found if column.many else (found[0] if found else None)
        return values


def _distinct(value: Any) -> list[Any]:
    """Each value once: a document is counted once however often it repeats itself."""
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [item for item in dict.fromkeys(values) if item is not None]


# What is kept beside, with the half that the document is of ------------------------------------------
def write_set(half: bool | None, values: Sequence[Sequence[str]]) -> str:
    """``values`` of each column of the set."""
    return json.dumps([half, *values], ensure_ascii=False)


@lru_cache(maxsize=20_000)
def read_set(written: str) -> tuple[bool | None, list[list[str]]]:
    half, *values = json.loads(written)
    return half, values


def write_step(half: bool | None, step: int) -> int:
    return step * 2 + bool(half)


def read_step(written: int) -> tuple[bool, int]:
    return bool(written % 2), written // 2


_ADD: dict[Kind, Callable[[tantivy.SchemaBuilder, Column], Any]] = {
    Kind.TEXT: lambda b, c: b.add_text_field(
        c.name, tokenizer_name="terms", index_option="position", stored=c.stored
    ),
    Kind.EXACT: lambda b, c: b.add_text_field(
        c.name, tokenizer_name="raw", index_option="basic", fast=True, stored=c.stored
    ),
    Kind.KEYED: lambda b, c: b.add_json_field(c.name, tokenizer_name="raw", index_option="basic", fast=True),
    Kind.KEYED_NUMBERS: lambda b, c: b.add_json_field(
        c.name, tokenizer_name="raw", index_option="basic", fast=True
    ),
    Kind.INTEGER: lambda b, c: b.add_integer_field(c.name, stored=c.stored, indexed=True, fast=True),
    Kind.SORT_KEY: lambda b, c: b.add_integer_field(c.name, fast=True),
    Kind.FLOAT: lambda b, c: b.add_float_field(c.name, stored=c.stored, indexed=True, fast=True),
    Kind.WEIGHT: lambda b, c: b.add_float_field(c.name, fast=True),
    Kind.BOOLEAN: lambda b, c: b.add_boolean_field(c.name, stored=c.stored, indexed=True, fast=True),
    Kind.DATE: lambda b, c: b.add_date_field(c.name, stored=c.stored, indexed=True, fast=True),
    Kind.STORED: lambda b, c: b.add_bytes_field(c.name, stored=True),
}
