"""Messages are found, compiled and checked without gettext's programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from marketplace import assets, translations

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

#: marketplace/x.py
msgid "Basket"
msgstr "السلة"

msgid "%(count)d order"
msgid_plural "%(count)d orders"
msgstr[0] "لا طلبات"
msgstr[1] "طلب واحد"
msgstr[2] "طلبان"
msgstr[3] "%(count)d طلبات"
msgstr[4] "%(count)d طلبًا"
msgstr[5] "%(count)d طلب"
"""


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def path_of(language: str) -> Path:
        return tmp_path / language / "django.po"

    monkeypatch.setattr(translations, "catalogue_path", path_of)
    monkeypatch.setattr(translations, "LANGUAGES", ("ar",))
    path_of("ar").parent.mkdir()
    path_of("ar").write_text(PO, encoding="utf-8")
    return path_of("ar")


def _sources(monkeypatch: pytest.MonkeyPatch, *messages: tuple[str | tuple[str, str], str]) -> None:
    catalogue = Catalog()
    for message, place in messages:
        catalogue.add(message, locations=[(place, 1)])
    monkeypatch.setattr(translations, "extracted", lambda: catalogue)


def test_templates_and_python_yield_what_django_looks_up(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text(
        """{% load i18n %}<p>{% translate "Plain" %} {{ _("In a variable") }}
        {% blocktranslate trimmed count counter=n with name=who %}
          {{ name }} has {{ counter }} point
        {% plural %}
          {{ name }} has {{ counter }} points
        {% endblocktranslate %}
            {% translate "Open" context "a verb" %} 100%
            {% include "x.html" with title=_("As an argument") %}</p>""",
        encoding="utf-8",
    )
    python = tmp_path / "module.py"
    python.write_text('from x import gettext_lazy as _\nA = _("Lazy")\nB = ngettext("one", "many", 2)\n')
    found = {
        (message, context)
        for path in (template, python)
        for _, message, _, context in translations._messages_of(path)
    }
    assert found == {
        ("Plain", None),
        ("In a variable", None),
        (("%(name)s has %(counter)s point", "%(name)s has %(counter)s points"), None),
        ("Open", "a verb"),
        ("As an argument", None),
        ("Lazy", None),
        (("one", "many"), None),
    }


def test_compiled_catalogues_are_read_by_gettext_with_all_arabic_plurals(catalogues: Path) -> None:
    import gettext

    assert translations.compile_all() == 1
    assert translations.compile_all() == 0, "nothing changed"
    with catalogues.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Basket") == "السلة"
    forms = [
        compiled.ngettext("%(count)d order", "%(count)d orders", number) for number in (0, 1, 2, 3, 11, 100)
    ]
    assert len(set(forms)) == 6


def test_complete_catalogues_have_no_problem(catalogues: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _sources(
        monkeypatch,
        ("Basket", "marketplace/x.py"),
        (("%(count)d order", "%(count)d orders"), "templates/orders.html"),
    )
    assert translations.problems() == []


def test_what_a_customer_reads_untranslated_is_a_problem_and_what_staff_reads_is_not(
    catalogues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sources(
        monkeypatch,
        ("Sold out", "templates/oscar/catalogue/detail.html"),
        ("Audit", "points_payment/staff/views.py"),
    )
    assert translations.problems() == [
        "ar: not translated: 'Sold out' (templates/oscar/catalogue/detail.html)"
    ]


@pytest.mark.parametrize("translation", ["باقي %(days)s", "باقي", "باقي %(number)d"])
def test_other_placeholders_are_a_problem(
    catalogues: Path, monkeypatch: pytest.MonkeyPatch, translation: str
) -> None:
    catalogues.write_text(PO + f'\nmsgid "%(number)s left"\nmsgstr "{translation}"\n', encoding="utf-8")
    _sources(monkeypatch, ("%(number)s left", "search/views.py"))
    assert len(translations.problems()) == 1


def test_source_maps_that_were_left_behind_are_not_named() -> None:
    assert assets.SOURCE_MAP.sub(b"\n", b"x{}\n/*# sourceMappingURL=a.css.map */") == b"x{}\n"
    assert assets.SOURCE_MAP.sub(b"\n", b"x()\n//# sourceMappingURL=a.js.map\n") == b"x()\n"
    assert assets.SOURCE_MAP.sub(b"\n", b"x()") == b"x()"


def test_front_end_packages_are_pinned_with_hashes_and_without_addresses() -> None:
    import json

    from marketplace.env import BASE_DIR

    lock = json.loads((BASE_DIR / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert {"node_modules/bootstrap", "node_modules/vazirmatn"} <= packages.keys()
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name
