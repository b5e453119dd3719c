"""Queries: whether a document matches one, and with what score."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import log10
from typing import Any

from tests.search.stand_in.fields import Document, FieldMapping, Refused, as_kind, only_keys

#: ``indices.query.bool.max_clause_count``.
MOST_CLAUSES = 1_024

Body = Mapping[str, Any]
Score = float | None


class Matcher:
    def __init__(self, mapping: FieldMapping) -> None:
        self.mapping = mapping
        self.clauses = 0

    def compile(self, query: Body) -> Callable[[Document], Score]:
        """A function that gives a document's score, None for one that does not match."""
        if len(query) != 1:
            raise Refused(400, "parsing_exception", f"a query has one name, not {sorted(query)}")
        ((name, body),) = query.items()
        make = _QUERIES.get(name)
        if make is None:
            raise Refused(400, "parsing_exception", f"unknown query [{name}]")
        return make(self, body)

    def all(self, queries: Any) -> list[Callable[[Document], Score]]:
        return [self.compile(query) for query in (queries if isinstance(queries, list) else [queries])]

    def leaf(self, number: int = 1) -> None:
        self.clauses += number
        if self.clauses > MOST_CLAUSES:
            raise Refused(400, "too_many_clauses", f"maxClauseCount is set to {MOST_CLAUSES}")

    def of_values(
        self, path: str, test: Callable[[Any], bool], boost: float = 1.0
    ) -> Callable[[Document], Score]:
        self.leaf()
        return lambda doc: (
            boost if any(value is not None and test(value) for value in doc.values.get(path, ())) else None
        )


def _one_field(body: Body) -> tuple[str, Any]:
    if len(body) != 1:
        raise Refused(400, "parsing_exception", "one field is asked for")
    ((path, value),) = body.items()
    return path, value


def _match_all(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "boost")
    return lambda doc: 1.0


def _match_none(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body)
    return lambda doc: None


def _bool(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "must", "filter", "should", "must_not", "minimum_should_match", "boost")
    must, needed = matcher.all(body.get("must", [])), matcher.all(body.get("filter", []))
    should, without = matcher.all(body.get("should", [])), matcher.all(body.get("must_not", []))
    least = int(body.get("minimum_should_match", 0 if must or needed else 1)) if should else 0
    boost = float(body.get("boost", 1.0))

    def score(doc: Document) -> Score:
        if any(each(doc) is None for each in needed) or any(each(doc) is not None for each in without):
            return None
        wanted = [each(doc) for each in must]
        if any(found is None for found in wanted):
            return None
        optional = [found for each in should if (found := each(doc)) is not None]
        if len(optional) < least:
            return None
        return boost * sum([*(found or 0.0 for found in wanted), *optional])

    return score


def _dis_max(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "queries", "tie_breaker", "boost")
    queries, tie_breaker = matcher.all(body["queries"]), float(body.get("tie_breaker", 0.0))

    def score(doc: Document) -> Score:
        found = [each for query in queries if (each := query(doc)) is not None]
        return max(found) * (1 - tie_breaker) + sum(found) * tie_breaker if found else None

    return score


def _constant_score(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "filter", "boost")
    query, boost = matcher.compile(body["filter"]), float(body.get("boost", 1.0))
    return lambda doc: None if query(doc) is None else boost


def _function_score(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "query", "functions", "boost_mode")
    assert body["boost_mode"] == "multiply"
    query = matcher.compile(body["query"])
    (function,) = body["functions"]
    only_keys(function, "field_value_factor")
    factor = function["field_value_factor"]
    only_keys(factor, "field", "missing", "modifier")
    matcher.mapping.countable(factor["field"])
    if factor["modifier"] != "log2p":
        raise Refused(400, "illegal_argument_exception", "unknown modifier")

    def score(doc: Document) -> Score:
        found = query(doc)
        value = next(iter(doc.values.get(factor["field"], ())), factor["missing"])
        return None if found is None else found * log10(2 + value)

    return score


def _term(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "value", "boost")
    kind = matcher.mapping.searchable(path)
    if kind is None:
        return _match_none(matcher, {})
    value = as_kind(kind, asked["value"])
    return matcher.of_values(path, lambda found: found == value, float(asked.get("boost", 1.0)))


def _terms(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    if not isinstance(asked, list):
        raise Refused(400, "parsing_exception", "[terms] query requires a list")
    kind = matcher.mapping.searchable(path)
    if kind is None:
        return _match_none(matcher, {})
    values = {as_kind(kind, value) for value in asked}
    return matcher.of_values(path, lambda found: found in values)


def _range(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "gt", "gte", "lt", "lte")
    kind = matcher.mapping.searchable(path)
    if kind is None:
        return _match_none(matcher, {})
    bounds = {name: as_kind(kind, value) for name, value in asked.items()}

    def is_within(found: Any) -> bool:
        return not (
            ("gt" in bounds and not found > bounds["gt"])
            or ("gte" in bounds and not found >= bounds["gte"])
            or ("lt" in bounds and not found < bounds["lt"])
            or ("lte" in bounds and not found <= bounds["lte"])
        )

    return matcher.of_values(path, is_within)


def _exists(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(body, "field")
    path = body["field"]
    matcher.leaf()

    def score(doc: Document) -> Score:
        inside = any(name.startswith(f"{path}.") for name in doc.values)
        return 1.0 if doc.values.get(path) or inside else None

    return score


def _of_text(matcher: Matcher, path: str, kinds: set[str]) -> bool:
    kind = matcher.mapping.searchable(path)
    if kind is not None and kind not in kinds:
        raise Refused(400, "query_shard_exception", f"[{path}] is of type [{kind}]")
    return kind is not None


def _prefix(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "value")
    _of_text(matcher, path, {"keyword", "text"})
    return matcher.of_values(path, lambda found: found.startswith(asked["value"]))


def _wildcard(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "value")
    _of_text(matcher, path, {"keyword", "text"})
    pattern = re.compile("".join(_wildcards(asked["value"])), re.DOTALL)
    return matcher.of_values(path, lambda found: pattern.fullmatch(found) is not None)


def _wildcards(value: str) -> list[str]:
    parts, letters = [], iter(value)
    for letter in letters:
        if letter == "\\":
            parts.append(re.escape(next(letters, "\\")))
        else:
            parts.append({"*": ".*", "?": "."}.get(letter) or re.escape(letter))
    return parts


def _fuzzy(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "value", "fuzziness", "max_expansions")
    _of_text(matcher, path, {"keyword", "text"})
    most = int(asked["fuzziness"])
    if not 0 <= most <= 2:
        raise Refused(400, "parsing_exception", "fuzziness is 0, 1 or 2")
    return matcher.of_values(path, lambda found: _distance(found, asked["value"]) <= most)


def _distance(one: str, other: str) -> int:
    """Changes of letters, two swapped neighbours counted as one."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, older[j - 2] + 1)
            row.append(least)
    return row[-1]


def _match_phrase(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    path, asked = _one_field(body)
    only_keys(asked, "query")
    _of_text(matcher, path, {"text"})
    wanted = asked["query"].split()
    matcher.leaf(len(wanted))

    def score(doc: Document) -> Score:
        terms = doc.values.get(path, [])
        starts = range(len(terms) - len(wanted) + 1)
        return 1.0 if wanted and any(terms[n : n + len(wanted)] == wanted for n in starts) else None

    return score


def _more_like_this(matcher: Matcher, body: Body) -> Callable[[Document], Score]:
    only_keys(
        body, "fields", "like", "min_term_freq", "min_doc_freq", "max_query_terms", "minimum_should_match"
    )
    assert body["minimum_should_match"] == "1"
    wanted = {
        (path, term) for like in body["like"] for path, text in like["doc"].items() for term in text.split()
    }
    fields = set(body["fields"])

    def score(doc: Document) -> Score:
        found = sum(term in doc.values.get(path, ()) for path, term in wanted if path in fields)
        return float(found) if found else None

    return score


_QUERIES: dict[str, Callable[[Matcher, Any], Callable[[Document], Score]]] = {
    "match_all": _match_all,
    "match_none": _match_none,
    "bool": _bool,
    "dis_max": _dis_max,
    "constant_score": _constant_score,
    "function_score": _function_score,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "exists": _exists,
    "prefix": _prefix,
    "wildcard": _wildcard,
    "fuzzy": _fuzzy,
    "match_phrase": _match_phrase,
    "more_like_this": _more_like_this,
}
