"""What would be asked of OpenSearch, and how its answers are read. No server took part in these tests."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from haystack import indexes

from search.engines.opensearch_backend import address_of, bulk_actions, ranges_of, values_of, with_counts
from search.engines.opensearch_queries import (
    EVERYTHING,
    NOTHING,
    QueryWriter,
    SearchWriter,
    clauses_of,
    escape_wildcards,
    index_body,
    source_of,
)
from search.engines.query_language import And, Condition, Everything, Not, Nothing, Or, read_query
from search.engines.reading import MOST_WORDS, read_narrowings, read_or_words
from search.engines.schema import Schema
from search.fields import (
    AnalysedField,
    KeyedField,
    KeyedNumbersField,
    KeywordsField,
    SortKeyField,
    StoredField,
    WeightField,
)
from search.search_indexes import ProductIndex
from tests.search.test_engine_contract import PIECES

FIELDS: dict[str, Any] = {
    "text": AnalysedField(document=True, language="en", boost=2.0),
    "brand": indexes.CharField(null=True),
    "tags": KeywordsField(),
    "price": indexes.IntegerField(null=True),
    "in_stock": indexes.BooleanField(),
    "arrived": indexes.DateTimeField(),
    "properties": KeyedField(null=True),
    "measures": KeyedNumbersField(null=True),
    "by_price": SortKeyField(),
    "weight": WeightField(),
    "shown": StoredField(),
}


@pytest.fixture
def schema() -> Schema:
    for name, field in FIELDS.items():
        field.set_instance_name(name)
    return Schema(FIELDS)


@pytest.fixture
def writer(schema: Schema) -> QueryWriter:
    return QueryWriter(schema)


def term(field: str, value: Any) -> dict[str, Any]:
    return {"term": {field: {"value": value}}}


# Addresses and the index --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "address", "prefix"),
    [
        ("opensearch://search:9200", "http://search:9200", "nuqta-products"),
        ("opensearchs://me:secret@search:9200/shop", "https://me:secret@search:9200", "shop"),
        ("http://127.0.0.1:9200", "http://127.0.0.1:9200", "nuqta-products"),
    ],
)
def test_addresses(url: str, address: str, prefix: str) -> None:
    assert address_of(url) == (address, prefix)


def test_the_index_has_a_type_for_every_field(schema: Schema) -> None:
    body = index_body(schema, shards=3, replicas=2)
    assert (
        body["settings"]["index"]["number_of_shards"],
        body["settings"]["index"]["number_of_replicas"],
    ) == (3, 2)
    fields = body["mappings"]["properties"]
    assert set(fields) == {*FIELDS, "id", "django_ct", "django_id"}
    assert fields["text"] == {"type": "text", "analyzer": "whitespace"}
    assert fields["tags"] == {"type": "keyword"}
    assert fields["shown"] == {"type": "keyword", "index": False, "doc_values": False}
    templates = {
        name: found for part in body["mappings"]["dynamic_templates"] for name, found in part.items()
    }
    assert templates["measures"] == {"path_match": "measures.*", "mapping": {"type": "double"}}
    assert body["mappings"]["dynamic"] == "strict"


def test_a_document_is_written_as_terms_and_values(schema: Schema) -> None:
    source = source_of(
        schema,
        {
            "id": "catalogue.product.1", "django_ct": "catalogue.product", "django_id": 1,
    "text": "Wooden Chairs",
            "brand": "AT&T", "tags": ["a", "b", "a"], "price": None, "in_stock": True, "unknown": 5,
            "arrived": datetime(2026, 1, 2, tzinfo=UTC), "properties": {"cpu": ["i5"], "bad key": "x"},
            "measures": {"width": 8}, "by_price": 7, "weight": 0.5, "shown": "{}",
        },
    )  # fmt: skip
    assert source == {
        "id": "catalogue.product.1", "django_ct": "catalogue.product", "django_id": "1",
    "text": "wooden chair",
        "brand": "AT&T", "tags": ["a", "b"], "in_stock": True, "arrived": "2026-01-02T00:00:00+00:00",
        "properties": {"cpu": ["i5"]}, "measures": {"width": [8.0]}, "by_price": 7, "weight": 0.5,
        "shown": "{}",
    }  # fmt: skip
    json.dumps(source)


def test_bulk_writes_what_there_is_and_removes_the_rest() -> None:
    assert list(bulk_actions("x", ["a", "b"], {"a": {"n": 1}})) == [
        {"_op_type": "index", "_index": "x", "_id": "a", "_source": {"n": 1}},
        {"_op_type": "delete", "_index": "x", "_id": "b"},
    ]


# Queries ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("node", "query"),
    [
        (Everything(), EVERYTHING),
        (Nothing(), NOTHING),
        (Condition("brand", "exact", "AT&T"), term("brand", "AT&T")),
        (Condition("brand", "content", None), {"bool": {"must_not": [{"exists": {"field": "brand"}}]}}),
        (Condition("tags", "in", ["a", "b"]), {"terms": {"tags": ["a", "b"]}}),
        (Condition("tags", "in", []), NOTHING),
        (Condition("in_stock", "content", "true"), term("in_stock", True)),
        (Condition("properties.cpu", "exact", "i5"), term("properties.cpu", "i5")),
        (Condition("properties.c]pu", "exact", "i5"), NOTHING),
        (Condition("no_such_field", "exact", "x"), NOTHING),
        (Condition("by_price", "exact", 5), NOTHING),
        (Condition("by_price", "range", [1, 5]), NOTHING),
        (Condition("weight", "gte", 0.5), NOTHING),
        (Condition("brand", "startswith", "Sam*"), {"prefix": {"brand": {"value": "Sam*"}}}),
        (Condition("brand", "contains", "a*b"), {"wildcard": {"brand": {"value": "*a\\*b*"}}}),
        (Condition("price", "range", [5, None]), {"range": {"price": {"gte": 5}}}),
        (Condition("price", "range", [None, 9.5]), {"range": {"price": {"lte": 9.5}}}),
        (Condition("price", "gt", 10**30), {"range": {"price": {"gt": 2**63 - 1}}}),
        (Condition("price", "gte", "junk"), NOTHING),
        (Condition("price", "gte", float("nan")), NOTHING),
        (Condition("price", "range", [None, None]), {"exists": {"field": "price"}}),
        (Condition("measures.width", "lt", 8), {"range": {"measures.width": {"lt": 8.0}}}),
        # Of text there are no ranges: tantivy has none.
        (Condition("brand", "gt", "m"), NOTHING),
        (Not(Condition("brand", "exact", "x")), {"bool": {"must_not": [term("brand", "x")]}}),
        (
            Or((Condition("brand", "exact", "x"), Condition("brand", "exact", "y"))),
            {"bool": {"should": [term("brand", "x"), term("brand", "y")], "minimum_should_match": 1}},
        ),
        (And((Condition("brand", "exact", "x"),)), {"bool": {"must": [term("brand", "x")]}}),
    ],
)
def test_conditions(writer: QueryWriter, node: Any, query: dict[str, Any]) -> None:
    assert writer.build(node) == query


def test_near_words_may_be_wrong_in_one_letter_or_two(writer: QueryWriter) -> None:
    for word, wrong in (("lamp", 1), ("notebook", 2)):
        query = writer.build(Condition("tags", "fuzzy", word))
        assert query == {"fuzzy": {"tags": {"value": word, "fuzziness": wrong, "max_expansions": 500}}}


def test_what_a_person_typed(writer: QueryWriter) -> None:
    found = writer.build(Condition("content", "text", 'zarbools -"x" -winter "oak table"'))
    text = json.dumps(found)
    assert '"zarbool"' in text
    assert {"match_phrase": {"text": {"query": "oak tabl"}}} in found["bool"]["must"]
    assert '"winter"' in json.dumps(found["bool"]["must_not"])
    assert writer.build(Condition("content", "text", "...")) == {"bool": {"must": [NOTHING]}}
    assert writer.build(Condition("content", "text", " ")) == {"bool": {"must": [EVERYTHING]}}


def test_synonyms_are_worth_less_than_the_word(writer: QueryWriter) -> None:
    found = writer.build(Condition("content", "text", [["words", ["perch", "chair"]]]))
    (part,) = found["bool"]["must"]
    first, second = part["dis_max"]["queries"]
    assert "perch" in json.dumps(first)
    assert "chair" in json.dumps(second)
    worth = [query.get("bool", {}).get("boost", 1.0) for query in (first, second)]
    assert worth[1] < worth[0]


@pytest.mark.parametrize("text", ["مكتب " * 24, "laptop bag " * 12, "مكانس كهربائية " * 12, "کورسی " * 24])
def test_a_long_question_has_no_more_clauses_than_a_server_takes(text: str) -> None:
    writer = QueryWriter(Schema(dict(ProductIndex.fields)))
    found = writer.build(Condition("content", "text", text))
    assert len(found["bool"]["must"]) >= MOST_WORDS // 2
    assert clauses_of(found) <= 1_024
    # A short one loses nothing: its synonyms are looked for.
    assert "sofa" in json.dumps(writer.build(Condition("content", "text", "كنبة")))


def test_two_short_words_are_found_as_one_as_well(writer: QueryWriter) -> None:
    found = writer.build(Condition("content", "text", "lap tray"))
    (either,) = found["bool"]["must"]
    apart, together = either["dis_max"]["queries"]
    assert len(apart["bool"]["must"]) == 2
    assert "laptray" in json.dumps(together)
    # Of a raw query that says so of nothing.
    assert writer.build(Condition("content", "text", [["joined", ["x"]]])) == {"bool": {"must": [NOTHING]}}


def test_hostile_queries_stay_values(writer: QueryWriter, schema: Schema) -> None:
    dice = random.Random(13)
    for _ in range(2_000):
        text = "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 14)))
        for node in (
            read_or_words(text),
            Condition("brand", "contains", text),
            Condition("content", "text", text),
        ):
            query = writer.build(node)
            assert "script" not in query
            assert clauses_of(query) <= 1_024
            assert "query_string" not in json.dumps(query)
        (narrowed,) = read_narrowings(schema, [text], None).values()
        json.dumps(writer.build(narrowed))


def test_wildcards_of_a_value_are_escaped() -> None:
    assert escape_wildcards("a*b?c\\d") == "a\\*b\\?c\\\\d"


# Searches -----------------------------------------------------------------------------------------
def search_body(schema: Schema, **kwargs: Any) -> dict[str, Any]:
    writer = QueryWriter(schema)
    narrow = {
        frozenset(["brand"]): writer.build(Condition("brand", "in", ["a", "b"])),
        frozenset(["in_stock"]): writer.build(Condition("in_stock", "exact", True)),
    }
    return SearchWriter(schema, EVERYTHING, narrow).body(**{"start": 0, "size": 24, **kwargs})


def test_a_group_is_counted_without_its_own_filter_alone(schema: Schema) -> None:
    body = search_body(schema, facets={"brand": {"disjunctive": True}, "tags": {"disjunctive": True}})
    brand, stock = {"terms": {"brand": ["a", "b"]}}, term("in_stock", True)
    assert body["post_filter"] == {"bool": {"filter": [brand, stock]}}
    assert body["aggs"]["facet brand"]["filter"] == {"bool": {"filter": [stock]}}
    assert body["aggs"]["facet tags"]["filter"] == {"bool": {"filter": [brand, stock]}}
    # The query itself is not narrowed: counts could not be told apart otherwise.
    assert "brand" not in json.dumps(body["query"])
    assert body["track_total_hits"] is True


def test_relevance_is_weighed_and_orders_are_stable(schema: Schema) -> None:
    body = search_body(schema)
    (function,) = body["query"]["function_score"]["functions"]
    factor = {"field": "weight", "missing": 1.0, "modifier": "log2p"}
    assert function == {"field_value_factor": factor}
    assert body["sort"] == [{"_score": {"order": "desc"}}, {"id": {"order": "asc"}}]
    body = search_body(schema, sort_by=["-by_price", "no_such_field"])
    assert body["sort"] == [{"by_price": {"order": "desc", "missing": "_last"}}, {"id": {"order": "asc"}}]
    assert body["query"] == EVERYTHING


def test_counts_that_are_asked_for(schema: Schema) -> None:
    body = search_body(
        schema,
        facets={
            "price": {"ranges": 4}, "measures.width": {"steps": [5, 10]},
            "brand": {"missing": True, "size": 7}, "text": {}, "no_such_field": {},
        },
        query_facets=[QueryWriter(schema).build(read_query("price:[1 TO 5]"))],
        stats=["price"],
    )  # fmt: skip
    assert set(body["aggs"]) == {
        "facet price", "facet measures.width", "facet brand", "query 0", "stats price",
    }  # fmt: skip
    assert body["aggs"]["facet price"]["aggs"]["quantiles"]["percentiles"]["percents"] == [25.0, 50.0, 75.0]
    assert body["aggs"]["facet measures.width"]["aggs"]["step 1"] == {
        "filter": {"range": {"measures.width": {"gte": 10.0}}}
    }
    assert body["aggs"]["facet brand"]["aggs"]["missing"] == {"missing": {"field": "brand"}}
    assert body["aggs"]["facet brand"]["aggs"]["values"]["terms"]["size"] == 7
    assert "values" in body["aggs"]["facet price"]["aggs"]
    body = search_body(schema, facets={"price": {"ranges": 4, "few_values": False}})
    assert set(body["aggs"]["facet price"]["aggs"]) == {"quantiles", "stats"}


# Answers ------------------------------------------------------------------------------------------
def test_values_are_read_with_their_types(schema: Schema) -> None:
    buckets = [{"key": 0, "key_as_string": "false", "doc_count": 2}, {"key": 1, "doc_count": 9}]
    counted = {"values": {"buckets": buckets}, "missing": {"doc_count": 3}}
    assert values_of(schema.column("in_stock"), counted, {}) == [(True, 9), (False, 2)]
    assert values_of(schema.column("in_stock"), counted, {"missing": True})[-1] == (None, 3)
    buckets = [{"key": "b", "doc_count": 1}, {"key": "a", "doc_count": 1}, {"key": "c", "doc_count": 2}]
    tags = {"values": {"buckets": buckets}}
    assert values_of(schema.column("tags"), tags, {}) == [("c", 2), ("a", 1), ("b", 1)]
    assert values_of(schema.column("tags"), tags, {"order": "term"}) == [("a", 1), ("b", 1), ("c", 2)]


def test_ranges_are_fitted_to_the_answer_and_counted_in_a_second_request(schema: Schema) -> None:
    values = [{"key": 25.0, "value": 104.0}, {"key": 75.0, "value": 780.0}, {"key": 50.0, "value": None}]
    ranges, bounds = ranges_of(
        {
            "stats": {"count": 3, "min": 5.0, "max": 900.0},
            "quantiles": {"values": values},
            "values": {"buckets": [{"key": 5, "doc_count": 1}, {"key": 900, "doc_count": 2}]},
        }
    )
    assert (bounds, ranges.values) == ([100.0, 800.0], ((5.0, 1), (900.0, 2)))
    again = SearchWriter(schema, EVERYTHING, {}).range_counts({"price": ({}, bounds)})
    assert again["aggs"]["facet price"]["aggs"]["ranges"]["range"]["ranges"] == [
        {"to": 100.0}, {"from": 100.0, "to": 800.0}, {"from": 800.0},
    ]  # fmt: skip
    counted = with_counts(ranges, [{"to": 100.0, "doc_count": 1}, {"from": 100.0, "doc_count": 2}])
    assert [(part.low, part.high, count) for part, count in counted.counts] == [
        (None, 100.0, 1),
        (100.0, None, 2),
    ]
    nothing, none = ranges_of({"stats": {"count": 0, "min": None, "max": None}})
    assert (nothing.counts, none) == ((), [])
