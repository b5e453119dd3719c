"""The index is rebuilt beside the one in use, by itself when the schema changed, and nothing is lost."""

from __future__ import annotations

import io
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
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


def kill_yourself(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_killed_child(work: Callable[[], object]) -> None:
    """Done in another process, which must not live to its end."""
    child = os.fork()
    if child == 0:
        try:
            # The parent's connection is not this process's to use, nor to close.
            connection.connection = None
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def assert_next_rebuild_cleans_up(search_backend: Any, *, finds: set[str]) -> None:
    services.rebuild()
    assert titles() == finds
    left = sorted(path.name for path in search_backend.path.iterdir() if not path.name.endswith(".lock"))
    name = search_backend.storage.pointer.read_text()
    assert left == sorted([name, search_backend.storage.pointer.name])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["filling", "swapping"])
def test_a_rebuild_that_is_killed_leaves_the_index_in_use(
    search_backend: Any, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    kept = OfferFactory(product__title_en="Kept").product
    services.rebuild()
    OfferFactory(product__title_en="Later")
    with monkeypatch.context() as patched:
        if moment == "swapping":
            # The new pointer is written beside the old one, and stays so.
            patched.setattr("pathlib.Path.replace", kill_yourself)
        in_killed_child(lambda: services.rebuild(progress=kill_yourself if moment == "filling" else None))
    assert titles() == {"Kept"}
    Product.objects.filter(pk=kept.pk).update(title_en="Changed")
    services.reindex([kept.pk])
    assert titles() == {"Changed"}
    assert_next_rebuild_cleans_up(search_backend, finds={"Changed", "Later"})


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_that_is_killed_after_the_swap_is_done(
    search_backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    OfferFactory(product__title_en="Kept")
    services.rebuild()
    OfferFactory(product__title_en="Later")
    with monkeypatch.context() as patched:
        patched.setattr(type(search_backend.storage), "_forget_generations", kill_yourself)
        in_killed_child(services.rebuild)
    assert titles() == {"Kept", "Later"}
    assert_next_rebuild_cleans_up(search_backend, finds={"Kept", "Later"})


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


@pytest.mark.django_db
def test_the_command_rebuilds_and_tells_how_far_it_is(search_backend: Any) -> None:
    for number in range(3):
        OfferFactory(product__title_en=f"Chair {number}")
    search_backend.batch_size = 2
    out = io.StringIO()
    call_command("rebuild_search", stdout=out)
    assert "Indexing products: 2/3\r" in out.getvalue()
    assert "Indexed 3 products in" in out.getvalue()
    assert titles() == {"Chair 0", "Chair 1", "Chair 2"}
    out = io.StringIO()
    call_command("rebuild_search", stdout=out, verbosity=0)
    assert out.getvalue() == ""


@pytest.mark.django_db
def test_a_second_rebuild_by_command_says_that_one_runs(search_backend: Any) -> None:
    storage = search_backend.storage
    storage.wait_seconds = 0.1
    with storage.rebuilding(), pytest.raises(CommandError, match="being rebuilt already"):
        call_command("rebuild_search", stdout=io.StringIO())


@pytest.mark.django_db
def test_an_empty_shop_has_an_index_and_says_that_there_is_nothing(search_backend: Any, client: Any) -> None:
    assert services.rebuild() == 0
    client.cookies["django_language"] = "en"
    page = client.get("/catalogue/").content.decode()
    assert "There are no products here yet" in page
    for address in ("/search/?q=chair", "/search/suggest/?q=ch", "/search/?price_min=5&brand=x", "/"):
        assert client.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_losing_the_directory_while_serving_loses_nothing(
    search_backend: Any, settings: Any, client: Any
) -> None:
    client.cookies["django_language"] = "en"
    OfferFactory(product__title_en="Thing")
    services.rebuild()
    settings.HAYSTACK_CONNECTIONS["default"]["BUILDS_ITSELF"] = True
    backend = connections.reload("default").get_backend()
    assert client.get("/catalogue/").context["listing"].count == 1
    shutil.rmtree(backend.path)
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        listing = client.get("/catalogue/").context["listing"]
        assert listing.count == 1 or not listing.is_ready
        if listing.count == 1 and backend.is_built:
            break
        time.sleep(0.05)
    assert (listing.count, backend.is_built) == (1, True)
    for thread in threading.enumerate():
        if thread.name == "search-rebuild":
            thread.join(30)
    changed = OfferFactory(product__title_en="Another").product
    services.reindex([changed.pk])
    assert titles() == {"Thing", "Another"}
