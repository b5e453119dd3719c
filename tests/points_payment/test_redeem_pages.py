"""The box for codes, as a browser without JavaScript sees it: signed in, and before."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from marketplace.users.models import User
from points_payment import codes, kept_code
from points_payment.codes import CodeFormat, in_groups, new_code
from points_payment.kinds import CodeAlphabet
from points_payment.models import AttemptCounter, RedemptionAttempt, Wallet
from points_payment.services.vouchers import pause_campaign
from points_payment.voucher_codes import SYMBOLS, new_voucher_code, shown_voucher_code
from tests.factories.points import make_active_batch, make_person
from tests.factories.vouchers import make_campaign, make_vouchers

pytestmark = pytest.mark.django_db
BOX = "/wallet/redeem/"


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


def sign_in(client: Client, person: User) -> User:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def type_code(client: Client, code: str, **more: str):
    return client.post(BOX, {"code": code, **more})


def mistype(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


# Signed in ---------------------------------------------------------------------------------


def test_voucher_goes_into_the_same_box_and_says_until_when(client):
    make_campaign(shared_code="EID2027", value_points=2_500, lifetime_days=30)
    customer = sign_in(client, make_person())
    response = client.post(BOX, {"code": "eid 2027", "idempotency_key": "k"}, follow=True)
    assert response.redirect_chain == [("/wallet/", 302)]
    page = response.text
    assert "2,500" in page
    last_day = timezone.localtime(timezone.now() + timedelta(days=30))
    assert f"can be spent until {last_day.day} {last_day:%B %Y}" in page
    assert "EID2027" in page
    client.post(BOX, {"code": "EID2027", "idempotency_key": "k"})
    assert Wallet.objects.get(user=customer).promotional_points == 2_500


def test_wrong_cards_and_wrong_vouchers_get_the_same_words(client):
    sign_in(client, make_person())
    [code] = make_vouchers(make_campaign(starts_at=timezone.now() + timedelta(days=1)), 1)
    answers = set()
    for wrong in (new_code(), new_voucher_code(), "NOSUCH1", code):
        response = type_code(client, wrong)
        assert response.status_code == 422
        answers.add(response.context["form"].errors["code"][0])
    assert answers == {"This code cannot be redeemed. Check it, or ask where you got it."}


def test_public_codes_say_why_not(client, monkeypatch):
    sign_in(client, make_person())
    make_campaign(shared_code="LATER", starts_at=timezone.now() + timedelta(days=1))
    make_campaign(shared_code="ENDS1", ends_at=timezone.now() + timedelta(seconds=60))
    pause_campaign(campaign=make_campaign(shared_code="PAUSE"), actor=make_person())
    make_campaign(shared_code="ONCE", total_limit=1)
    type_code(client, "ONCE")
    assert "already" in type_code(client, "ONCE").text
    sign_in(client, make_person())
    assert "others were faster" in type_code(client, "ONCE").text
    assert "can be redeemed from" in type_code(client, "LATER").text
    assert "paused" in type_code(client, "PAUSE").text
    later = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr("points_payment.services.vouchers.timezone.now", lambda: later)
    assert "over" in type_code(client, "ENDS1").context["form"].errors["code"][0]


def test_mistyped_voucher_is_told_and_costs_nothing(client):
    sign_in(client, make_person())
    code = new_voucher_code()
    wrong = code[:-1] + SYMBOLS[(SYMBOLS.index(code[-1]) + 1) % 32]
    assert "letter by letter" in type_code(client, wrong).text
    assert not RedemptionAttempt.objects.exists()


# Before signing in -------------------------------------------------------------------------


def rows_with(text: str) -> list[str]:
    """Tables of which any row holds this text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_code_typed_first_is_redeemed_with_one_press_after_signing_in(client, caplog):
    _batch, [code] = make_active_batch(cards=1, value=5_000)
    plain = code.replace(" ", "")
    response = type_code(
        client, code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), next="/checkout/review/"
    )
    assert response["Location"] == "/wallet/redeem/?next=%2Fcheckout%2Freview%2F"
    page = client.get(response["Location"])
    assert plain[-4:] in page.text
    assert plain not in page.text.replace(" ", "")
    # Where the code is: in the browser, unreadable, and nowhere else.
    cookie = client.cookies[kept_code.KEPT_COOKIE]
    assert plain not in cookie.value
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["path"]) == (
        True,
        "Lax",
        1800,
        BOX,
    )
    assert rows_with(plain) == rows_with(code) == []
    assert plain not in caplog.text

    target = "?next=%2Fwallet%2Fredeem%2F%3Fnext%3D%252Fcheckout%252Freview%252F"
    assert f'href="/accounts/signup/{target}"' in page.text
    assert f'href="/accounts/login/{target}"' in page.text
    customer = sign_in(client, make_person())
    form = client.get(response["Location"]).context["form"]
    assert form["code"].value() == code
    fields = {name: form[name].value() for name in ("code", "next", "idempotency_key")}
    assert client.post(BOX, fields)["Location"] == "/checkout/review/"
    assert Wallet.objects.get(user=customer).balance_points == 5_000
    assert client.cookies[kept_code.KEPT_COOKIE].value == ""
    assert not client.get(BOX).context["form"]["code"].value()


def test_voucher_typed_first_is_kept_too(client):
    [code] = make_vouchers(make_campaign(), 1)
    type_code(client, shown_voucher_code(code).lower())
    sign_in(client, make_person())
    assert client.get(BOX).context["form"]["code"].value() == shown_voucher_code(code)
    # Whatever came of it: what is kept never comes in the way of the next code.
    type_code(client, "NOSUCH1")
    assert not client.get(BOX).context["form"]["code"].value()


def test_before_signing_in_right_and_wrong_codes_look_the_same_and_nothing_is_counted(client):
    _batch, [right] = make_active_batch(cards=1)
    make_campaign(shared_code="EID2027")
    lettered = new_code(CodeFormat(CodeAlphabet.CROCKFORD, 16))
    for code in (right, new_code(), "EID2027", "NOSUCH1", new_voucher_code(), lettered):
        response = type_code(client, code)
        assert (response.status_code, response["Location"]) == (302, BOX)
    assert not AttemptCounter.objects.exists()
    assert not RedemptionAttempt.objects.exists()


def test_before_signing_in_no_code_is_looked_up(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        type_code(client, new_code())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "Type the code"),
        ("123", "digit by digit"),
        ("123456789012345678", "digit by digit"),
        ("ABCDEFGHJKM0", "letter by letter"),
        ("x" * 500, "at most 80"),
    ],
)
def test_before_signing_in_a_mistyped_code_is_told(client, code, reason):
    response = type_code(client, code, next="/basket/")
    assert response.status_code == 422
    assert reason in response.text
    assert response.context["back"] == "/basket/"
    assert kept_code.KEPT_COOKIE not in client.cookies


def test_kept_code_is_forgotten_after_half_an_hour(client, monkeypatch):
    import time

    type_code(client, new_code())
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 30 * 60 + 1)
    assert not client.get(BOX).context["kept_ends_with"]


@pytest.mark.parametrize("cookie", ["", "x", "é", "gAAAAA" * 20])
def test_a_cookie_that_is_not_ours_is_nothing(client, cookie):
    client.cookies[kept_code.KEPT_COOKIE] = cookie
    assert client.get(BOX).context["kept_ends_with"] == ""


def test_kept_code_opens_under_no_other_secret(client):
    type_code(client, new_code())
    with override_settings(SECRET_KEY="another"):
        assert client.get(BOX).context["kept_ends_with"] == ""


def test_cookie_is_secure_where_the_shop_is(client, settings):
    settings.SESSION_COOKIE_SECURE = True
    type_code(client, new_code())
    assert client.cookies[kept_code.KEPT_COOKIE]["secure"]


def test_next_leads_a_visitor_nowhere_else(client):
    for target in ("https://evil.example/", "//evil.example/"):
        assert type_code(client, new_code(), next=target)["Location"] == BOX
        assert client.get(BOX, {"next": target}).context["back"] == ""


def test_no_page_of_the_box_is_kept_by_caches(client):
    for _ in range(2):
        assert "no-store" in client.get(BOX)["Cache-Control"]
        sign_in(client, make_person())


def test_code_stays_out_of_error_reports(client):
    request = type_code(client, new_code()).wsgi_request
    assert request.sensitive_post_parameters == ("code",)


# What the script is given ------------------------------------------------------------------


def test_script_checks_what_the_server_checks():
    """The same tables stand in JavaScript."""
    path = finders.find("js/redeem.js")
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        script = file.read()
    table = re.search(r"DAMM = (\[.*?\])", script, re.DOTALL)
    assert table
    rows = json.loads(re.sub(r",\s*\]", "]", table.group(1)))
    assert rows == ["".join(str(digit) for digit in row) for row in codes.DAMM]
    assert f'SYMBOLS = "{SYMBOLS}"' in script
    between = re.search(r"BETWEEN = /(.*)\+?/g", script)
    assert between
    assert between.group(1).rstrip("+") == codes._BETWEEN.pattern.rstrip("+")


def test_page_gives_the_script_its_words(client):
    page = client.get(BOX).text
    for name in ("mistyped", "complete", "letters", "digits"):
        assert re.search(rf'data-{name}="[^"]+"', page)
    assert 'aria-live="polite"' in page
    assert "js/redeem.js" in page
    assert "js/redeem.js" not in client.get("/").text
    assert in_groups("123456789") == "123 456 789"
