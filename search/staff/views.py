"""Staff pages of the search: what people ask and open, synonyms, and rules for single queries."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from search import directory as shop_directory
from search.curation import (
    ForeignAddress,
    NothingToDo,
    NoWords,
    TooFewWords,
    UnknownProducts,
    save_rule,
    save_synonym,
)
from search.listing import ListingQuery
from search.models import QueryRule, Synonym
from search.query_log import known_as
from search.selection import Selection
from search.selectors import (
    PERIODS,
    clicked_products,
    clicks_by_rank,
    clicks_of,
    mean_rank,
    popular_queries,
    queries_without_results,
)
from search.spelling import read_typed
from search.staff.forms import PreviewForm, RuleForm, SynonymForm

PER_PAGE = 50
IN_OVERVIEW = 25
PREVIEWED = 8
#: Kinds of parts that staff can do something about.
SHOWN_PARTS = frozenset({"words", "phrase", "without"})
may_curate = platform_permission_required(PlatformPermission.CATALOGUE_MODERATE)


# What people ask ----------------------------------------------------------------------------------
@require_safe
@never_cache
@may_curate
def overview(request: HttpRequest) -> HttpResponse:
    """Queries without results, popular ones, and which places of the results people open."""
    days = _days(request)
    popular = list(popular_queries(days=days)[:IN_OVERVIEW])
    opened = clicks_of([row["query"] for row in popular], days=days)
    context = {
        "days": days,
        "periods": PERIODS,
        "without_results": queries_without_results(days=days)[:IN_OVERVIEW],
        "popular": [{**row, "opened": opened.get(row["query"], 0)} for row in popular],
        "ranks": _with_shares(clicks_by_rank(days=days)),
        "mean_rank": mean_rank(days=days),
        "form": PreviewForm(),
    }
    return render(request, "staff/search/overview.html", context)


@require_safe
@never_cache
@may_curate
def query(request: HttpRequest) -> HttpResponse:
    """One query: what was opened after it, and what can be done about it."""
    known, days = known_as(request.GET.get("q", "")), _days(request)
    context = {
        "query": known,
        "days": days,
        "periods": PERIODS,
        "products": clicked_products(days=days, query=known),
        "ranks": _with_shares(clicks_by_rank(days=days, query=known)),
        "rule": QueryRule.objects.filter(query=known).first(),
    }
    return render(request, "staff/search/query.html", context)


@require_safe
@never_cache
@may_curate
def preview(request: HttpRequest) -> HttpResponse:
    """How a query is read, and what it finds now."""
    form = PreviewForm(request.GET if "q" in request.GET else None)
    found = _preview(form.cleaned_data["q"]) if form.is_valid() else {}
    return render(request, "staff/search/preview.html", {"form": form, **found})


def _preview(text: str) -> dict[str, Any]:
    """What customers get for these words, pins and all, and how it came to be."""
    directory = shop_directory.current()
    selection = Selection.read(QueryDict(urlencode({"q": text})), directory)
    found = ListingQuery(selection, directory, get_language() or "ar", reverse("search:search")).find()
    rule = directory.rules.get(known_as(text))
    pinned = dict.fromkeys(rule.pinned) if rule else {}
    parts, meant = read_typed(text, directory)
    return {
        "text": text,
        "parts": [part for part in parts if part.kind in SHOWN_PARTS],
        "meant": meant,
        "rule": rule,
        "pinned": [card for card in found.cards if card.id in pinned],
        "cards": [card for card in found.cards if card.id not in pinned][:PREVIEWED],
        "count": found.count,
    }


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(period) for period in PERIODS} else 30


def _with_shares(ranks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    total = sum(row["opened"] for row in ranks)
    return [{**row, "percent": round(100 * row["opened"] / total)} for row in ranks]


# Synonyms -----------------------------------------------------------------------------------------
@require_safe
@never_cache
@may_curate
def synonyms(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = Synonym.objects.select_related("changed_by")
    if words:
        found = found.filter(Q(words__icontains=words) | Q(note__icontains=words))
    built_in = shop_directory.current().vocabulary.same_as(words.split()) if words else ()
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "words": words,
        "built_in": built_in,
    }
    return render(request, "staff/search/synonyms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def new_synonym(request: HttpRequest) -> HttpResponse:
    initial = {"words": request.GET.get("words", ""), "is_active": True}
    form = SynonymForm(request.POST if request.method == "POST" else None, initial=initial)
    return _synonym_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def synonym(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Synonym, pk=pk)
    initial = {name: getattr(found, name) for name in ("kind", "words", "note", "is_active")}
    form = SynonymForm(request.POST if request.method == "POST" else None, initial=initial)
    return _synonym_page(request, form, found)


def _synonym_page(request: HttpRequest, form: SynonymForm, found: Synonym | None) -> HttpResponse:
    if form.is_valid():
        facts = form.cleaned_data
        try:
            save_synonym(
                actor=_actor(request),
                kind=Synonym.Kind(facts["kind"]),
                phrases=form.phrases,
                note=facts["note"],
                is_active=facts["is_active"],
                pk=found.pk if found else None,
            )
        except TooFewWords:
            form.add_error("words", _("Write at least two different words."))
        else:
            messages.success(request, _("The synonyms were saved. They are in force at the next search."))
            return redirect("search_staff:synonyms")
    context = {"form": form, "synonym": found}
    return render(request, "staff/search/synonym.html", context, status=422 if form.errors else 200)


@require_POST
@may_curate
def delete_synonym(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Synonym, pk=pk).delete()
    messages.success(request, _("The synonyms were deleted."))
    return redirect("search_staff:synonyms")


# Rules --------------------------------------------------------------------------------------------
@require_safe
@never_cache
@may_curate
def rules(request: HttpRequest) -> HttpResponse:
    found = QueryRule.objects.select_related("changed_by").prefetch_related("pinned__product")
    context = {"page": Paginator(found, PER_PAGE).get_page(request.GET.get("page"))}
    return render(request, "staff/search/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def new_rule(request: HttpRequest) -> HttpResponse:
    initial = {"query": request.GET.get("q", ""), "is_active": True}
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    return _rule_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(QueryRule.objects.prefetch_related("pinned__product"), pk=pk)
    codes = [pin.product.upc or str(pin.product_id) for pin in found.pinned.all()]
    initial = {
        "query": found.shown,
        "products": "\n".join(codes),
        "redirect_to": found.redirect_to,
        "is_active": found.is_active,
    }
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    return _rule_page(request, form, found)


def _rule_page(request: HttpRequest, form: RuleForm, found: QueryRule | None) -> HttpResponse:
    if form.is_valid() and _saved_rule(request, form, found):
        messages.success(request, _("The rule was saved. It is in force at the next search."))
        return redirect("search_staff:rules")
    context = {"form": form, "rule": found}
    return render(request, "staff/search/rule.html", context, status=422 if form.errors else 200)


def _saved_rule(request: HttpRequest, form: RuleForm, found: QueryRule | None) -> bool:
    facts = form.cleaned_data
    try:
        saved = save_rule(
            actor=_actor(request),
            query=facts["query"],
            redirect_to=facts["redirect_to"],
            product_codes=form.product_codes,
            is_active=facts["is_active"],
        )
    except NoWords:
        form.add_error("query", _("There is no letter or digit in these words."))
    except ForeignAddress:
        form.add_error("redirect_to", _("This is no page of this shop."))
    except UnknownProducts as error:
        form.add_error("products", _("Not found: %(codes)s") % {"codes": ", ".join(error.codes)})
    except NothingToDo:
        form.add_error(None, _("Name products or a page to open."))
    else:
        if found is not None and found.pk != saved.pk:
            # Other words: the rule moves to them.
            found.delete()
        return True
    return False


@require_POST
@may_curate
def delete_rule(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(QueryRule, pk=pk).delete()
    messages.success(request, _("The rule was deleted."))
    return redirect("search_staff:rules")


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
