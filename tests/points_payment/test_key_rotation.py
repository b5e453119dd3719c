"""Cards come under a new key while people redeem them."""

from __future__ import annotations

import io
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F

from marketplace.env import CardKeys
from points_payment.codes import card_digest, code_hmac, normalise_code
from points_payment.errors import CardKeyMissing, CardNotRedeemable
from points_payment.kinds import CardState
from points_payment.models import Card
from points_payment.proof import prove
from points_payment.services import key_rotation
from points_payment.services.batches import void_batch
from points_payment.services.key_rotation import key_status, rotate_card_keys
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_batch, make_person, new_key

pytestmark = pytest.mark.django_db
KEYS = {version: bytes([version]) * 32 for version in (1, 2, 3)}


def keys(*versions: int) -> CardKeys:
    return CardKeys(by_version={version: KEYS[version] for version in versions}, current=max(versions))


@pytest.fixture(autouse=True)
def first_key(settings):
    settings.CARD_KEYS = keys(1)


def redeem(code):
    return redeem_card(
        customer=make_person(), code=code, idempotency_key=new_key(), attempt=from_device()
    ).amount_points


def rotate() -> int:
    return sum(rotate_card_keys())


def versions() -> set[tuple[int, int]]:
    return set(Card.objects.values_list("first_key_version", "last_key_version"))


def test_cards_made_before_and_after_are_redeemed(settings):
    _batch, old = make_active_batch(cards=3)
    redeem(old[0])
    settings.CARD_KEYS = keys(1, 2)
    _batch, new = make_active_batch(cards=1)
    # The new key is there, and nothing is rotated yet.
    redeem(old[1])
    assert rotate() == 1
    assert versions() == {(1, 1), (1, 2), (2, 2)}
    assert rotate() == 0
    for code in (old[2], new[0]):
        assert redeem(code) == 5_000
        with pytest.raises(CardNotRedeemable):
            redeem(code)
    with pytest.raises(CardNotRedeemable):
        redeem(old[0])


def test_rotation_nests_and_may_skip_keys(settings):
    _batch, [code] = make_active_batch(cards=1)
    settings.CARD_KEYS = keys(1, 2, 3)
    assert rotate() == 1
    card = Card.objects.get()
    assert bytes(card.code_hmac) == code_hmac(
        normalise_code(code), keys=settings.CARD_KEYS, first_version=1, last_version=3
    )
    assert versions() == {(1, 3)}
    assert redeem(code) == 5_000


def test_rotated_twice_is_redeemed(settings):
    _batch, [code] = make_active_batch(cards=1)
    for known in (keys(1, 2), keys(1, 2, 3)):
        settings.CARD_KEYS = known
        assert rotate() == 1
    assert redeem(code) == 5_000


def test_interrupted_rotation_goes_on_where_it_stopped(settings, monkeypatch):
    monkeypatch.setattr(key_rotation, "CARDS_PER_CHUNK", 2)
    _batch, codes = make_active_batch(cards=5)
    make_active_batch(cards=2)
    settings.CARD_KEYS = keys(1, 2)
    rotation = rotate_card_keys()
    assert next(rotation) == 2
    rotation.close()
    assert key_status().cards_to_rotate == 5
    # Half of it is done: cards of both kinds are redeemed, and the books prove.
    assert redeem(codes[0]) == redeem(codes[4]) == 5_000
    assert not [finding for finding in prove() if finding.check == "cards-unchanged"]
    assert list(rotate_card_keys()) == [2, 2]
    assert key_status().cards_to_rotate == 0
    assert redeem(codes[3]) == 5_000


@pytest.mark.parametrize("known", [keys(2), keys(2, 3)])
def test_missing_key_is_named_and_nothing_is_changed(settings, known):
    make_active_batch()
    settings.CARD_KEYS = known
    before = list(Card.objects.order_by("pk").values())
    with pytest.raises(CardKeyMissing) as caught:
        rotate()
    assert caught.value.versions == [1]
    assert list(Card.objects.order_by("pk").values()) == before


def test_key_is_needed_while_a_card_of_use_was_made_under_it(settings):
    batch, _codes = make_active_batch()
    settings.CARD_KEYS = keys(1, 2)
    make_active_batch(cards=1)
    rotate()
    assert key_status().retirable_versions == []
    void_batch(batch=batch, actor=make_person())
    assert key_status().oldest_needed_version == 2
    assert key_status().retirable_versions == [1]
    settings.CARD_KEYS = keys(2)
    assert rotate() == 0


def test_without_cards_only_the_newest_key_is_needed(settings):
    make_batch()
    settings.CARD_KEYS = keys(1, 2)
    assert key_status().retirable_versions == [1]


def test_command_says_what_it_did_and_what_may_go(settings):
    make_active_batch(cards=2)
    settings.CARD_KEYS = keys(1, 2)
    for arguments, expected in (
        (["--status"], "0 cards rotated to key 2; 2 are left.\nEvery key in CARD_KEYS is still needed.\n"),
        (
            [],
            "2 of 2 cards\r2 cards rotated to key 2; 0 are left.\nEvery key in CARD_KEYS is still needed.\n",
        ),
    ):
        output = io.StringIO()
        call_command("rotate_card_keys", *arguments, stdout=output)
        assert output.getvalue() == expected
    Card.objects.exclude(state=CardState.REDEEMED).update(state=CardState.VOID)
    output = io.StringIO()
    call_command("rotate_card_keys", stdout=output)
    assert output.getvalue().endswith("No card of use needs key 1 any more.\n")
    Card.objects.update(state=CardState.ACTIVE)
    settings.CARD_KEYS = keys(3)
    with pytest.raises(CommandError, match=r"lacks version 1, 2\. Nothing was changed"):
        call_command("rotate_card_keys", stdout=io.StringIO())


def _forged(card: Card, **changes):
    """Another code's HMAC, its digest computed again."""
    facts = {"last_key_version": card.last_key_version, "code_hmac": b"\1" * 32} | changes
    digest = card_digest(
        number=card.number, batch_id=card.batch_id, first_key_version=card.first_key_version,
        last_key_version=facts["last_key_version"], last_four=card.last_four, hmac_bytes=facts["code_hmac"],
    )  # fmt: skip
    return facts | {"digest": digest}


@pytest.mark.parametrize(
    "change",
    [
        {"code_hmac": b"\1" * 32},
        {"digest": b"\1" * 32},
        {"last_key_version": F("last_key_version") + 1},
        # The digest is right, and no newer key.
        _forged,
        lambda card: _forged(card, last_key_version=0),
        # A newer key, and the same HMAC.
        lambda card: _forged(card, last_key_version=2, code_hmac=bytes(card.code_hmac)),
    ],
)
def test_nothing_but_rotation_changes_what_stands_for_a_code(change):
    make_active_batch(cards=1)
    card = Card.objects.get()
    with pytest.raises(DatabaseError, match="rotation alone"), transaction.atomic():
        Card.objects.update(**(change(card) if callable(change) else change))


def test_redeemed_card_is_not_rotated(settings):
    _batch, [code] = make_active_batch(cards=1)
    redeem(code)
    settings.CARD_KEYS = keys(1, 2)
    assert rotate() == 0
    with pytest.raises(DatabaseError, match="rotation alone"), transaction.atomic():
        Card.objects.update(**_forged(Card.objects.get(), last_key_version=2))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_card_that_is_looked_for_while_it_is_rotated_is_found(settings):
    """The look-up begins under the old HMAC, waits for the rotation, and finds the card under the new one."""
    _batch, [code] = make_active_batch(cards=1)
    settings.CARD_KEYS = keys(1, 2)
    got: list[object] = []

    def redeem_beside() -> None:
        try:
            got.append(redeem(code))
        except Exception as error:  # noqa: BLE001 - shown
            got.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=redeem_beside)
    with transaction.atomic():
        assert rotate() == 1
        thread.start()
        _wait_until_someone_waits_for_a_lock()
    thread.join(30)
    assert got == [5_000]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_everyone_redeems_while_all_cards_are_rotated(settings, monkeypatch):
    monkeypatch.setattr(key_rotation, "CARDS_PER_CHUNK", 3)
    _batch, codes = make_active_batch(cards=60)
    settings.CARD_KEYS = keys(1, 2)
    got: list[object] = []

    def redeem_some(mine: list[str]) -> None:
        try:
            got.extend(redeem(code) for code in mine)
        except Exception as error:  # noqa: BLE001 - shown
            got.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=redeem_some, args=(codes[place::4],)) for place in range(4)]
    for thread in threads:
        thread.start()
    rotate()
    for thread in threads:
        thread.join(60)
    assert got == [5_000] * 60


def _wait_until_someone_waits_for_a_lock() -> None:
    with connection.cursor() as cursor:
        for _ in range(1_000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
            # What others do is read once a transaction, unless told.
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)")
    raise AssertionError("nobody waits")
