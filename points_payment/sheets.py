"""Cards on paper, for small runs: A4 sheets to cut, each card in three languages with its code and a QR.

Everything stays in memory on its way into the PDF: plain codes are in it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import segno
from django.conf import settings
from django.contrib.sites.models import Site
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from marketplace.documents import render_pdf
from marketplace.formats import format_date
from points_payment.codes import redeem_fragment
from points_payment.errors import SiteAddressUnknown
from points_payment.models import Batch
from points_payment.services.issuing import IssuedCodes
from points_payment.text import points_text

#: Of every new site; what its pages would learn of our codes is nobody's business.
DJANGOS_DOMAIN = "example.com"


def card_sheets(issued: IssuedCodes) -> bytes:
    """A PDF with all cards of the batch, several on a page, with marks where to cut."""
    page = redeem_page()
    facts = {
        "texts": [_texts(issued.batch, language) for language, _name in settings.LANGUAGES],
        "address": page.partition("://")[2],
        "cards": [
            {"serial": serial, "code": code, "qr": _qr_svg(page + redeem_fragment(code.replace(" ", "")))}
            for serial, code in issued
        ],
    }
    with translation.override("en"):
        return render_pdf("card_sheets", facts)


def redeem_page() -> str:
    """The absolute address where cards are redeemed.

    Raises:
        SiteAddressUnknown: the site still has the name that Django gave it.
    """
    domain = Site.objects.get_current().domain
    if domain == DJANGOS_DOMAIN:
        raise SiteAddressUnknown
    scheme = "https" if settings.SECURE_SSL_REDIRECT else "http"
    return f"{scheme}://{domain}{reverse('wallet:redeem')}"


def _texts(batch: Batch, language: str) -> Mapping[str, Any]:
    with translation.override(language):
        return {
            "language": language,
            "rtl": translation.get_language_bidi(),
            "value": points_text(batch.face_value_points),
            "last_day": _("Valid until %(date)s") % {"date": format_date(batch.expires_on)},
            "how": _("Scan the picture, or type the code on the page below. Give the code to nobody."),
        }


def _qr_svg(text: str) -> str:
    """The code stands in the fragment, which browsers keep to themselves: no server log has it."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=2, xmldecl=False, svgns=True)
    return picture.getvalue().decode("ascii")
