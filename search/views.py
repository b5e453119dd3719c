"""List pages: search, the whole catalogue, a category. Mounted where Oscar has its own."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.translation import get_language, gettext as _
from django.views import View
from oscar.apps.search.signals import user_search

from search import directory as shop_directory
from search.directory import CategoryNode, Directory
from search.listing import ListingQuery
from search.selection import Selection


class ListingView(View):
    template_name: ClassVar[str] = "search/results.html"

    def listing_context(
        self, request: HttpRequest, directory: Directory, *, category: CategoryNode | None = None
    ) -> dict[str, Any]:
        language = get_language() or "ar"
        selection = Selection.read(request.GET, directory)
        query = ListingQuery(selection, directory, language, request.path, category)
        return {
            "listing": query.find(),
            "selection": selection,
            "query": selection.text,
            "roots": [
                (node.name(language), node.url, _children(node, language))
                for node in directory.roots
                if node.is_public
            ],
        }  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = self.listing_context(request, shop_directory.current())
        title = self.title(context)
        crumbs = [(title, None)]
        return render(request, self.template_name, {**context, "title": title, "crumbs": crumbs})

    def title(self, context: dict[str, Any]) -> str:
        return _("All products")


def _children(node: CategoryNode, language: str) -> list[tuple[str, str]]:
    return [(child.name(language), child.url) for child in node.children if child.is_public]


class FacetedSearchView(ListingView):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        words = request.GET.get("q", "").strip().replace("\x00", "")[:255]
        if words and request.user.is_authenticated and "page" not in request.GET:
            user_search.send(sender=self, session=request.session, user=request.user, query=words)
        return response

    def title(self, context: dict[str, Any]) -> str:
        return (
            _("Results for “%(words)s”") % {"words": context["query"]}
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
