"""Aggregations over documents, and the order of hits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from tests.search.stand_in.fields import Document, FieldMapping, Refused, only_keys
from tests.search.stand_in.matching import Matcher

Hit = tuple[Document, float]


def aggregate(
    asked: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    counted = {}
    for name, body in asked.items():
        if re.search(r"[\[\]>]", name):
            raise Refused(400, "parsing_exception", f"Invalid aggregation name [{name}]")
        ((kind, options),) = ((key, value) for key, value in body.items() if key != "aggs")
        within = documents
        if kind == "filter":
            matches = Matcher(mapping).compile(options)
            within = [doc for doc in documents if matches(doc) is not None]
            counted[name] = {"doc_count": len(within)}
        else:
            counted[name] = _AGGREGATIONS[kind](options, documents, mapping)
        if "aggs" in body:
            if kind != "filter":
                raise Refused(400, "aggregation_initialization_exception", "takes no sub-aggregations here")
            counted[name] |= aggregate(body["aggs"], within, mapping)
    return counted


def _values(path: str, documents: Sequence[Document]) -> list[Any]:
    return [value for doc in documents for value in doc.values.get(path, ())]


def _terms(
    options: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    only_keys(options, "field", "size", "shard_size")
    if options["shard_size"] < options["size"] or not 0 < options["size"] <= 65_535:
        raise Refused(400, "illegal_argument_exception", "too many buckets")
    kind = mapping.countable(options["field"])
    counts: Counter[Any] = Counter()
    for doc in documents:
        counts.update(set(doc.values.get(options["field"], ())))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    buckets = [
        {"key": int(value), "key_as_string": str(value).lower(), "doc_count": count}
        if kind == "boolean"
        else {"key": value, "doc_count": count}
        for value, count in ordered[: options["size"]]
    ]
    left = sum(count for _, count in ordered[options["size"] :])
    return {"buckets": buckets, "sum_other_doc_count": left, "doc_count_error_upper_bound": 0}


def _stats(
    options: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    only_keys(options, "field")
    mapping.countable(options["field"])
    values = _values(options["field"], documents)
    if not values:
        return {"count": 0, "min": None, "max": None, "avg": None, "sum": 0.0}
    ends = {"min": float(min(values)), "max": float(max(values))}
    return {"count": len(values), **ends, "avg": sum(values) / len(values), "sum": float(sum(values))}


def _percentiles(
    options: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    only_keys(options, "field", "percents", "keyed")
    assert options["keyed"] is False
    mapping.countable(options["field"])
    values = sorted(_values(options["field"], documents))
    found = []
    for percent in options["percents"]:
        place = percent / 100 * (len(values) - 1)
        low = values[int(place)] if values else None
        high = values[min(int(place) + 1, len(values) - 1)] if values else None
        value = None if low is None or high is None else low + (high - low) * (place % 1)
        found.append({"key": percent, "value": value})
    return {"values": found}


def _missing(
    options: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    only_keys(options, "field")
    mapping.countable(options["field"])
    return {"doc_count": sum(not doc.values.get(options["field"]) for doc in documents)}


def _range(
    options: Mapping[str, Any], documents: Sequence[Document], mapping: FieldMapping
) -> dict[str, Any]:
    only_keys(options, "field", "ranges")
    mapping.countable(options["field"])
    buckets = []
    for part in options["ranges"]:
        only_keys(part, "from", "to")
        low, high = part.get("from", float("-inf")), part.get("to", float("inf"))
        number = sum(
            any(low <= value < high for value in doc.values.get(options["field"], ())) for doc in documents
        )
        buckets.append({**part, "doc_count": number})
    return {"buckets": buckets}


_AGGREGATIONS = {
    "terms": _terms,
    "stats": _stats,
    "percentiles": _percentiles,
    "missing": _missing,
    "range": _range,
}


# Order --------------------------------------------------------------------------------------------
def in_order(hits: list[Hit], sort: Sequence[Mapping[str, Any]], mapping: FieldMapping) -> list[Hit]:
    """By each key in turn; what has no value stands last where that is asked for."""
    for key in reversed(sort):
        ((path, options),) = key.items()
        only_keys(options, "order", "missing")
        is_falling = options["order"] == "desc"
        if path == "_score":
            hits.sort(key=lambda hit: hit[1], reverse=is_falling)
            continue
        if mapping.countable(path) is None:
            raise Refused(400, "query_shard_exception", f"No mapping found for [{path}] in order to sort on")
        hits.sort(key=cmp_to_key(_comparison(path, is_falling)))
    return hits


def _comparison(path: str, is_falling: bool) -> Any:
    def value_of(hit: Hit) -> Any:
        values = hit[0].values.get(path)
        return None if not values else (max if is_falling else min)(values)

    def compare(one: Hit, other: Hit) -> int:
        a, b = value_of(one), value_of(other)
        if a is None or b is None:
            return (a is None) - (b is None)
        return (a > b) - (a < b) if not is_falling else (b > a) - (b < a)

    return compare
