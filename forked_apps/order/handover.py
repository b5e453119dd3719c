"""The code with which a buyer proves that the goods arrived: told to the courier, typed by the vendor.

It is computed, never stored: who reads the database cannot say that something arrived. Nobody guesses it
either: after a few wrong codes the vendor has to do without.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from forked_apps.order.models import VendorOrder

CODE_DIGITS = 6
#: Wrong codes until none is taken any more: 5 guesses hit one code of a million once in 200,000 orders.
MOST_FAILURES = 5


def handover_code(vendor_order: VendorOrder) -> str:
    """The six digits of this vendor order."""
    key = hashlib.sha256(f"handover:{settings.SECRET_KEY}".encode()).digest()
    digest = hmac.digest(key, vendor_order.number.encode(), "sha256")
    return str(int.from_bytes(digest, "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def is_handover_code(vendor_order: VendorOrder, typed: str) -> bool:
    """Whether these digits, in plain ASCII, are the code."""
    return hmac.compare_digest(handover_code(vendor_order).encode(), typed.encode())
