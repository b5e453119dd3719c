"""What a person typed, as the code of a card that may exist."""

from __future__ import annotations

from points_payment.codes import STANDARD_FORMAT, CodeFormat, formats_of, normalise_code
from points_payment.errors import WrongCheckDigit
from points_payment.models import Batch


def read_code(text: str) -> str:
    """A code as it was printed, of a format that some batch has.

    One digit too few or too many often makes a code of another length: while no batch has that length,
    it is a slip of the finger and costs nothing. Only other codes than the usual ones cost a query.

    Raises:
        WrongCheckDigit: it is mistyped.
    """
    code = normalise_code(text)
    if not any(one == STANDARD_FORMAT or _is_in_use(one) for one in formats_of(code)):
        raise WrongCheckDigit
    return code


def _is_in_use(code_format: CodeFormat) -> bool:
    batches = Batch.objects.filter(code_alphabet=code_format.alphabet, code_digits=code_format.length)
    return batches.filter(first_number__isnull=False).exists()
