"""Points, dates and the like, as people in Iraq write them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from marketplace.home.templatetags import nuqta

EVENING_UTC = datetime.datetime(2026, 7, 4, 20, 5, tzinfo=ZoneInfo("UTC"))


def render(text: str, **context: object) -> str:
    return Template("{% load nuqta %}" + text).render(Context(context))


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
def test_points_are_grouped_with_western_digits_and_isolated(language: str) -> None:
    with translation.override(language):
        written = nuqta.points(12_345_678)
    assert "<bdi>12,345,678</bdi>" in written
    assert written.startswith('<span class="points">')


def test_one_point_is_no_plural() -> None:
    with translation.override("en"):
        assert "<bdi>1</bdi> point<" in nuqta.points(1)
        assert "<bdi>2</bdi> points<" in nuqta.points(2)


def test_a_debit_has_a_true_minus_sign() -> None:
    assert nuqta.points_bare(-5_000) == "<bdi>\N{MINUS SIGN}5,000</bdi>"


def test_a_movement_shows_its_direction_within_its_isolation() -> None:
    assert "<bdi>+5,000</bdi>" in nuqta.points_signed(5_000)
    assert "<bdi>\N{MINUS SIGN}5,000</bdi>" in nuqta.points_signed(-5_000)
    assert "<bdi>0</bdi>" in nuqta.points_signed(0)


@pytest.mark.parametrize("nothing", [None, "", "abc", "<script>"])
def test_what_is_no_number_is_written_as_nothing(nothing: str | None) -> None:
    assert nuqta.points(nothing) == nuqta.points_bare(nothing) == nuqta.number(nothing) == ""


def test_decimals_of_oscar_are_whole_points() -> None:
    assert nuqta.points_bare(Decimal("92500.00")) == "<bdi>92,500</bdi>"


@pytest.mark.parametrize(
    ("language", "written"), [("ar", "4 تموز 2026"), ("ckb", "4ی تەمووزی 2026"), ("en", "4 July 2026")]
)
def test_months_have_the_names_used_in_iraq(language: str, written: str) -> None:
    with translation.override(language):
        assert nuqta.nuqta_date(datetime.date(2026, 7, 4)) == written


def test_times_are_baghdads() -> None:
    with translation.override("en"):
        assert nuqta.nuqta_datetime(EVENING_UTC) == "4 July 2026, 23:05"
    with translation.override("ar"):
        assert nuqta.nuqta_datetime(EVENING_UTC) == "4 تموز 2026، 11:05 م"


def test_a_day_turns_in_baghdad_not_in_utc() -> None:
    with translation.override("en"):
        late = EVENING_UTC.replace(hour=21, minute=30)
        assert nuqta.nuqta_date(late) == "5 July 2026"


def test_no_date_is_written_as_nothing() -> None:
    assert nuqta.nuqta_date(None) == nuqta.nuqta_datetime(None) == ""


@pytest.mark.parametrize(
    ("rating", "icons"),
    [
        (0, "star star star star star"),
        (None, "star star star star star"),
        (3.7, "star-fill star-fill star-fill star-half star"),
        (Decimal("4.8"), "star-fill star-fill star-fill star-fill star-fill"),
        (1.2, "star-fill star star star star"),
    ],
)
def test_stars_are_rounded_to_halves(rating: float | None, icons: str) -> None:
    assert " ".join(nuqta.stars(rating)) == icons


@pytest.mark.parametrize(
    ("price", "list_price", "percent"),
    [(75, 100, 25), (100, 100, 0), (120, 100, 0), (2, 3, 33), (5, None, 0)],
)
def test_discounts_are_never_rounded_up(price: int, list_price: int | None, percent: int) -> None:
    assert nuqta.percent_off(price, list_price) == percent


def test_an_unknown_status_is_neutral() -> None:
    assert nuqta.status_tone("delivered") == "success"
    assert nuqta.status_tone("on the moon") == "neutral"


class _Form(forms.Form):
    phone = forms.CharField(
        widget=forms.TextInput(attrs={"type": "tel", "class": "input-code"}), help_text="Ten digits"
    )
    note = forms.CharField(required=False)
    way = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "Air"), ("b", "Boat")])
    agreed = forms.BooleanField()
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        raise forms.ValidationError("Not <b>today</b>")


def test_a_forms_errors_stand_beside_their_fields_and_are_announced() -> None:
    written = render('{% include "components/form_fields.html" with form=form %}', form=_Form({}))
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in written
    assert 'id="id_phone_helptext"' in written
    assert 'id="id_phone_error"' in written
    assert 'aria-invalid="true"' in written
    assert written.count('role="alert"') >= 4
    assert "Not &lt;b&gt;today&lt;/b&gt;" in written


def test_every_kind_of_field_is_drawn_once_with_its_label() -> None:
    written = render('{% include "components/form_fields.html" with form=form %}', form=_Form())
    for name in ("phone", "note", "agreed", "secret"):
        assert written.count(f'name="{name}"') == 1
        assert name == "secret" or written.count(f'for="id_{name}"') == 1
    assert written.count('name="way"') == 2
    assert "<legend" in written
    assert 'class="input-code form-control"' in written
    assert 'dir="ltr"' in written


def test_pages_keep_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/?q=chair&page=2")
    page = Paginator(range(100), 10).page(2)
    written = Template('{% include "components/pagination.html" with page=page %}').render(
        RequestContext(request, {"page": page})
    )
    assert 'href="?q=chair&amp;page=3"' in written
    assert 'rel="prev"' in written
    assert written.count('aria-current="page"') == 1


def test_one_page_needs_no_numbers() -> None:
    page = Paginator(range(5), 10).page(1)
    written = Template('{% include "components/pagination.html" with page=page %}').render(
        Context({"page": page})
    )
    assert "<nav" not in written
