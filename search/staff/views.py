"""Staff pages of the search: what people ask and open, synonyms, and rules for single queries."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext as _, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from search import directory as shop_directory
from search.curation import (
    ChangedMeanwhile,
    CurationError,
    ForeignAddress,
    LongPhrases,
    NoWords,
    TooManyProducts,
    TooManyWords,
    UnknownProducts,
    checked_phrases,
    checked_rule,
    code_of,
    save_rule,
    save_synonym,
    with_rule,
    with_synonyms,
)
from search.directory import Directory
from search.listing import Listing, ListingQuery
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
Row = TypeVar("Row", Synonym, QueryRule)
Form = TypeVar("Form", SynonymForm, RuleForm)
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
        "page": Paginator(queries_without_results(days=days), IN_OVERVIEW).get_page(request.GET.get("page")),
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
    if not known:
        return redirect("search_staff:overview")
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


def _preview(text: str, directory: Directory | None = None) -> dict[str, Any]:
    """What customers get for these words, pins and all, and how it came to be.

    ``directory`` is the shop as it would be; else it is as it is now.
    """
    directory = directory or shop_directory.current()
    found = _found(text, directory)
    rule = directory.rule_for(text)
    pinned = dict.fromkeys(rule.pinned) if rule else {}
    parts, meant = read_typed(text, directory)
    return {
        "text": text,
        "parts": [part for part in parts if part.kind in SHOWN_PARTS],
        "meant": meant,
        "in_force": rule,
        "pinned": [card for card in found.cards if card.id in pinned],
        "cards": [card for card in found.cards if card.id not in pinned][:PREVIEWED],
        "count": found.count,
    }


def _found(text: str, directory: Directory) -> Listing:
    selection = Selection.read(QueryDict(urlencode({"q": text})), directory)
    return ListingQuery(selection, directory, get_language() or "ar", reverse("search:search")).find()


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
    if request.method == "POST" and not Synonym.objects.filter(pk=pk).exists():
        return _deleted_meanwhile(request, SynonymForm(request.POST), "staff/search/synonym.html")
    found = get_object_or_404(Synonym, pk=pk)
    initial = {name: getattr(found, name) for name in ("kind", "words", "note", "is_active")}
    initial["seen_at"] = found.changed_at.isoformat()
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
                seen_at=form.version,
            )
        except ChangedMeanwhile as error:
            form = _with_version(SynonymForm, request, error)
        except CurationError as error:
            form.add_error("words", _refused_words(error))
        else:
            messages.success(request, _("The synonyms were saved. They are in force at the next search."))
            return redirect("search_staff:synonyms")
    context = {"form": form, "synonym": found}
    return render(request, "staff/search/synonym.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@may_curate
def preview_synonym(request: HttpRequest) -> HttpResponse:
    """What the words on the page would find if they were saved so; nothing is saved."""
    form, found = SynonymForm(request.POST), _edited(request, Synonym)
    context: dict[str, Any] = {"form": form, "synonym": found}
    if form.is_valid():
        try:
            phrases = checked_phrases(form.phrases)
        except CurationError as error:
            form.add_error("words", _refused_words(error))
        else:
            now = shop_directory.current()
            kind = Synonym.Kind(form.cleaned_data["kind"])
            then = with_synonyms(now, kind=kind, phrases=phrases, pk=found.pk if found else None)
            context["compared"] = [
                {"phrase": phrase, "now": _found(phrase, now).count, "then": _found(phrase, then).count}
                for phrase in phrases
            ]
            context |= _preview(phrases[0], then)
    return render(request, "staff/search/synonym.html", context, status=422 if form.errors else 200)


def _refused_words(error: CurationError) -> str:
    if isinstance(error, TooManyWords):
        return ngettext(
            "Write at most %(most)s word or phrase.", "Write at most %(most)s words or phrases.", error.most
        ) % {"most": error.most}
    if isinstance(error, LongPhrases):
        return _("Too long, they would never be found: %(phrases)s") % {"phrases": ", ".join(error.phrases)}
    return _("Write at least two different words.")


def _edited(request: HttpRequest, model: type[Row]) -> Row | None:
    """What the page is about: None where it is new, or gone."""
    pk = request.POST.get("pk", "")
    known = pk.isascii() and pk.isdecimal() and len(pk) < 19
    return model.objects.filter(pk=int(pk)).first() if known else None


def _with_version(form_class: type[Form], request: HttpRequest, error: ChangedMeanwhile) -> Form:
    """What was typed once more, with what somebody else wrote: who saves it again has seen that."""
    found = error.found
    form = form_class({**request.POST.dict(), "seen_at": found.changed_at.isoformat()})
    name = found.changed_by.display_name if found.changed_by else _("Somebody")
    form.add_error(
        None,
        _("%(name)s has saved this meanwhile: %(what)s. Save again to put yours in its place.")
        % {"name": name, "what": found.described()},
    )
    return form


def _deleted_meanwhile(request: HttpRequest, form: SynonymForm | RuleForm, template: str) -> HttpResponse:
    """What was typed once more, on the page that adds it."""
    form.add_error(None, _("Somebody has deleted this meanwhile. Save again to add it anew."))
    return render(request, template, {"form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def delete_synonym(request: HttpRequest, pk: int) -> HttpResponse:
    return _delete(
        request,
        get_object_or_404(Synonym, pk=pk),
        title=_("Delete the synonyms"),
        text=_("The next search for one of these words does not look for the others any more."),
        done=_("The synonyms were deleted."),
        back="search_staff:synonyms",
        kept="search_staff:synonym",
    )


def _delete(
    request: HttpRequest,
    found: Synonym | QueryRule,
    *,
    title: str,
    text: str,
    done: str,
    back: str,
    kept: str,
) -> HttpResponse:
    """Ask, and then delete; ``back`` and ``kept`` name the pages to go to after it and instead."""
    if request.method == "POST":
        found.delete()
        messages.success(request, done)
        return redirect(back)
    context = {
        "title": title,
        "about": found.described(),
        "text": text,
        "submit": title,
        "cancel_url": reverse(kept, kwargs={"pk": found.pk}),
        "danger": True,
    }
    return render(request, "staff/confirm.html", context)


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
    words = request.GET.get("q", "")
    there = QueryRule.objects.filter(query=known_as(words)).first()
    if there is not None and request.method != "POST":
        return redirect("search_staff:rule", there.pk)
    initial = {"query": words, "is_active": True}
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    return _rule_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST" and not QueryRule.objects.filter(pk=pk).exists():
        return _deleted_meanwhile(request, RuleForm(request.POST), "staff/search/rule.html")
    found = get_object_or_404(QueryRule.objects.prefetch_related("pinned__product"), pk=pk)
    codes = [code_of(pin.product) for pin in found.pinned.all()]
    initial = {
        "query": found.shown,
        "products": "\n".join(codes),
        "redirect_to": found.redirect_to,
        "is_active": found.is_active,
        "seen_at": found.changed_at.isoformat(),
    }
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    return _rule_page(request, form, found)


def _rule_page(request: HttpRequest, form: RuleForm, found: QueryRule | None) -> HttpResponse:
    if form.is_valid():
        facts = form.cleaned_data
        try:
            save_rule(
                actor=_actor(request),
                query=facts["query"],
                redirect_to=facts["redirect_to"],
                product_codes=form.product_codes,
                is_active=facts["is_active"],
                pk=found.pk if found else None,
                seen_at=form.version,
            )
        except ChangedMeanwhile as error:
            form = _with_version(RuleForm, request, error)
        except CurationError as error:
            form.add_error(*_refused_rule(error))
        else:
            messages.success(request, _("The rule was saved. It is in force at the next search."))
            return redirect("search_staff:rules")
    context = {"form": form, "rule": found}
    return render(request, "staff/search/rule.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@may_curate
def preview_rule(request: HttpRequest) -> HttpResponse:
    """What a search would do if the rule on the page was saved so; nothing is saved."""
    form = RuleForm(request.POST)
    context: dict[str, Any] = {"form": form, "rule": _edited(request, QueryRule)}
    if form.is_valid():
        words = form.cleaned_data["query"]
        try:
            asked = checked_rule(
                query=words,
                redirect_to=form.cleaned_data["redirect_to"],
                product_codes=form.product_codes,
            )
        except CurationError as error:
            form.add_error(*_refused_rule(error))
        else:
            context |= _preview(words, with_rule(shop_directory.current(), query=words, rule=asked))
    return render(request, "staff/search/rule.html", context, status=422 if form.errors else 200)


def _refused_rule(error: CurationError) -> tuple[str | None, str]:
    """The field and what is wrong with it."""
    if isinstance(error, NoWords):
        return "query", _("There is no letter or digit in these words.")
    if isinstance(error, ForeignAddress):
        return "redirect_to", _("This is no page of this shop.")
    if isinstance(error, UnknownProducts):
        return "products", _("Not found: %(codes)s") % {"codes": ", ".join(error.codes)}
    if isinstance(error, TooManyProducts):
        return "products", ngettext(
            "At most %(most)s product can stand first.",
            "At most %(most)s products can stand first.",
            error.most,
        ) % {"most": error.most}
    return None, _("Name products or a page to open.")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_curate
def delete_rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _delete(
        request,
        get_object_or_404(QueryRule, pk=pk),
        title=_("Delete the rule"),
        text=_("The next search for these words shows what it finds, in the usual order."),
        done=_("The rule was deleted."),
        back="search_staff:rules",
        kept="search_staff:rule",
    )


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
