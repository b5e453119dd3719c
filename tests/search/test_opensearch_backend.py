"""The order in which the OpenSearch backend asks its server, with a stand-in that only remembers.

What a real server does with the requests is for the contract tests, when there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import haystack
import pytest
from haystack.query import SQ, SearchQuerySet
from opensearchpy import ConnectionError as NoAnswer, NotFoundError, helpers

from forked_apps.catalogue.models import Brand
from search import services
from search.engines.storage import NotBuilt
from tests.factories.catalogue import OfferFactory
from tests.search.conftest import connect_to_opensearch

pytestmark = pytest.mark.django_db


class Server:
    """Indexes, aliases and documents in dictionaries; searches are answered with everything there is."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self.searches: list[dict[str, Any]] = []
        self.is_down = False
        #: Answers so many searches before it goes down.
        self.answers: int | None = None
        self.indices = self

    def real(self, index: str) -> str:
        return self.aliases.get(index, index)

    # The client's calls ---------------------------------------------------------------------
    def exists_alias(self, *, name: str) -> bool:
        if self.is_down:
            raise NoAnswer("N/A", "down", Exception())
        return name in self.aliases

    def get_alias(self, *, name: str) -> dict[str, Any]:
        if name not in self.aliases:
            raise NotFoundError(404, "no alias", {})
        return {self.aliases[name]: {}}

    def exists(self, *, index: str) -> bool:
        return index in self.documents

    def create(self, *, index: str, body: Any = None) -> None:
        assert index not in self.documents
        self.documents[index] = {}

    def refresh(self, *, index: str) -> None:
        assert self.real(index) in self.documents

    def delete(self, *, index: str, params: Any = None) -> None:
        self.documents.pop(index, None)

    def update_aliases(self, *, body: dict[str, Any]) -> None:
        for action in body["actions"]:
            if "add" in action:
                self.aliases[action["add"]["alias"]] = action["add"]["index"]
            else:
                del self.documents[action["remove_index"]["index"]]

    def search(self, *, index: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.is_down or self.answers == len(self.searches):
            raise NoAnswer("N/A", "down", Exception())
        # As a server checks names of aggregations, on every level.
        assert not set("[]>") & set("".join(body.get("aggs", {})))
        if index not in self.aliases:
            raise NotFoundError(404, "no such index", {})
        self.searches.append(body)
        found = list(self.documents[self.real(index)].values())
        hits = [{"_source": source, "_score": 1.0} for source in found[: body["size"]]]
        counts = {name: self._count(asked, len(found)) for name, asked in body.get("aggs", {}).items()}
        return {"hits": {"hits": hits, "total": {"value": len(found)}}, "aggregations": counts}

    def _count(self, asked: dict[str, Any], number: int) -> dict[str, Any]:
        ranges = {"buckets": [{"to": 10.0, "doc_count": number}, {"from": 10.0, "doc_count": 0}]}
        stats = {"count": number, "min": 1.0, "max": 90.0}
        every = {
            "values": {"buckets": []}, "ranges": ranges, "stats": stats, "missing": {"doc_count": 0},
            "quantiles": {"values": [{"key": 50.0, "value": 10.0}]},
        }  # fmt: skip
        found = {name: every.get(name, {"doc_count": number}) for name in asked.get("aggs", {})}
        return {"doc_count": number, **found}

    def bulk(self, client: Any, actions: Any, **options: Any) -> None:
        assert options["request_timeout"] >= 60
        for action in actions:
            # A server makes an index of any name that it is told, unless it is told not to.
            if options.get("require_alias"):
                assert action["_index"] in self.aliases
            kept = self.documents[self.real(action["_index"])]
            if action["_op_type"] == "index":
                kept[action["_id"]] = action.get("_source", {})
            else:
                kept.pop(action["_id"], None)

    def scan(self, client: Any, *, index: str, **_: Any) -> Iterator[dict[str, Any]]:
        if self.real(index) not in self.documents:
            raise NotFoundError(404, "no such index", {})
        for name, source in list(self.documents[self.real(index)].items()):
            yield {"_id": name, "_source": source}


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    connect_to_opensearch(monkeypatch, settings, url="opensearch://127.0.0.1:1/shop?shards=3&replicas=2")
    server = Server()
    monkeypatch.setattr(helpers, "bulk", server.bulk)
    monkeypatch.setattr(helpers, "scan", server.scan)
    haystack.connections.reload("default").get_backend().__dict__["client"] = server
    yield server
    haystack.connections.thread_local.connections.pop("default", None)


def backend() -> Any:
    return haystack.connections["default"].get_backend()


def test_settings_come_with_the_address(server: Server) -> None:
    assert (backend().prefix, backend().shards, backend().replicas) == ("shop", 3, 2)


def test_a_rebuild_moves_the_alias_and_forgets_the_old_generation(server: Server) -> None:
    offer = OfferFactory(product__title_en="Chair")
    assert not backend().is_built
    assert services.rebuild() == 1
    assert services.rebuild() == 1
    assert backend().is_built
    # One generation, and no journal is left.
    assert list(server.documents) == [server.aliases[backend().alias]]
    (document,) = server.documents[server.aliases[backend().alias]].values()
    assert (document["django_id"], document["title_en"]) == (str(offer.product_id), "chair")


def test_what_changes_beside_a_rebuild_is_in_the_new_generation(server: Server) -> None:
    offer = OfferFactory(product__title_en="Chair")
    services.rebuild()

    def change_meanwhile(done: int, total: int) -> None:
        type(offer.product).objects.filter(pk=offer.product_id).update(title_en="Stool")
        services.reindex([offer.product_id])

    services.rebuild(progress=change_meanwhile)
    assert [found["title_en"] for found in server.documents[server.aliases[backend().alias]].values()] == [
        "stool"
    ]


def test_a_rebuild_that_fails_leaves_what_is_in_use(server: Server) -> None:
    OfferFactory()
    services.rebuild()
    before = dict(server.aliases)

    def fail(done: int, total: int) -> None:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        services.rebuild(progress=fail)
    assert server.aliases == before
    assert list(server.documents) == list(before.values())


def test_products_are_written_removed_and_compared(server: Server) -> None:
    from search.checking import compare_index

    first, second = OfferFactory().product, OfferFactory().product
    services.rebuild()
    assert compare_index().ids == []
    gone = second.pk
    second.delete()
    type(first).objects.filter(pk=first.pk).update(title_en="Other")
    difference = compare_index()
    assert (difference.extra, difference.stale) == ([gone], [first.pk])
    services.reindex(difference.ids)
    assert compare_index().ids == []
    backend().remove(f"catalogue.product.{first.pk}")
    assert compare_index().missing == [first.pk]


def test_a_search_reads_hits_and_counts(server: Server) -> None:
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    found = SearchQuerySet().filter(content="chair").narrow(SQ(brand="x")).query_facet("price", "[1 TO 5]")
    found = (
        found.facet("brand", missing=True)
        .facet("price", ranges=2)
        .facet("arrived_on", steps=[1])
        .facet("text")
    )
    (result,) = found[:5]
    counts = found.facet_counts()
    assert (len(found), result.app_label, result.model_name) == (1, "catalogue", "product")
    assert counts["fields"]["brand"] == [(None, 0)]
    assert counts["fields"]["arrived_on"] == [(1, 1)]
    assert counts["fields"]["text"] == []
    assert [count for _, count in counts["fields"]["price"].counts] == [1, 0]
    assert counts["queries"] == {"price:[1 TO 5]": 1}
    # Counts between fitted bounds are asked for once more.
    assert [body["size"] for body in server.searches] == [5, 0]
    assert backend().more_like_this(OfferFactory(product__title_en="Chair").product)["hits"] == 1


def test_a_server_without_an_index_or_an_answer_finds_nothing_and_breaks_nothing(
    server: Server, client: Any
) -> None:
    assert SearchQuerySet().count() == 0
    with pytest.raises(NotBuilt):
        backend().stored("checksum")
    server.is_down = True
    assert SearchQuerySet().filter(content="chair").count() == 0
    client.cookies["django_language"] = "en"
    response = client.get("/search/", {"q": "chair"})
    assert (response.status_code, "The search is being prepared" in response.content.decode()) == (200, True)
    assert backend().more_like_this(OfferFactory().product) == {"results": [], "hits": 0}
    assert Brand.objects.count() == 0


def test_a_server_that_goes_down_between_two_requests_breaks_no_page(server: Server) -> None:
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    server.answers = 1
    found = SearchQuerySet().filter(content="chair").facet("price", ranges=2)
    assert (found.count(), found.facet_counts()) == (0, {})


def test_everything_of_a_model_is_removed_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(server, "delete_by_query", lambda **request: asked.append(request), raising=False)
    backend().clear()
    assert asked == []
    OfferFactory()
    services.rebuild()
    backend().clear()
    backend().clear(models=[Brand])
    assert [request["body"]["query"] for request in asked] == [
        {"match_all": {}},
        {"terms": {"django_ct": ["catalogue.brand"]}},
    ]
    assert all(request["params"]["request_timeout"] >= 60 for request in asked)
