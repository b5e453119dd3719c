"""The staff's pages of formats, printers, and the making and release of codes, without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pyrage
import pytest
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.codes import CODE_FORMATS, STANDARD_FORMAT, CodeFormat
from points_payment.kinds import BatchState, CodeAlphabet, ExportKind, ProductionState
from points_payment.models import Batch, Card, CardProduction, Printer
from points_payment.services import production as producing
from points_payment.services.batches import approve_batch
from points_payment.services.printers import add_printer, confirm_printer
from points_payment.services.production import start_production
from points_payment.staff import production_forms
from tests.factories.points import make_batch, make_person, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def printer(key) -> Printer:
    added = add_printer(name=f"Tigris {new_key()}", public_key=str(key.to_public()), actor=make_person())
    return confirm_printer(printer=added, actor=make_person())


def sign_in(client: Client, *rights: PlatformPermission) -> User:
    person = make_person("Staff")
    person.user_permissions.set(Permission.objects.filter(codename__in=rights or PlatformPermission))
    client.force_login(person)
    client.cookies["nuqta_language"] = client.cookies["django_language"] = "en"
    return person


def text(response) -> str:
    return response.content.decode()


def approved(cards: int = 2) -> Batch:
    batch = make_batch(cards=cards)
    return approve_batch(batch=batch, actor=make_person())


# Drafting --------------------------------------------------------------------------------


def draft(client: Client, **more: str):
    facts = {
        "face_value_points": "5000",
        "number_of_cards": "10",
        "expires_on": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }
    return client.post("/staff/cards/new/", facts | more)


@pytest.mark.parametrize(
    ("chosen", "made"),
    [
        ({}, STANDARD_FORMAT),
        ({"code_format": ""}, STANDARD_FORMAT),
        ({"code_format": "digits-24"}, CodeFormat(CodeAlphabet.DIGITS, 24)),
        ({"code_format": "crockford-16"}, CodeFormat(CodeAlphabet.CROCKFORD, 16)),
    ],
)
def test_batch_has_the_chosen_format(client, chosen, made):
    sign_in(client)
    assert draft(client, **chosen).status_code == 302
    assert Batch.objects.get().code_format == made
    page = text(client.get(f"/staff/cards/{Batch.objects.get().pk}/"))
    assert (
        f"{made.length} {'digits' if made.alphabet == CodeAlphabet.DIGITS else 'letters and digits'}" in page
    )


def test_form_offers_every_format_and_proposes_the_usual_one(client):
    sign_in(client)
    page = client.get("/staff/cards/new/")
    choices = list(page.context["form"].fields["code_format"].choices)
    assert len(choices) == len(CODE_FORMATS)
    assert choices[0] == ("digits-18", "18 digits")
    assert "easier to guess" in text(page)


def test_other_format_is_told_beside_the_field(client):
    sign_in(client)
    response = draft(client, code_format="digits-12")
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"code_format"}
    assert not Batch.objects.exists()


# From the codes to the printer -----------------------------------------------------------


def test_codes_are_made_seen_to_be_made_and_released_once(client, printer, key, drain_outbox):
    batch = approved()
    address = f"/staff/cards/{batch.pk}/"
    starter = sign_in(client)
    assert printer.fingerprint in text(client.get(f"{address}codes/"))
    client.post(f"{address}codes/", {"kind": "list", "printer": printer.pk})
    production = CardProduction.objects.get()
    assert (production.started_by, production.printer) == (starter, printer)
    page = text(client.get(address))
    assert 'max="100" value="0"' in page
    assert f'hx-get="{address}production/"' in page
    for step in ("codes", "void", "release"):
        assert f'href="{step}/"' not in page
    drain_outbox()
    page = text(client.get(address))
    assert "hx-get" not in page
    assert printer.fingerprint in page
    # Who started it does not release it.
    assert 'href="release/"' not in page
    assert client.get(f"{address}release/").status_code == 403
    assert client.post(f"{address}release/").status_code == 302
    assert CardProduction.objects.get().state == ProductionState.READY
    second = sign_in(client)
    assert 'href="release/"' in text(client.get(address))
    assert CardProduction.objects.get().file_sha256 in text(client.get(f"{address}release/"))
    response = client.post(f"{address}release/")
    plain = pyrage.decrypt(b"".join(response.streaming_content), [key]).decode()
    assert len(plain.split("\r\n")) == 4
    assert response["Content-Disposition"].endswith('.csv.age"')
    assert "no-store" in response["Cache-Control"]
    again = client.post(f"{address}release/", follow=True)
    assert "not possible any more" in text(again)
    assert "No file of this batch waits" in text(client.get(f"{address}release/"))
    released = CardProduction.objects.get()
    assert (released.state, released.released_by) == (ProductionState.RELEASED, second)
    assert second.display_name in text(client.get(address))


def test_page_that_polls_is_told_how_far_it_is_and_when_to_load_anew(client, printer, drain_outbox):
    batch = approved()
    sign_in(client)
    address = f"/staff/cards/{batch.pk}/production/"
    asked = {"HTTP_HX_REQUEST": "true"}
    assert client.get(address, **asked)["HX-Refresh"] == "true"
    start_production(batch=batch, kind=ExportKind.LIST, printer=printer, actor=make_person())
    CardProduction.objects.update(state=ProductionState.RUNNING, cards_done=1, attempts=2)
    panel = text(client.get(address, **asked))
    assert 'value="50"' in panel
    assert "began anew" in panel
    assert "<html" not in panel
    assert client.get(address)["Location"] == f"/staff/cards/{batch.pk}/"
    drain_outbox()
    assert client.get(address, **asked)["HX-Refresh"] == "true"


def test_failure_is_shown_and_started_again(client, printer, drain_outbox, monkeypatch):
    batch = approved()
    sign_in(client)
    address = f"/staff/cards/{batch.pk}/"
    with monkeypatch.context() as patch:
        patch.setattr(producing, "store_export", lambda *facts: 1 // 0)
        client.post(f"{address}codes/", {"kind": "list", "printer": printer.pk})
        drain_outbox()
    page = text(client.get(address))
    assert "ZeroDivisionError" in page
    assert 'href="codes/"' in page
    client.post(f"{address}codes/", {"kind": "list", "printer": printer.pk})
    drain_outbox()
    assert Batch.objects.get().state == BatchState.GENERATED


def test_without_a_printer_only_where_the_shop_prints_itself(client, settings, drain_outbox, monkeypatch):
    batch = approved()
    address = f"/staff/cards/{batch.pk}/"
    sign_in(client)
    settings.CARDS_PRINTED_HERE = False
    assert "no printer yet" in text(client.get(f"{address}codes/"))
    assert client.post(f"{address}codes/", {"kind": "list"}).status_code == 422
    assert not CardProduction.objects.exists()
    settings.CARDS_PRINTED_HERE = True
    assert "under Sites" in text(client.post(f"{address}codes/", {"kind": "sheets"}, follow=True))
    # Django keeps the site in memory, so the change does as well.
    monkeypatch.setattr(Site.objects.get_current(), "domain", "nuqta.example")
    client.post(f"{address}codes/", {"kind": "sheets"})
    drain_outbox()
    assert "Printed in the house" in text(client.get(address))
    sign_in(client)
    assert "not encrypted" in text(client.get(f"{address}release/"))
    assert b"".join(client.post(f"{address}release/").streaming_content).startswith(b"%PDF")
    assert not Card.objects.filter(state="active").exists()


def test_large_batch_is_no_matter_of_sheets(client, printer, monkeypatch):
    monkeypatch.setattr(production_forms, "MAX_SMALL_RUN_CARDS", 1)
    batch = approved()
    sign_in(client)
    address = f"/staff/cards/{batch.pk}/codes/"
    assert client.get(address).context["form"].fields["kind"].choices == [("list", ExportKind.LIST.label)]
    assert client.post(address, {"kind": "sheets", "printer": printer.pk}).status_code == 422


@pytest.mark.parametrize(
    ("limit", "reason"), [(1, "for a printer&#x27;s key"), (500, "not possible any more")]
)
def test_what_changed_meanwhile_is_told(client, monkeypatch, limit, reason):
    batch = make_batch(cards=2)
    if limit == 1:
        approve_batch(batch=batch, actor=make_person())
    sign_in(client)
    monkeypatch.setattr(production_forms, "may_print_here", lambda batch: True)
    monkeypatch.setattr(producing, "MAX_SMALL_RUN_CARDS", limit)
    response = client.post(f"/staff/cards/{batch.pk}/codes/", {"kind": "list"}, follow=True)
    assert reason in text(response)
    assert not CardProduction.objects.exists()


def test_damaged_file_is_told(client, printer, drain_outbox):
    batch = approved()
    start_production(batch=batch, kind=ExportKind.LIST, printer=printer, actor=make_person())
    drain_outbox()
    storages["exports"].delete(CardProduction.objects.get().file_name)
    sign_in(client)
    response = client.post(f"/staff/cards/{batch.pk}/release/", follow=True)
    assert "void the batch" in text(response)


@pytest.mark.parametrize("state", ["released", "discarded"])
def test_page_says_what_became_of_the_file(client, printer, drain_outbox, state):
    from points_payment.services.batches import void_batch

    batch = approved()
    start_production(batch=batch, kind=ExportKind.LIST, printer=printer, actor=make_person())
    if state == "discarded":
        void_batch(batch=batch, actor=make_person(), reason="No paper")
    drain_outbox()
    sign_in(client)
    if state == "released":
        b"".join(client.post(f"/staff/cards/{batch.pk}/release/").streaming_content)
    page = text(client.get(f"/staff/cards/{batch.pk}/"))
    assert ("Nobody knows the codes" in page) == (state == "discarded")


# Printers --------------------------------------------------------------------------------


def test_printer_is_added_by_one_and_confirmed_by_another(client, key):
    sign_in(client)
    assert "No printers yet" in text(client.get("/staff/cards/printers/"))
    facts = {"name": "Euphrates Press", "public_key": str(key.to_public())}
    assert client.get("/staff/cards/printers/new/").status_code == 200
    client.post("/staff/cards/printers/new/", facts)
    printer = Printer.objects.get()
    address = f"/staff/cards/printers/{printer.pk}/confirm/"
    page = text(client.get("/staff/cards/printers/"))
    assert "Waiting for confirmation" in page
    assert address not in page
    assert client.post(address).status_code == 403
    sign_in(client)
    assert address in text(client.get("/staff/cards/printers/"))
    assert printer.fingerprint in text(client.get(address))
    assert not Printer.objects.get().is_usable
    client.post(address)
    assert Printer.objects.get().is_usable
    assert "not confirmed, or is retired" in text(client.post(address, follow=True))
    client.get(f"/staff/cards/printers/{printer.pk}/retire/")
    assert Printer.objects.get().is_usable
    client.post(f"/staff/cards/printers/{printer.pk}/retire/")
    assert "Retired" in text(client.get("/staff/cards/printers/"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"public_key": "age1rubbish"}, "public_key"),
        ({"public_key": ""}, "public_key"),
        ({"name": ""}, "name"),
        ({}, "__all__"),
    ],
)
def test_wrong_printer_is_told_beside_the_field(client, printer, wrong, field):
    sign_in(client)
    facts = {"name": printer.name, "public_key": printer.public_key}
    response = client.post("/staff/cards/printers/new/", facts | wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert Printer.objects.count() == 1


VIEW, ISSUE, APPROVE = (
    PlatformPermission.CARDS_VIEW,
    PlatformPermission.CARDS_ISSUE,
    PlatformPermission.CARDS_APPROVE,
)


@pytest.mark.parametrize(
    ("address", "right", "status"),
    [
        ("{batch}/codes/", ISSUE, 200),
        ("{batch}/production/", VIEW, 302),
        ("{batch}/release/", APPROVE, 200),
        ("printers/", VIEW, 200),
        ("printers/new/", APPROVE, 200),
        ("printers/{printer}/confirm/", ISSUE, 200),
        ("printers/{printer}/retire/", APPROVE, 200),
    ],
)
def test_page_opens_for_its_right_alone(client, printer, address, right, status):
    address = "/staff/cards/" + address.format(batch=make_batch().pk, printer=printer.pk)
    assert client.get(address)["Location"].startswith("/accounts/login/")
    sign_in(client, *(other for other in PlatformPermission if other != right))
    assert client.get(address).status_code == 403
    sign_in(client, right)
    assert client.get(address).status_code == status
    sign_in(client)
    for unknown in (address.replace(str(printer.pk), "999"), address.replace(str(make_batch().pk), "999")):
        assert unknown == address or client.get(unknown).status_code == 404
