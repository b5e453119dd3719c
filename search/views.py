"""List pages: search, the whole catalogue, a category. Mounted where Oscar has its own."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import unquote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oscar.core.loading import get_model

from marketplace.formats import isolated
from marketplace.users.models import User
from search import directory as shop_directory
from search.directory import CategoryNode, Directory
from search.listing import ListingQuery
from search.query_log import note_click, note_search
from search.saved import (
    MOST_SAVED,
    HoldsCard,
    NotAList,
    TooManySavedSearches,
    list_address,
    save_search,
    saved_searches_of,
)
from search.selection import Selection, link
from search.similar import similar_cards
from search.suggestions import suggest

#: Suggestions show prices, which are never staler than a few seconds.
SUGGESTIONS_SECONDS = 5


class ListingView(View):
    template_name: ClassVar[str] = "search/results.html"

    def listing_context(
        self, request: HttpRequest, directory: Directory, *, category: CategoryNode | None = None
    ) -> dict[str, Any]:
        language = get_language() or "ar"
        selection = Selection.read(request.GET, directory)
        query = ListingQuery(selection, directory, language, request.path, category)
        address = link(request.path, selection.without("more"))
        return {
            "listing": query.find(),
            "selection": selection,
            "query": selection.text,
            # Groups of digits would change places within a sentence that is read from right to left.
            "words": isolated(selection.text) if selection.text else "",
            # Of the whole list, from its first page; empty where it cannot be kept.
            "address": address if _may_be_kept(address) else "",
            "roots": [
                (node.name(language), node.url, _children(node, language))
                for node in directory.roots
                if node.is_public
            ],
        }  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(request, self.listing_context(request, shop_directory.current()))

    def page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        title = self.title(context)
        crumbs = [(title, None)]
        return render(request, self.template_name, {**context, "title": title, "crumbs": crumbs})

    def title(self, context: dict[str, Any]) -> str:
        return _("All products")


def _may_be_kept(address: str) -> bool:
    try:
        list_address(address)
    except NotAList:
        return False
    return True


def _children(node: CategoryNode, language: str) -> list[tuple[str, str]]:
    return [(child.name(language), child.url) for child in node.children if child.is_public]


class FacetedSearchView(ListingView):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        directory = shop_directory.current()
        rule = directory.rule_for(request.GET.get("q", ""))
        if rule is not None and rule.redirect_to:
            # Popular all the same; whoever is led to a page has found something.
            note_search(text=request.GET["q"], language=get_language() or "ar", results=1)
            return HttpResponseRedirect(rule.redirect_to)
        context = self.listing_context(request, directory)
        response = self.page(request, context)
        self._note(context)
        return response

    def _note(self, context: dict[str, Any]) -> None:
        # Oscar's own record of searches, which names the person, is not written.
        selection: Selection = context["selection"]
        if selection.text and selection.page == 1 and not selection.filters():
            note_search(
                text=selection.text,
                language=get_language() or "ar",
                results=context["listing"].count,
            )

    def title(self, context: dict[str, Any]) -> str:
        return (
            _("Results for “%(words)s”") % {"words": context["words"]}
            if context["query"]
            else _("All products")
        )


class CatalogueView(ListingView):
    """Everything there is."""


class ProductCategoryView(ListingView):
    template_name = "search/category.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        directory = shop_directory.current()
        category = directory.categories.get(int(kwargs["pk"]) if len(kwargs["pk"]) < 19 else 0)
        if category is None or not (category.is_public or request.user.is_staff):
            raise Http404(_("There is no such category."))
        if unquote(category.url) != unquote(request.path):
            # Found by number, so that old addresses live on after a change of name.
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(f"{category.url}?{query}" if query else category.url)
        language = get_language() or "ar"
        context = self.listing_context(request, directory, category=category)
        crumbs = [(node.name(language), node.url) for node in category.with_ancestors()]
        return render(
            request,
            self.template_name,
            {
                **context,
                "category": category,
                "title": category.name(language),
                "description": category.descriptions.get(language, ""),
                "crumbs": crumbs,
            },
        )


CategoryView = ProductCategoryView


# While typing -----------------------------------------------------------------------------------
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """The options of the search field's list; a page that has no script never asks."""
    language = get_language() or "ar"
    found = suggest(request.GET.get("q", ""), shop_directory.current(), language)
    response = render(request, "search/suggestions.html", {"found": found})
    # The same for everybody who reads this language.
    patch_cache_control(response, private=True, max_age=SUGGESTIONS_SECONDS)
    return response


@require_POST
def count_click(request: HttpRequest) -> HttpResponse:
    """A product was opened from a list of results; sent by the page while it goes away."""
    product_id, rank = request.POST.get("product", ""), request.POST.get("rank", "")
    if _is_small_number(product_id) and _is_small_number(rank):
        note_click(text=request.POST.get("q", ""), product_id=int(product_id), rank=int(rank))
    return HttpResponse(status=204)


def _is_small_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


# Similar products ---------------------------------------------------------------------------------
@require_safe
def similar(request: HttpRequest, pk: int) -> HttpResponse:
    """Products like one, beyond the few that its own page shows."""
    product = get_object_or_404(get_model("catalogue", "Product").objects.browsable(), pk=pk)
    context = {
        "cards": similar_cards(product=product, language=get_language() or "ar"),
        "title": _("Similar to %(product)s") % {"product": product.get_title()},
        "crumbs": [(product.get_title(), product.get_absolute_url()), (_("Similar products"), None)],
    }
    return render(request, "search/similar.html", context)


# Saved searches -----------------------------------------------------------------------------------
@require_safe
@login_required
@never_cache
def saved(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {"searches": saved_searches_of(request.user), "most": MOST_SAVED}
    return render(request, "search/saved.html", context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    address = request.POST.get("address", "")
    if not isinstance(request.user, User):
        return redirect_to_login(_list_or_saved(address))
    try:
        save_search(user=request.user, name=request.POST.get("name", ""), address=address)
    except TooManySavedSearches as error:
        messages.error(
            request,
            _("You have %(most)s saved searches already. Delete one first.") % {"most": error.most},
        )
    except HoldsCard:
        messages.error(request, _("This looks like the code of a card. Codes are not kept anywhere."))
    except NotAList:
        return HttpResponseBadRequest(_("Only lists of this shop can be saved."))
    else:
        messages.success(request, _("The search was saved."))
    return redirect("search:saved")


def _list_or_saved(address: str) -> str:
    """Where a person who signs in presses the button again: what was posted does not outlive it."""
    try:
        return list_address(address)
    except NotAList:
        return reverse("search:saved")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    search = get_object_or_404(saved_searches_of(request.user), pk=pk)
    if request.method == "POST":
        search.delete()
        messages.success(request, _("The saved search was deleted."))
        return redirect("search:saved")
    context = {
        "title": _("Delete the saved search"),
        "text": search.name,
        "action": request.path,
        "submit": _("Delete the saved search"),
        "cancel_url": reverse("search:saved"),
        "danger": True,
    }
    return render(request, "components/confirm.html", context)
