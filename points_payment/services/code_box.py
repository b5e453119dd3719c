"""One box for every code: what a customer types is a card's or a voucher's, and they need not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from points_payment.codes import normalise_code
from points_payment.services.attempts import Attempt
from points_payment.services.redemption import Redemption, redeem_card
from points_payment.services.vouchers import redeem_voucher
from points_payment.voucher_codes import is_voucher_code, normalise_voucher_code

if TYPE_CHECKING:
    from marketplace.users.models import User


def redeem_code(*, customer: User, code: str, idempotency_key: str, attempt: Attempt) -> Redemption:
    """Redeem the card or the voucher with this code.

    Raises:
        WrongCheckDigit, TooManyAttempts, IdempotencyConflict, CardNotRedeemable, VoucherNotRedeemable:
            as ``redeem_card`` and ``redeem_voucher`` say.
    """
    redeem = redeem_voucher if is_voucher_code(code) else redeem_card
    return redeem(customer=customer, code=code, idempotency_key=idempotency_key, attempt=attempt)


def tidy_code(code: str) -> str:
    """What somebody typed who is not known yet, without anything between its symbols.

    It is looked up nowhere: whoever tries codes out here learns of check digits alone.

    Raises:
        WrongCheckDigit: it is mistyped.
    """
    if is_voucher_code(code):
        return normalise_voucher_code(code)
    return normalise_code(code)
