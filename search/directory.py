"""What a list page says about the shop itself: category tree, attributes that are facets, synonyms, rules.

Read once and kept in the process. Every page asks the database for one small row of version marks
first, so that a change by any process, also one past the ORM, is on the next page.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from modeltranslation.utils import resolution_order
from oscar.core.loading import get_model

from search.analysis import folded_words, query_words
from search.analysis.vocabulary import BUILT_IN, LONGEST_PHRASE, Part, Vocabulary, phrase_keys, understand
from search.query_log import known_as

#: Attribute types whose values are words, numbers, options.
TEXT_TYPES = frozenset({"text", "boolean"})
NUMBER_TYPES = frozenset({"integer", "float"})
OPTION_TYPES = frozenset({"option", "multi_option"})
LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)

Texts = Mapping[str, str]


@cache
def fallback_order(language: str) -> tuple[str, ...]:
    return tuple(resolution_order(language))


def in_every_language(values: Mapping[str, str | None]) -> dict[str, str]:
    """Each language's text, or that of the language it falls back to."""
    return {
        language: next((text for other in fallback_order(language) if (text := values.get(other))), "")
        for language in LANGUAGES
    }


@dataclass(slots=True)
class CategoryNode:
    pk: int
    slug: str
    path: str
    is_public: bool
    names: Texts
    descriptions: Texts
    parent: CategoryNode | None = None
    children: list[CategoryNode] = field(default_factory=list)
    url: str = ""

    def name(self, language: str) -> str:
        return self.names.get(language, "")

    def with_ancestors(self) -> list[CategoryNode]:
        """From the root down to this one."""
        above = self.parent.with_ancestors() if self.parent else []
        return [*above, self]


@dataclass(frozen=True, slots=True)
class FacetAttribute:
    code: str
    type: str
    unit: str
    names: Texts
    position: int
    class_ids: frozenset[int]

    @property
    def is_number(self) -> bool:
        return self.type in NUMBER_TYPES

    @property
    def is_option(self) -> bool:
        return self.type in OPTION_TYPES

    @property
    def index_field(self) -> str:
        return f"{'numbers' if self.is_number else 'attributes'}.{self.code}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What staff decided about one query."""

    redirect_to: str
    pinned: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    categories: Mapping[int, CategoryNode]
    roots: tuple[CategoryNode, ...]
    attributes: Mapping[str, FacetAttribute]
    options: Mapping[str, Texts]
    #: Built-in synonyms and those of staff.
    vocabulary: Vocabulary = field(default_factory=lambda: BUILT_IN)
    #: By ``query_log.known_as``.
    rules: Mapping[str, Rule] = field(default_factory=dict)

    #: Categories by the keys of their names, or of what their names list.
    named: Mapping[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)
    #: Words of public categories' names, sorted, with the category: what is typed is the beginning of one.
    words_of_names: Sequence[tuple[str, int]] = ()
    #: Words of the vocabulary and of categories' names, which the shop knows though no title may have them.
    known_words: frozenset[str] = frozenset()

    def rule_for(self, text: str) -> Rule | None:
        """What staff decided about these words; "chair -garden" are not the words "chair garden"."""
        rule = self.rules.get(known_as(text))
        if rule is None or any(part.kind == "without" for part in understand(text)):
            return None
        return rule

    def understand(self, text: str) -> list[Part]:
        """What a person typed; products of a category that is called so stand before others."""
        return self.preferring(understand(text, self.vocabulary))

    def preferring(self, parts: Iterable[Part]) -> list[Part]:
        """The parts with the categories that are called as one of their words."""
        read = [part for part in parts if part.kind != "prefer"]
        named = {
            pk: None
            for part in read
            if part.kind == "words"
            for phrase in part.alternatives
            for key in phrase_keys(query_words(phrase))
            for pk in self.named.get(key, ())
        }
        if named:
            read.append(Part("prefer", ("category", *map(str, named))))
        return read

    def of_class(self, class_ids: set[int]) -> list[FacetAttribute]:
        """Facets of these product classes, in the order that staff chose."""
        return [found for found in self.attributes.values() if found.class_ids & class_ids]


_lock = threading.Lock()
_kept: tuple[tuple[Any, ...], Directory] | None = None


def current() -> Directory:
    """The directory as committed now: one query when nothing changed."""
    global _kept
    marks = _version_marks()
    kept = _kept
    if kept is not None and kept[0] == marks:
        return kept[1]
    with _lock:
        directory = _read()
        _kept = (marks, directory)
        return directory


def _version_marks() -> tuple[Any, ...]:
    """Number of rows and youngest row version of each table: any insert, update or delete changes one."""
    # xmin is the transaction that wrote a row, cmin the statement within it.
    marks = "concat_ws(':', count(*), max(xmin::text::bigint), max(cmin::text::bigint))"
    # Names of our own models' tables; nothing from outside.
    parts = [f"(SELECT {marks} FROM {table})" for table in _tables()]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT current_database(), {', '.join(parts)}")
        row: tuple[Any, ...] = cursor.fetchone()
    return row


@cache
def _tables() -> tuple[str, ...]:
    models = (
        ("catalogue", "Category"), ("catalogue", "ProductAttribute"), ("catalogue", "AttributeOption"),
        ("search", "Synonym"), ("search", "QueryRule"), ("search", "PinnedProduct"),
    )  # fmt: skip
    return tuple(connection.ops.quote_name(get_model(*name)._meta.db_table) for name in models)


def _translated(row: Mapping[str, Any], name: str) -> dict[str, str]:
    return in_every_language({language: row[f"{name}_{language}"] for language in LANGUAGES})


def _columns(*names: str) -> Iterator[str]:
    return (f"{name}_{language}" for name in names for language in LANGUAGES)


def _read() -> Directory:
    categories, roots = _read_categories()
    vocabulary = _read_vocabulary()
    public = (node for node in categories.values() if node.is_public)
    names = " ".join(name for node in public for name in node.names.values())
    return Directory(
        categories,
        roots,
        *_read_attributes(),
        vocabulary,
        _read_rules(),
        _named(categories),
        _words_of_names(categories),
        frozenset(vocabulary.single_words()) | set(folded_words(" ".join(query_words(names)))),
    )


def _words_of_names(categories: Mapping[int, CategoryNode]) -> list[tuple[str, int]]:
    return sorted(
        {
            (without_article(word), node.pk)
            for node in categories.values()
            if node.is_public
            for name in node.names.values()
            for word in folded_words(name)
        }
    )


def without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 3 else word


#: "Tables & desks" are tables, and desks.
_LISTED = re.compile(r"[&,،/]| and ")


def _named(categories: Mapping[int, CategoryNode]) -> dict[tuple[str, ...], tuple[int, ...]]:
    found: dict[tuple[str, ...], dict[int, None]] = {}
    for node in categories.values():
        for name in dict.fromkeys(node.names.values()):
            for piece in dict.fromkeys([name, *_LISTED.split(name)]):
                words = query_words(piece)
                if node.is_public and 0 < len(words) <= LONGEST_PHRASE:
                    for key in phrase_keys(words):
                        found.setdefault(key, {})[node.pk] = None
    return {key: tuple(pks) for key, pks in found.items()}


def _read_vocabulary() -> Vocabulary:
    return vocabulary_of(list(get_model("search", "Synonym").objects.filter(is_active=True).order_by("pk")))


def vocabulary_of(groups: Sequence[Any]) -> Vocabulary:
    """The built-in vocabulary with these groups of staff."""
    apart = get_model("search", "Synonym").Kind.APART
    return Vocabulary.of(
        [group.phrases for group in groups if group.kind != apart],
        apart=[group.phrases for group in groups if group.kind == apart],
        beside=BUILT_IN,
    )


def _read_rules() -> dict[str, Rule]:
    rules = get_model("search", "QueryRule").objects.filter(is_active=True).prefetch_related("pinned")
    return {
        rule.query: Rule(rule.redirect_to, tuple(pin.product_id for pin in rule.pinned.all()))
        for rule in rules
    }


def _read_categories() -> tuple[dict[int, CategoryNode], tuple[CategoryNode, ...]]:
    rows = (
        get_model("catalogue", "Category")
        .objects.order_by("path")
        .values("pk", "slug", "path", "is_public", *_columns("name", "description"))
    )
    categories: dict[int, CategoryNode] = {}
    by_path: dict[str, CategoryNode] = {}
    roots: list[CategoryNode] = []
    step = get_model("catalogue", "Category").steplen
    for row in rows:
        parent = by_path.get(row["path"][:-step])
        node = CategoryNode(
            pk=row["pk"],
            slug=row["slug"],
            path=row["path"],
            # A branch is hidden with its root.
            is_public=row["is_public"] and (parent is None or parent.is_public),
            names=_translated(row, "name"),
            descriptions=_translated(row, "description"),
            parent=parent,
        )
        slugs = "/".join(each.slug for each in node.with_ancestors())
        node.url = reverse("catalogue:category", kwargs={"category_slug": slugs, "pk": node.pk})
        (parent.children if parent else roots).append(node)
        categories[node.pk] = by_path[node.path] = node
    return categories, tuple(roots)


def _read_attributes() -> tuple[dict[str, FacetAttribute], dict[str, Texts]]:
    rows = list(
        get_model("catalogue", "ProductAttribute")
        .objects.filter(is_facet=True, type__in=TEXT_TYPES | NUMBER_TYPES | OPTION_TYPES)
        .order_by("position", "code", "pk")
        .values("code", "type", "unit", "position", "product_class_id", "option_group_id", *_columns("name"))
    )
    attributes: dict[str, FacetAttribute] = {}
    for row in rows:
        before = attributes.get(row["code"])
        attributes[row["code"]] = FacetAttribute(
            code=row["code"],
            type=before.type if before else row["type"],
            unit=row["unit"],
            names=before.names if before else _translated(row, "name"),
            position=row["position"],
            # Classes that call an attribute by one code share its facet.
            class_ids=(before.class_ids if before else frozenset()) | {row["product_class_id"]},
        )
    groups = {row["option_group_id"] for row in rows if row["option_group_id"]}
    options = (
        get_model("catalogue", "AttributeOption")
        .objects.filter(group_id__in=groups)
        .values("pk", *_columns("option"))
        if groups
        else ()
    )
    return attributes, {str(row["pk"]): _translated(row, "option") for row in options}
