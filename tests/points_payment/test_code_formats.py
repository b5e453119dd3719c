"""Codes of digits and of Crockford's base 32: made by the block, read in every spelling."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import DatabaseError, transaction

from points_payment.code_blocks import draw_codes, serials
from points_payment.codes import (
    CODE_FORMATS,
    CROCKFORD,
    STANDARD_FORMAT,
    SYMBOLS,
    CodeFormat,
    crockford_check,
    formats_of,
    in_groups,
    new_code,
    normalise_code,
    serial_of,
)
from points_payment.errors import UnknownCodeFormat, WrongCheckDigit
from points_payment.kinds import CodeAlphabet
from points_payment.models import Batch, Card, RedemptionAttempt
from points_payment.services.batches import activate_batch, approve_batch, issue_codes_once
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_batch, make_person, new_key

pytestmark = pytest.mark.django_db
BASE_32 = CodeFormat(CodeAlphabet.CROCKFORD, 16)
names = pytest.mark.parametrize("code_format", CODE_FORMATS, ids=lambda one: f"{one.alphabet}-{one.length}")


def split(cells: bytes, width: int) -> list[str]:
    return [cells[start : start + width].decode() for start in range(0, len(cells), width)]


def make_active(code_format: CodeFormat, *, cards: int = 2) -> tuple[Batch, list[str]]:
    batch, second = make_batch(cards=cards, code_format=code_format), make_person()
    approve_batch(batch=batch, actor=second)
    codes = [code for _serial, code in issue_codes_once(batch=batch, actor=batch.drafted_by)]
    return activate_batch(batch=batch, actor=second), codes


def redeem(code: str):
    return redeem_card(customer=make_person(), code=code, idempotency_key=new_key(), attempt=from_device())


@names
def test_a_block_is_what_single_codes_are(code_format):
    codes = split(draw_codes(code_format, 500), code_format.length)
    assert len(set(codes)) == 500
    assert all(code_format.accepts(code) for code in codes)
    assert code_format.accepts(new_code(code_format))
    assert normalise_code(in_groups(codes[0]).lower()) == codes[0]


@pytest.mark.parametrize("code_format", [STANDARD_FORMAT, BASE_32], ids=["digits", "base-32"])
def test_no_symbol_is_likelier_than_another(code_format):
    """Chi-squared of 300,000 symbols: beyond six standard deviations once in a thousand million runs."""
    width = code_format.length
    cells = draw_codes(code_format, 300_000 // (width - 1))
    random_part = Counter(code[place] for code in split(cells, width) for place in range(width - 1))
    symbols = SYMBOLS[code_format.alphabet]
    expected = sum(random_part.values()) / len(symbols)
    chi_squared = sum((random_part[symbol] - expected) ** 2 / expected for symbol in symbols)
    freedom = len(symbols) - 1
    assert chi_squared < freedom + 6 * (2 * freedom) ** 0.5 + 12


def test_base_32_finds_every_single_wrong_symbol_and_every_swap_of_two():
    code = new_code(BASE_32)
    for place, right in enumerate(code):
        for symbol in CROCKFORD:
            if symbol != right:
                assert not BASE_32.accepts(code[:place] + symbol + code[place + 1 :])
        for other in range(place):
            if code[other] != right:
                swapped = list(code)
                swapped[place], swapped[other] = code[other], right
                assert not BASE_32.accepts("".join(swapped))


def test_check_symbol_of_base_32_is_a_worked_example():
    # 2 * (2 * 0 + 1) + 31 = 2 xor 31 = 29, and twice that is 58 xor 37 = 31.
    assert crockford_check("1Z") == "Z"
    assert crockford_check("1ZZ") == "0"


def test_serials_by_the_block_are_the_printed_ones():
    assert split(serials(9_995, 20), 11) == [serial_of(number) for number in range(9_995, 10_015)]


@pytest.mark.parametrize("read_as", ["O0", "o0", "I1", "i1", "L1", "l1"])
def test_look_alikes_are_what_was_printed(read_as):
    seen, meant = read_as
    while meant not in (code := new_code(BASE_32)):
        pass
    assert normalise_code(code.lower().replace(meant, seen)) == code


@pytest.mark.parametrize("length", [0, 1, 11, 15, 25, 30])
def test_unknown_length_is_mistyped(length):
    with pytest.raises(WrongCheckDigit):
        normalise_code("0" * length)


def test_letter_outside_of_the_alphabet_is_mistyped():
    with pytest.raises(WrongCheckDigit):
        normalise_code("U" + new_code(BASE_32)[1:])


def test_sixteen_digits_may_be_of_either_alphabet():
    assert [one.alphabet for one in formats_of("0" * 16)] == [CodeAlphabet.DIGITS, CodeAlphabet.CROCKFORD]


@names
def test_card_of_every_format_is_redeemed(code_format):
    batch, codes = make_active(code_format)
    assert redeem(codes[0].lower()).amount_points == batch.face_value_points
    assert Card.objects.order_by("number")[0].last_four == codes[0].replace(" ", "")[-4:]
    assert Batch.objects.get().code_format == code_format


def test_code_of_a_length_that_no_batch_has_costs_no_attempt():
    other = CodeFormat(CodeAlphabet.DIGITS, 17)
    with pytest.raises(WrongCheckDigit):
        redeem(new_code(other))
    # A batch whose codes were not made has no cards.
    make_batch(code_format=other)
    with pytest.raises(WrongCheckDigit):
        redeem(new_code(other))
    assert not RedemptionAttempt.objects.exists()


@pytest.mark.parametrize(
    "code_format",
    [
        CodeFormat(CodeAlphabet.DIGITS, 15),
        CodeFormat(CodeAlphabet.DIGITS, 25),
        CodeFormat(CodeAlphabet.CROCKFORD, 18),
    ],
)
def test_other_formats_are_not_drafted(code_format):
    with pytest.raises(UnknownCodeFormat):
        make_batch(code_format=code_format)
    assert not Batch.objects.exists()


@pytest.mark.parametrize("columns", [{"code_digits": 20}, {"code_alphabet": "digits"}])
def test_format_of_a_batch_never_changes(columns):
    make_batch(code_format=BASE_32)
    with pytest.raises(DatabaseError), transaction.atomic():
        Batch.objects.update(**columns)
    assert Batch.objects.get().code_format == BASE_32


def test_codes_are_not_in_what_a_traceback_shows():
    batch = make_batch(cards=1)
    approve_batch(batch=batch, actor=make_person())
    issued = issue_codes_once(batch=batch, actor=batch.drafted_by)
    assert issued.plain.decode() not in repr(issued)
