"""Every kind of request to OpenSearch, held against the types that OpenSearch publishes of its API.

They are made from the specification of the server, by others: a field that it does not know, or a query where
an aggregation belongs, does not compile. What a server answers, they cannot tell.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from haystack.query import SQ, SearchQuerySet
from opensearchpy import helpers

from marketplace import assets
from marketplace.env import current
from search import services
from search.analysis.vocabulary import understand
from search.engines.query import Typed
from tests.factories.catalogue import OfferFactory
from tests.search.test_engine_contract import PIECES
from tests.search.test_opensearch_backend import Server, backend, server

__all__ = ["server"]

pytestmark = pytest.mark.django_db

PACKAGES = Path(__file__).parent / "opensearch_types"
TYPES = {
    "search": ("_core/search", "Search_RequestBody"),
    "create": ("indices/create", "Indices_Create_RequestBody"),
    "update_aliases": ("indices/updateAliases", "Indices_UpdateAliases_RequestBody"),
    "delete_by_query": ("_core/deleteByQuery", "DeleteByQuery_RequestBody"),
}
COMPILER = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext",
            "--moduleResolution", "bundler"]  # fmt: skip
#: Bodies that must not compile: types that let anything through would prove nothing.
WRONG: dict[str, list[dict[str, Any]]] = {
    "search": [
        {"query": {"bol": {"must": []}}},
        {"query": {"dis_max": {"queries": [{"term": {"x": "y"}}], "tie_braker": 0.1}}},
        {"aggs": {"x": {"filter": {"term": {"x": "y"}}, "aggs": {"y": {"stat": {"field": "z"}}}}}},
        {"aggs": {"x": {"terms": {"size": "many"}}}},
        {"post_filter": {"terms": {"x": "y"}, "boost": "high"}},
        {"sort": [{"x": {"order": "upwards"}}]},
    ],
    "create": [
        {"mappings": {"properties": {"x": {"type": "keywords"}}}},
        {"settings": {"index": {"number_of_shards": []}}},
    ],
    "update_aliases": [{"actions": [{"ad": {"index": "x", "alias": "y"}}]}],
    "delete_by_query": [{"query": {"term": ["x"]}}],
}


@pytest.fixture
def asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """The bodies of everything that is sent, by the call that sends it."""
    bodies: dict[str, list[Any]] = {name: [] for name in TYPES}

    def watch(name: str) -> None:
        send = getattr(server, name, lambda **_: None)

        def watched(**request: Any) -> Any:
            if request.get("body") is not None:
                bodies[name].append(request["body"])
            return send(**request)

        monkeypatch.setattr(server, name, watched, raising=False)

    for name in TYPES:
        watch(name)
    scan = helpers.scan

    def watched_scan(client: Any, *, query: Any = None, **options: Any) -> Any:
        if query is not None:
            bodies["search"].append(query)
        return scan(client, **options)

    monkeypatch.setattr(helpers, "scan", watched_scan)
    return bodies


def ask_everything() -> None:
    """Each condition, order and count that there is, on the shop's own index."""
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    services.rebuild()
    everything = SearchQuerySet()
    for text in ("laptop 16gb -bag", '"white chair"', "كرسي سامسونج", "کورسی", "", "-chair"):
        found = everything.filter(content=Typed(understand(text)))
        found = found.narrow(SQ(in_stock=True)).narrow(SQ(brand__in=["x", "y"])).narrow(SQ(category="3"))
        for name in ("category", "brand", "vendor", "in_stock", "attributes.cpu", "numbers.width", "text"):
            found = found.facet(name, disjunctive=True, missing=name == "brand")
        found = found.facet("price", ranges=5).facet("numbers.width", ranges=3, few_values=False)
        found = found.facet("arrived_on", steps=[1, 7, 30]).query_facet("price", "[1 TO *]").stats("price")
        list(found[:24])
        list(found.order_by("-by_price")[24:48])
        list(found.order_by("price", "-rating", "title_en")[:5])
    for lookup, value in {
        "price__range": (1, 5), "price__gt": 3, "price__lte": 2.5, "brand__startswith": "sam",
        "brand__endswith": "x", "brand__contains": "a*b", "words__fuzzy": "chari", "title_en__exact": "a b",
        "title_en__startswith": "cha", "brand": None, "rating__gte": 4.5, "arrived__lt": "2026-01-01",
        "attributes.cpu": "i5", "numbers.width__range": (1, 2),
    }.items():  # fmt: skip
        list(everything.filter(**{lookup: value})[:3])
        list(everything.exclude(**{lookup: value})[:3])
    dice = random.Random(17)
    for _ in range(60):
        list(everything.raw_search("".join(dice.choice(PIECES) for _ in range(9)))[:3])
    backend().more_like_this(OfferFactory(product__title_en="Chair").product)
    backend().stored("checksum")
    backend().clear()
    backend().clear(models=[OfferFactory().product.__class__])


def without_gaps(body: Any) -> Any:
    """The published types forget that terms and percentiles are of a ``field``."""
    if isinstance(body, list):
        return [without_gaps(item) for item in body]
    if not isinstance(body, dict):
        return body
    kept = {key: without_gaps(value) for key, value in body.items()}
    for name, sign in (("terms", "shard_size"), ("percentiles", "percents")):
        if isinstance(counted := kept.get(name), dict) and sign in counted:
            assert isinstance(counted.pop("field"), str)
    return kept


def program(asked: dict[str, list[Any]], modules: str) -> str:
    lines = []
    for name, (place, kind) in TYPES.items():
        lines.append(f"import type {{ {kind} }} from '{modules}/@opensearch-project/opensearch/api/{place}'")
        for number, body in enumerate(asked[name]):
            lines.append(f"export const {name}_{number}: {kind} = {json.dumps(without_gaps(body))}")
        for number, body in enumerate(WRONG[name]):
            lines += [
                "// @ts-expect-error",
                f"export const {name}_wrong_{number}: {kind} = {json.dumps(body)}",
            ]
    return "\n".join(lines) + "\n"


def test_requests_are_of_the_types_that_opensearch_publishes(
    asked: dict[str, list[Any]], tmp_path: Path
) -> None:
    ask_everything()
    assert {name: bool(bodies) for name, bodies in asked.items()} == dict.fromkeys(TYPES, True)
    assert len(asked["search"]) > 100
    installed = current().var_dir / "test" / "opensearch-types"
    assets.install(PACKAGES, into=installed)
    (tmp_path / "requests.ts").write_text(program(asked, str(installed / "node_modules")), encoding="utf-8")
    compiler = [str(assets.node()), str(installed / "node_modules" / "typescript" / "bin" / "tsc")]
    done = subprocess.run(
        [*compiler, *COMPILER, "requests.ts"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
