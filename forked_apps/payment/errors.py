"""Why an order is not paid; what points say themselves is a PointsError."""

from __future__ import annotations

from django.utils.translation import gettext as _

from marketplace.refusals import Refusal


class PaymentError(Refusal, is_family=True):
    code = "payment_error"


class UnknownSource(PaymentError):
    """Nobody can pay in this way."""

    code = "unknown_source"

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source

    @property
    def message(self) -> str:
        return _("Choose one of the ways to pay.")
