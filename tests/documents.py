"""Reading PDFs as a person would."""

from __future__ import annotations

import io
import unicodedata

from pypdf import PdfReader

#: Signs that only order what is beside them.
_SIGNS = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u200e\u200f\u202a\u202b\u202c"))


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page, without the signs of direction; letters in their plain forms."""
    return [
        unicodedata.normalize("NFKC", page.extract_text().translate(_SIGNS)).replace("\xa0", " ")
        for page in PdfReader(io.BytesIO(pdf)).pages
    ]


def sizes_of(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in whole millimetres."""
    return [
        (round(float(page.mediabox.width) / 72 * 25.4), round(float(page.mediabox.height) / 72 * 25.4))
        for page in PdfReader(io.BytesIO(pdf)).pages
    ]
