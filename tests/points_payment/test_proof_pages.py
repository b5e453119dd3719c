"""The staff's pages of the proof, the banner on all of their pages, and who is told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import translation

from marketplace.notifications.models import Notification
from marketplace.users.models import User
from marketplace.users.navigation import StaffNotice, register_staff_banner, staff_notices_for
from marketplace.users.permissions import PlatformPermission
from points_payment.codes import serial_of
from points_payment.kinds import ProofScope, ProofSource, ProofState
from points_payment.models import Batch, LedgerAlert, ProofFinding, ProofRun
from points_payment.services.ledger_alerts import acknowledge_alert, open_alert
from points_payment.services.proving import ask_for_proof, carry_out, run_proof
from points_payment.staff import registration
from points_payment.staff.culprits import address_of
from tests.factories.points import make_active_batch, make_customer_with_points, make_person
from tests.points_payment.test_checkpoints import trade
from tests.points_payment.test_proof import tamper
from tests.points_payment.test_proof_runs import break_wallets

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_orders")]
P = PlatformPermission
PROOF = "/staff/ledger/proof/"


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


def staff(*rights: PlatformPermission, **fields) -> User:
    person = make_person("Sara")
    person.user_permissions.set(Permission.objects.filter(codename__in=[right.value for right in rights]))
    User.objects.filter(pk=person.pk).update(**fields)
    return User.objects.get(pk=person.pk)


def sign_in(client: Client, *rights: PlatformPermission) -> User:
    person = staff(*rights)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"</?bdi[^>]*>", "", response.content.decode()))


def whole() -> ProofRun:
    return run_proof(scope=ProofScope.WHOLE, source=ProofSource.BEAT)


@pytest.fixture
def alert(tampered_books) -> LedgerAlert:
    make_customer_with_points(paid=5)
    break_wallets()
    whole()
    return open_alert()


# The equation ------------------------------------------------------------------------------


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_equation_adds_up_in_figures(client, with_checkpoint):
    trade()
    if with_checkpoint:
        whole()
        trade()
    sign_in(client, P.LEDGER_VIEW)
    page = client.get(PROOF)
    equation, cards = page.context["equation"], page.context["cards"]
    assert equation.issued_points == equation.accounted_points > 0
    assert equation.source_points == equation.issued_points - sum(term.points for term in equation.taken_back)
    assert equation.holds
    assert cards.holds
    assert cards.printed == cards.cards == sum(batch.number_of_cards for batch in Batch.objects.all())
    assert "Both sides are the same" in text(page)
    assert "Every printed card has its state" in text(page)


def test_empty_books_have_a_page(client):
    sign_in(client, P.LEDGER_VIEW)
    page = client.get(PROOF)
    assert page.context["equation"].holds
    assert "The books were not proved yet" in text(page)
    assert "made at night" in text(page)


def test_what_is_kept_elsewhere_is_set_against_the_entries(client, tampered_books):
    make_customer_with_points(paid=1_000)
    make_active_batch(cards=2, value=100)
    tamper("UPDATE points_payment_wallet SET paid_points = 1001")
    tamper("DELETE FROM points_payment_card WHERE number = (SELECT max(number) FROM points_payment_card)")
    sign_in(client, P.LEDGER_VIEW)
    page = client.get(PROOF)
    wrong = {term.account_kind: term.kept_points for term in page.context["equation"].places}
    assert {kind: kept for kind, kept in wrong.items() if kept is not None} == {
        "customer_paid": 1_001, "batch": 100,
    }  # fmt: skip
    assert not page.context["cards"].holds
    assert text(page).count("do not agree") == 2
    assert text(page).count("Kept elsewhere:") == 2


# Runs --------------------------------------------------------------------------------------


def test_proof_is_asked_for_and_shows_how_far_it_is(client):
    make_customer_with_points(paid=5)
    person = sign_in(client, P.LEDGER_VIEW)
    answer = client.post(f"{PROOF}ask/")
    run = ProofRun.objects.get()
    assert (run.actor, run.state) == (person, ProofState.WAITING)
    assert answer["Location"] == f"{PROOF}runs/{run.pk}/"
    waiting = client.get(answer["Location"])
    assert "It begins in a moment" in text(waiting)
    assert waiting["Refresh"] == "3"
    ProofRun.objects.update(state=ProofState.RUNNING, started_at=run.asked_at, checks_total=9, checks_done=4)
    assert "4 of 9 checks are made" in text(client.get(answer["Location"]))
    carry_out(run_id=run.pk)
    done = client.get(answer["Location"])
    assert "every check holds" in text(done)
    assert "Refresh" not in done
    history = text(client.get(PROOF))
    assert "Sara" in history
    assert bytes(ProofRun.objects.get().checkpoint.digest).hex() in history


def test_a_proof_since_the_checkpoint_says_so(client):
    whole()
    run = run_proof(scope=ProofScope.SINCE, source=ProofSource.BEAT)
    sign_in(client, P.LEDGER_VIEW)
    for address in (PROOF, f"{PROOF}runs/{run.pk}/"):
        assert "Since the checkpoint of" in text(client.get(address))
    assert "The hash chain goes on from the checkpoint" in text(client.get(f"{PROOF}runs/{run.pk}/"))


def test_findings_name_the_culprit_and_lead_to_it(client, alert):
    wallet = f"wallet {make_customer_id()}"
    address = f"{PROOF}runs/{alert.last_run_id}/"
    sign_in(client, P.LEDGER_VIEW)
    page = text(client.get(address))
    assert "The books are not proved" in page
    assert wallet in page
    assert "/staff/people/" not in page
    sign_in(client, P.LEDGER_VIEW, P.CUSTOMERS_VIEW)
    assert f'href="/staff/people/{make_customer_id()}/"' in text(client.get(address))


def make_customer_id() -> int:
    return User.objects.get(first_name="Alice").pk


def test_finding_of_no_known_check_has_its_slug(client, alert):
    ProofFinding.objects.create(run=alert.last_run, check_slug="moon", culprit="moon", expected="", found="")
    sign_in(client, P.LEDGER_VIEW)
    assert "moon" in text(client.get(f"{PROOF}runs/{alert.last_run_id}/"))


@pytest.mark.parametrize(
    ("culprit", "address"),
    [
        ("batch 7", "/staff/cards/7/"),
        ("account of batch 7", "/staff/cards/7/"),
        ("cards of batch 7", "/staff/cards/7/"),
        ("event 3 of batch 7", "/staff/cards/7/"),
        ("card 12", f"/staff/cards/find/?serial={serial_of(12)}"),
        ("wallet 5", "/staff/people/5/"),
        ("transfer 9", "/admin/points_payment/transfer/9/change/"),
        ("lots of transfer 9", "/admin/points_payment/transfer/9/change/"),
        ("allocations of transfer 9 (commission:0)", "/admin/points_payment/transfer/9/change/"),
        ("payment 9", "/admin/points_payment/transfer/9/change/"),
        ("entry 4", "/admin/points_payment/entry/4/change/"),
        ("lot 4", "/admin/points_payment/lot/4/change/"),
        ("top-up 4", "/admin/points_payment/topup/4/change/"),
        ("adjustment 4", "/admin/points_payment/adjustment/4/change/"),
        ("adjustment of transfer 9", "/admin/points_payment/transfer/9/change/"),
        ("consignment 4", "/admin/points_payment/consignment/4/change/"),
        ("event 3 of consignment 4", "/admin/points_payment/consignment/4/change/"),
        ("replacement 4", "/admin/points_payment/cardreplacement/4/change/"),
        ("replacement by transfer 9", "/admin/points_payment/transfer/9/change/"),
        ("account of shop 4 in transfer 9", "/admin/points_payment/shop/4/change/"),
        ("balance of vendor 4", "/admin/points_payment/vendorbalance/4/change/"),
        ("allocation N1-0", "/admin/points_payment/allocation/?q=N1-0"),
        ("use of lot 4", ""),
        ("seal 4", ""),
        ("trigger points_refuse_change on points_payment_entry", ""),
    ],
)
def test_every_row_with_a_page_is_found(culprit, address):
    assert address_of(culprit, user=staff(*P)) == address
    assert address_of(culprit, user=staff(P.LEDGER_VIEW)) == ""


# The alert ---------------------------------------------------------------------------------


def test_who_may_adjust_looks_into_it_and_resolves_it(client, alert):
    person = sign_in(client, P.LEDGER_VIEW, P.LEDGER_ADJUST, P.STAFF_ACCESS)
    here = f"{PROOF}alerts/{alert.pk}"
    assert "can be resolved once" in text(client.get(PROOF))
    assert "Look into this alert?" in text(client.get(f"{here}/acknowledge/"))
    assert "says that you look into it" in text(
        client.post(f"{here}/acknowledge/", {"note": "Perhaps a restore"}, follow=True)
    )
    page = text(client.get(PROOF))
    assert "Sara looks into it" in page
    assert "Perhaps a restore" in page
    assert "First prove all books" in text(client.get(f"{here}/resolve/", follow=True))
    break_wallets(-1)
    whole()
    assert client.get(f"{here}/resolve/").status_code == 200
    missing = client.post(f"{here}/resolve/", {"reason": " "})
    assert missing.status_code == 422
    done = client.post(f"{here}/resolve/", {"reason": "Put back"}, follow=True)
    assert "The alert is resolved" in text(done)
    assert "Put back" in text(done)
    alert.refresh_from_db()
    assert alert.resolved_by == person
    assert client.get(f"{here}/resolve/").status_code == 404


def test_who_may_only_look_resolves_nothing(client, alert):
    sign_in(client, P.LEDGER_VIEW)
    page = text(client.get(PROOF))
    assert "The books are not proved" in page
    assert "/acknowledge/" not in page
    for step in ("acknowledge", "resolve"):
        assert client.post(f"{PROOF}alerts/{alert.pk}/{step}/", {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("step", ["acknowledge", "resolve"])
def test_two_people_at_once_get_one_answer(client, alert, monkeypatch, step):
    from points_payment.errors import AlertClosed, BooksNotProved
    from points_payment.staff import proof

    sign_in(client, P.LEDGER_VIEW, P.LEDGER_ADJUST)
    break_wallets(-1)
    whole()
    for error, words in ((AlertClosed(1), "a moment ago"), (BooksNotProved(), "A proof failed")):

        def too_late(error=error, **asked):
            raise error

        monkeypatch.setattr(proof, f"{step}_alert", too_late)
        answer = client.post(f"{PROOF}alerts/{alert.pk}/{step}/", {"reason": "x"}, follow=True)
        assert words in text(answer)


# On every staff page -----------------------------------------------------------------------


def test_the_alert_is_on_every_staff_page_until_it_is_resolved(client, alert):
    sign_in(client, P.STAFF_ACCESS, P.POINTS_TOP_UP, P.ROLES_MANAGE, P.VENDORS_REVIEW)
    for address in ("/staff/", "/staff/top-up/", "/staff/roles/", "/staff/vendors/"):
        page = text(client.get(address))
        assert "The books are not proved since" in page, address
        assert "See the proof" not in page
    acknowledge_alert(alert=alert, actor=make_person("Layla"), note="")
    assert "Layla looks into it" in text(client.get("/staff/"))
    assert "not proved" not in text(client.get("/wallet/"))
    break_wallets(-1)
    whole()
    assert "not proved since" in text(client.get("/staff/"))
    LedgerAlert.objects.update(
        is_open=False, reason="x", resolved_by=make_person(), resolved_at=alert.opened_at,
        clean_run=ProofRun.objects.first(),
    )  # fmt: skip
    assert "not proved since" not in text(client.get("/staff/"))


def test_who_may_see_the_ledger_is_led_there(client, alert):
    sign_in(client, P.STAFF_ACCESS, P.LEDGER_VIEW)
    assert f'href="{PROOF}"' in client.get("/staff/").content.decode()
    assert "See the proof" in text(client.get("/staff/"))


def test_the_banner_costs_one_query(django_assert_num_queries, alert):
    reader = staff(P.STAFF_ACCESS)
    reader.has_perm(P.STAFF_ACCESS.full_name)
    with django_assert_num_queries(1), translation.override("en"):
        (notice,) = staff_notices_for(reader)
    assert isinstance(notice, StaffNotice)
    register_staff_banner(registration._books_not_proved)
    assert len(staff_notices_for(reader)) == 1


# Who is told -------------------------------------------------------------------------------


def test_everyone_who_may_see_the_ledger_is_told_in_their_language(
    alert, drain_outbox: Callable[[], int]
) -> None:
    watcher = staff(P.LEDGER_VIEW, language="en")
    other = staff(P.CARDS_VIEW)
    gone = staff(P.LEDGER_VIEW, is_active=False)
    drain_outbox()
    told = Notification.objects.filter(kind="ledger.alert")
    assert set(told.values_list("user_id", flat=True)) >= {watcher.pk}
    assert not told.filter(user__in=[other, gone]).exists()
    (message,) = (each for each in mail.outbox if each.to == [watcher.email])
    assert message.subject == "The books of Nuqta are not proved"
    assert f"failed with {alert.last_run.findings_count} finding" in message.body


def test_asking_again_while_it_runs_shows_the_same_proof(client):
    run = ask_for_proof(actor=make_person())
    sign_in(client, P.LEDGER_VIEW)
    assert client.post(f"{PROOF}ask/")["Location"] == f"{PROOF}runs/{run.pk}/"
