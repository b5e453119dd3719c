"""Catalogues of messages, extracted, compiled and checked in pure Python: no gettext programs needed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from marketplace.env import BASE_DIR

#: Languages other than English, in which the sources are written.
LANGUAGES = ("ar", "ckb")
PACKAGES = ("forked_apps", "marketplace", "points_payment", "search", "templates", "vendor_portal")
PLURAL_FORMS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 "
    ": n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "ckb": "nplurals=2; plural=(n != 1);",
    "en": "nplurals=2; plural=(n != 1);",
}
#: As Babel's defaults, and Django's lazy names.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
#: Read by the marketplace's own staff alone: may stay English where nobody has translated it.
STAFF_ONLY = re.compile(
    r"(^|/)(admin|staff|migrations|management)(/|\.py$)|^templates/(staff|oscar/dashboard|admin)/|^marketplace/demo/"
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")


def catalogue_path(language: str) -> Path:
    return BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"


# Extraction -------------------------------------------------------------------------------
def extracted() -> Catalog:
    """Every message of the project's own sources and templates."""
    catalogue = Catalog(project="Nuqta", charset="utf-8")
    for path in _sources():
        place = path.relative_to(BASE_DIR).as_posix()
        for line, message, comments, context in _messages_of(path):
            catalogue.add(
                message,
                locations=[(place, line)],
                auto_comments=comments,
                context=context,
                flags=_flags(message),
            )
    return catalogue


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((BASE_DIR / package).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def _messages_of(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls of gettext among filler; flush left, Python's tokens can be read.
        source = "\n".join(line.strip() for line in templatize(source, str(path)).split("\n"))
    yield from extract(
        "python",
        io.BytesIO(source.encode()),
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
    )


def _flags(message: str | tuple[str, ...]) -> set[str]:
    text = "".join(message) if isinstance(message, tuple) else message
    return {"python-format"} if re.search(r"%\(\w+\)[sd]|%[sd]", text) else set()


def update(language: str) -> tuple[int, int]:
    """Bring a catalogue up to date with the sources; messages in all, and those without translation."""
    path = catalogue_path(language)
    catalogue = read_catalogue(language)
    # Guessed translations ("fuzzy") are never right enough to be worth deleting.
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    # A date that changes with every run would make every run a change.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, sort_by_file=True, include_lineno=False, omit_header=False)
    path.write_bytes(buffer.getvalue())
    messages = [message for message in catalogue if message.id]
    return len(messages), sum(not _is_translated(message) for message in messages)


def read_catalogue(language: str) -> Catalog:
    path = catalogue_path(language)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
    else:
        catalogue = Catalog(locale=language, project="Nuqta", charset="utf-8", fuzzy=False)
    _set_plural_forms(catalogue, language)
    return catalogue


def _set_plural_forms(catalogue: Catalog, language: str) -> None:
    number, _, expression = PLURAL_FORMS[language].removesuffix(";").partition("; plural=")
    # Babel's own rule draws the line between the last two Arabic forms elsewhere than Django's catalogues.
    catalogue._num_plurals = int(number.removeprefix("nplurals="))  # type: ignore[assignment]
    catalogue._plural_expr = expression  # type: ignore[assignment]


# Compilation ------------------------------------------------------------------------------
def compile_all() -> int:
    """Write the .mo file of each catalogue that changed; how many."""
    written = 0
    # English too: a few words that Oscar's American catalogue would change.
    for language in (*LANGUAGES, "en"):
        source = catalogue_path(language)
        target = source.with_suffix(".mo")
        if source.exists() and (not target.exists() or target.stat().st_mtime < source.stat().st_mtime):
            with target.open("wb") as file:
                write_mo(file, read_catalogue(language))
            written += 1
    return written


# Checks -----------------------------------------------------------------------------------
def problems() -> list[str]:
    """What a customer or a vendor would read in the wrong language, or broken; empty when all is well."""
    found: list[str] = []
    sources = extracted()
    for language in LANGUAGES:
        catalogue = read_catalogue(language)
        for message in sources:
            if not message.id:
                continue
            translation = catalogue.get(_key(message), message.context)
            if translation is None or not _is_translated(translation):
                if not _is_for_staff_only(message):
                    found.append(f"{language}: not translated: {_key(message)!r} ({_place(message)})")
            elif wrong := _wrong_placeholders(message, translation):
                found.append(
                    f"{language}: other placeholders: {_key(message)!r} has {wrong} ({_place(message)})"
                )
    return found


def _key(message: Message) -> str:
    return _texts(message.id)[0]


def _place(message: Message) -> str:
    return message.locations[0][0] if message.locations else "?"


def _is_for_staff_only(message: Message) -> bool:
    return all(STAFF_ONLY.search(place) for place, _ in message.locations)


def _is_translated(message: Message) -> bool:
    strings = _texts(message.string)
    return bool(strings) and all(strings) and not message.fuzzy


def _wrong_placeholders(message: Message, translation: Message) -> set[str]:
    """Placeholders of a translation that the source lacks, or the other way round."""
    wanted = {placeholder for text in _texts(message.id) for placeholder in PLACEHOLDER.findall(text)}
    strings = _texts(translation.string)
    if len(strings) == 1:
        return wanted ^ set(PLACEHOLDER.findall(strings[0]))
    # A plural form may leave the number out ("one order"), but may invent nothing.
    return {placeholder for text in strings for placeholder in PLACEHOLDER.findall(text)} - wanted


def _texts(text: Any) -> list[str]:
    """One message or its plural forms."""
    return list(text) if isinstance(text, tuple | list) else [text]
