"""Changes reach the index in batches, by the outbox; a broken one keeps no other waiting."""

from __future__ import annotations

from typing import Any

import pytest
from haystack import connections
from haystack.query import SearchQuerySet

from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import drain, enqueue
from search import services
from tests.factories.catalogue import OfferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commits(search_backend: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The products of each commit to the index."""
    services.rebuild()
    written: list[list[str]] = []
    backend_class = type(connections["default"].get_backend())
    rewrite = backend_class.rewrite

    def rewrite_and_note(self: Any, identifiers: Any) -> None:
        written.append(list(identifiers))
        rewrite(self, identifiers)

    monkeypatch.setattr(backend_class, "rewrite", rewrite_and_note)
    return written


def change(*pks: Any) -> None:
    enqueue(topic="search.products", payload={"ids": list(pks)})


def test_what_waits_is_written_in_one_commit(commits: list[list[str]]) -> None:
    OutboxMessage.objects.all().delete()
    products = [OfferFactory(product__title_en=f"Zarbool {n}").product for n in range(5)]
    OutboxMessage.objects.all().delete()
    for product in products:
        change(product.pk)
    change(products[0].pk)
    assert drain() == 6
    assert commits == [[f"catalogue.product.{product.pk}" for product in products]]
    assert SearchQuerySet().filter(content="zarbool").count() == 5
    assert not OutboxMessage.objects.filter(done_at=None).exists()


def test_a_broken_message_fails_alone(commits: list[list[str]]) -> None:
    product = OfferFactory(product__title_en="Zarbool").product
    OutboxMessage.objects.all().delete()
    change(product.pk)
    change("no number")
    change(product.pk)
    assert drain() == 2
    (broken,) = OutboxMessage.objects.filter(done_at=None)
    assert (broken.payload, broken.attempts) == ({"ids": ["no number"]}, 1)
    assert SearchQuerySet().filter(content="zarbool").count() == 1


def test_other_topics_are_carried_out_one_by_one(commits: list[list[str]]) -> None:
    product = OfferFactory().product
    OutboxMessage.objects.all().delete()
    change(product.pk)
    enqueue(topic="nobody.carries.this.out", payload={})
    change(product.pk)
    assert drain() == 2
    assert len(commits) == 1
