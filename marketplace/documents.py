"""Documents made on the server, as PDF, right in every language.

A document is a typst template in ``templates/documents``; what it says comes as plain facts. Facts stay in
memory on their way into the document: plain card codes may be among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language, get_language_bidi

from marketplace.assets import fonts_dir
from marketplace.env import BASE_DIR

DOCUMENTS = BASE_DIR / "templates" / "documents"


def pdf_response(pdf: bytes, name: str) -> HttpResponse:
    """The document to look at or to keep under this name, which is ASCII; its end is added."""
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def render_pdf(template: str, facts: Mapping[str, Any]) -> bytes:
    """Set ``templates/documents/<template>.typ`` in the current language; the bytes of a PDF.

    Facts are what JSON can hold; texts are translated and numbers grouped by the caller. Pictures go in as
    SVG text.
    """
    import typst

    pdf = typst.compile(
        str(DOCUMENTS / f"{template}.typ"),
        root=str(DOCUMENTS),
        font_paths=[str(fonts_dir())],
        ignore_system_fonts=True,
        sys_inputs={
            "facts": json.dumps(facts, ensure_ascii=False, default=str),
            "language": get_language() or "en",
            "rtl": "true" if get_language_bidi() else "false",
        },
    )
    assert isinstance(pdf, bytes)
    return pdf
