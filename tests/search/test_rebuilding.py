"""The index is rebuilt beside the one in use, by itself when the schema changed, and nothing is lost."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from haystack import connections
from haystack.query import SearchQuerySet

from forked_apps.catalogue.models import Product
from search import services
from search.engines.storage import IndexIsBusy
from tests.factories.catalogue import OfferFactory


def titles() -> set[str]:
    from search.cards import unpack_card

    return {unpack_card(result.card, language="en").title for result in SearchQuerySet()[:100]}


@pytest.mark.django_db
def test_a_change_while_a_rebuild_runs_is_in_the_new_index(search_backend: Any) -> None:
    changed = OfferFactory(product__title_en="Before").product
    OfferFactory(product__title_en="Other")
    services.rebuild()
    gone = OfferFactory(product__title_en="Gone").product
    services.reindex([gone.pk])

    def change_meanwhile(done: int, total: int) -> None:
        # The rebuild has read these products already.
        Product.objects.filter(pk=changed.pk).update(title_en="After")
        services.reindex([changed.pk])
        assert titles() == {"After", "Other", "Gone"}
        pk = gone.pk
        gone.delete()
        services.reindex([pk])

    services.rebuild(progress=change_meanwhile)
    assert titles() == {"After", "Other"}


@pytest.mark.django_db
def test_a_rebuild_that_fails_leaves_the_index_in_use(search_backend: Any) -> None:
    OfferFactory(product__title_en="Kept")
    services.rebuild()

    def fail(done: int, total: int) -> None:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        services.rebuild(progress=fail)
    assert titles() == {"Kept"}
    generations = [path for path in search_backend.path.iterdir() if path.is_dir()]
    assert len(generations) == 1
    services.rebuild()
    assert titles() == {"Kept"}


@pytest.mark.django_db
def test_old_generations_are_removed_and_readers_go_on(search_backend: Any) -> None:
    OfferFactory(product__title_en="One")
    services.rebuild()
    reader = search_backend.storage.searcher()
    services.rebuild()
    services.rebuild()
    assert reader.num_docs == 1
    assert len([path for path in search_backend.path.iterdir() if path.is_dir()]) == 1


@pytest.mark.django_db
def test_one_rebuild_at_a_time(search_backend: Any) -> None:
    storage = search_backend.storage
    storage.wait_seconds = 0.1
    with storage.rebuilding(), pytest.raises(IndexIsBusy):
        services.rebuild()


@pytest.mark.django_db
def test_the_first_change_on_a_machine_without_an_index_builds_all_of_it(search_backend: Any) -> None:
    first = OfferFactory(product__title_en="First").product
    OfferFactory(product__title_en="Second")
    services.reindex([first.pk])
    assert titles() == {"First", "Second"}


@pytest.mark.django_db(transaction=True)
def test_an_index_of_another_schema_is_not_read_but_built_anew(search_backend: Any, settings: Any) -> None:
    OfferFactory(product__title_en="Thing")
    services.rebuild()
    (before,) = search_backend.path.glob("*.current")
    index = connections["default"].get_unified_index().get_index(Product)
    type(index).version += 1
    try:
        settings.HAYSTACK_CONNECTIONS["default"]["BUILDS_ITSELF"] = True
        backend = connections.reload("default").get_backend()
        assert not backend.is_built
        assert titles() == set()
        give_up = time.monotonic() + 30
        while not backend.is_built and time.monotonic() < give_up:
            time.sleep(0.05)
        for thread in threading.enumerate():
            if thread.name == "search-rebuild":
                thread.join(30)
        assert titles() == {"Thing"}
        # Processes of the release before go on with theirs.
        assert before.exists()
    finally:
        type(index).version -= 1


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_by_several_processes_writes_the_same(search_backend: Any) -> None:
    for number in range(30):
        OfferFactory(product__title_en=f"Chair {number}", product__title_ar=f"كرسي {number}")
    search_backend.batch_size = 7
    services.rebuild()
    alone = search_backend.stored("checksum")
    done: list[tuple[int, int]] = []
    assert services.rebuild(processes=2, progress=lambda *numbers: done.append(numbers)) == 30
    assert search_backend.stored("checksum") == alone
    assert done[-1] == (30, 30)
    assert SearchQuerySet().filter(title_ar="كراسي").count() == 30
