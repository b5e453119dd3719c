"""Codes of vouchers: their shape, their check symbol, and what else people type into the box."""

from __future__ import annotations

import pytest

from points_payment.codes import CodeFormat, in_groups, new_code, redeem_fragment, redeem_url
from points_payment.errors import WrongCheckDigit
from points_payment.kinds import CodeAlphabet
from points_payment.services.code_box import tidy_code
from points_payment.voucher_codes import (
    SYMBOLS,
    check_symbol,
    is_shared_code,
    is_voucher_code,
    new_voucher_code,
    normalise_voucher_code,
    shown_voucher_code,
)


def digits_code(length: int) -> str:
    return new_code(CodeFormat(CodeAlphabet.DIGITS, length))


def test_made_codes_are_told_from_cards_and_from_shared_codes():
    codes = {new_voucher_code() for _ in range(2_000)}
    assert len(codes) == 2_000
    for code in codes:
        assert len(code) == 12
        assert set(code) <= set(SYMBOLS)
        assert not code.isdigit()
        assert is_voucher_code(code)
        assert not is_shared_code(code)
        assert normalise_voucher_code(code) == code


def test_every_wrong_symbol_and_every_swap_of_neighbours_is_found():
    code = new_voucher_code()
    wrong = {code[:place] + other + code[place + 1 :] for place in range(12) for other in SYMBOLS} - {code}
    wrong |= {code[:p] + code[p + 1] + code[p] + code[p + 2 :] for p in range(11)} - {code}
    for mistyped in wrong:
        with pytest.raises(WrongCheckDigit):
            normalise_voucher_code(mistyped)


def test_check_symbol_is_the_documented_polynomial():
    # By hand: 0, then 2·(0^1) = 2, then 2·(2^16) = 36, which is 36 ^ 37 = 1 in GF(32).
    assert check_symbol("1G") == "1"
    assert check_symbol("0" * 11) == "0"


def test_a_code_is_read_in_any_spelling():
    code = "7K01M" + "QX9T40"
    code += check_symbol(code)
    for spelling in (
        shown_voucher_code(code),
        code.lower(),
        code.replace("0", "O").replace("1", "l"),
        " ".join(code).replace("1", "I").replace("0", "o"),
        code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    ):
        assert normalise_voucher_code(spelling) == code
        assert is_voucher_code(spelling)
    assert normalise_voucher_code("eid-2027") == "EID2027"
    assert normalise_voucher_code("٢٠٢٧ eid") == "2027EID"


def test_digits_are_never_a_voucher():
    digits = next(text for n in range(1_000) if (text := f"{n:011d}") and check_symbol(text).isdigit())
    for text in (digits + check_symbol(digits), "1234", "12345678901", new_code()):
        assert not is_voucher_code(text)
        assert not is_shared_code(text)
        with pytest.raises(WrongCheckDigit):
            normalise_voucher_code(text)


@pytest.mark.parametrize(
    "text", ["", "A1", "EID2027EID27X", "ABCDEFGHJKMNPQRS", "عيد١٤٤٨", "EID 20%", "É" * 6]
)
def test_other_shapes_are_no_voucher(text):
    assert not is_voucher_code(text)
    assert not is_shared_code(text)


def test_codes_are_shown_in_groups():
    assert shown_voucher_code("7K2MQX9T40BD") == "7K2M-QX9T-40BD"
    assert shown_voucher_code("EID2027") == "EID2027"


@pytest.mark.parametrize("digits", range(16, 25))
def test_tidying_a_card_looks_at_its_check_digit_alone(digits):
    code = digits_code(digits)
    arabic = in_groups(code).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert tidy_code(arabic) == code
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    with pytest.raises(WrongCheckDigit):
        tidy_code(wrong)


@pytest.mark.parametrize("text", ["", "12", "1" * 15, "1" * 25, "A" * 13, "١२३" * 6, "ع" * 16, "é" * 16])
def test_tidying_refuses_what_is_no_code(text):
    with pytest.raises(WrongCheckDigit):
        tidy_code(text)


def test_tidying_knows_vouchers_and_cards_with_letters():
    assert tidy_code("eid 2027") == "EID2027"
    lettered = new_code(CodeFormat(CodeAlphabet.CROCKFORD, 16))
    assert tidy_code(lettered.lower()) == lettered
    with pytest.raises(WrongCheckDigit):
        tidy_code(lettered[:-1] + SYMBOLS[(SYMBOLS.index(lettered[-1]) + 1) % 32])
    code = new_voucher_code()
    assert tidy_code(shown_voucher_code(code).lower()) == code
    with pytest.raises(WrongCheckDigit):
        tidy_code(code[:-1] + SYMBOLS[(SYMBOLS.index(code[-1]) + 1) % 32])


def test_a_printed_address_keeps_the_code_from_the_server():
    code = new_code()
    assert redeem_fragment(in_groups(code)) == f"#c={code}"
    address = redeem_url(in_groups(code), origin="https://nuqta.example")
    assert address == f"https://nuqta.example/wallet/redeem/#c={code}"


def test_a_made_code_of_digits_alone_is_drawn_again(monkeypatch):
    drawn = iter([0, 31])
    monkeypatch.setattr("points_payment.voucher_codes.secrets.randbits", lambda _bits: next(drawn))
    assert new_voucher_code().startswith("Z0000000000")
