"""One page of products with its facets, as templates print it: found and counted in the index.

Only names of the vendors on the page come from the database, in one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _, pgettext
from haystack.query import SQ, SearchQuerySet

from forked_apps.partner.models import Partner
from marketplace.formats import format_number
from search.analysis.vocabulary import Part
from search.cards import ProductCard, unpack_card
from search.directory import CategoryNode, Directory, FacetAttribute
from search.engines.query import Typed
from search.engines.ranges import NumberRanges
from search.highlights import Highlighter
from search.no_results import Instead, find_instead
from search.search_indexes import day_number, known_code
from search.selection import ORDERS, PAGE_SIZES, STEP_GROUPS, Pair, Selection, link, write_number
from search.spelling import read_typed

#: Values of a group that are always seen; the others open with "More".
SEEN_VALUES = 8
#: Values of a group that "More" opens, the most frequent first; all others are a link away.
MOST_OFFERED = 30
PRICE_RANGES = 5
#: Filters that are taken away, one at a time, where nothing fits all of them.
MOST_LOOSENED = 6
#: A list is about a class of product if so much of it is of that class.
CLASS_SHARE = 0.8

_INDEX_ORDER = {
    "price": "by_price",
    "-price": "-by_price",
    "newest": "-by_arrival",
    "rating": "-by_rating",
    "discount": "-by_discount",
    "best_selling": "-by_sales",
}
#: Shorter ones are numbers and sizes more often than codes.
SHORTEST_CODE = 5


@dataclass(frozen=True, slots=True)
class FacetValue:
    label: str
    #: None where it is not known.
    count: int | None
    url: str
    selected: bool = False
    #: For ranges and steps, whose words the template puts together.
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """``kind`` tells the template how to write values: values, price, range, rating, discount."""

    kind: str
    name: str
    title: str
    values: Sequence[FacetValue]
    unit: str = ""
    low_name: str = ""
    high_name: str = ""
    low: str = ""
    high: str = ""
    #: What was typed for them and is no number.
    low_unread: str = ""
    high_unread: str = ""
    #: Numbers of the size that one would type there.
    low_example: str = ""
    high_example: str = ""
    hidden: Sequence[Pair] = ()
    #: How many values there are, where they are not all offered; and the address that offers them all.
    all_count: int = 0
    all_url: str = ""
    #: The way back from there.
    fewer_url: str = ""

    @property
    def seen(self) -> Sequence[FacetValue]:
        """The first ones, and whatever is chosen: however rare, it stays to be unchosen."""
        return [value for place, value in enumerate(self.values) if place < SEEN_VALUES or value.selected]

    @property
    def more(self) -> Sequence[FacetValue]:
        return [value for value in self.values[SEEN_VALUES:] if not value.selected]

    @property
    def is_chosen(self) -> bool:
        typed = self.low or self.high or self.low_unread or self.high_unread
        return bool(typed) or any(value.selected for value in self.values)

    @property
    def more_is_open(self) -> bool:
        return bool(self.fewer_url) or any(value.selected for value in self.values[SEEN_VALUES:])


@dataclass(frozen=True, slots=True)
class CategoryFacet:
    """The category in view with the way up and what is below it."""

    above: Sequence[FacetValue]
    current: FacetValue | None
    below: Sequence[FacetValue]


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice and the address without it."""

    kind: str
    title: str
    label: str
    url: str
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    url: str
    selected: bool
    value: str = ""


@dataclass(frozen=True, slots=True)
class Within:
    """A form that searches only what is in view."""

    name: str
    path: str
    hidden: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Listing:
    cards: Sequence[ProductCard]
    page: Page[Any]
    count: int
    is_ready: bool
    category_facet: CategoryFacet
    groups: Sequence[FacetGroup]
    chips: Sequence[Chip]
    orders: Sequence[Option]
    sizes: Sequence[Option]
    clear_url: str
    order_hidden: Sequence[Pair]
    #: The category or vendor in view, to be searched within.
    within: Within | None = None
    #: What words that the shop does not know were probably meant for, and the search for that.
    meant: str = ""
    meant_url: str = ""
    #: Where nothing was found: the way on.
    instead: Instead | None = None
    #: Where nothing fits all filters: those without which something does, with how much.
    loosened: Sequence[tuple[Chip, int]] = ()


@dataclass(slots=True)
class ListingQuery:
    """A selection within a category or everything, in one language, at one address."""

    selection: Selection
    directory: Directory
    language: str
    path: str
    #: The category that the page itself is about; a choice of the facet stands in ``selection``.
    category: CategoryNode | None = None
    _vendors: dict[str, str] = field(default_factory=dict)
    _code_found: bool | None = None
    _read: tuple[list[Part], str] | None = None

    def find(self) -> Listing:
        attributes = self._attributes_in_view()
        found = self._faceted(self._narrowed(), attributes)
        cards, page, found = self._page(found)
        counts = found.facet_counts().get("fields", {})
        is_ready = bool(found.query.backend.is_built)
        if counts:
            self._name_vendors(counts["vendor"])
        meant = self._read[1] if self._read else ""
        nothing = not page.paginator.count and is_ready
        is_filtered = bool(self.selection.filters())
        chips = list(self._chips(attributes))
        return Listing(
            cards=cards,
            page=page,
            count=page.paginator.count,
            is_ready=is_ready,
            category_facet=self._category_facet(dict(counts.get("category", ()))),
            groups=[group for group in self._groups(counts, attributes) if group is not None]
            if counts
            else [],
            chips=chips,
            orders=self._orders(),
            sizes=[
                Option(
                    str(size),
                    self._url(self.selection.with_one("size", str(size) if size != 24 else None)),
                    size == self.selection.page_size,
                    str(size),
                )
                for size in PAGE_SIZES
            ],
            clear_url=self._url(self.selection.unfiltered()),
            order_hidden=self.selection.hidden("sort"),
            within=self._within_view(),
            meant=meant,
            meant_url=self._url(self.selection.with_one("q", meant)) if meant else "",
            instead=self._instead() if nothing and not is_filtered else None,
            loosened=self._loosened(chips) if nothing and is_filtered else (),
        )

    def _instead(self) -> Instead | None:
        is_within = self._category_in_view() is not None
        return find_instead(self.selection.text, self.directory, self.language, is_within=is_within)

    def _loosened(self, chips: Sequence[Chip]) -> list[tuple[Chip, int]]:
        found = []
        for chip in chips[:MOST_LOOSENED]:
            selection = Selection.read(QueryDict(urlsplit(chip.url).query), self.directory)
            without = replace(self, selection=selection)
            if count := without._narrowed().count():
                found.append((chip, count))
        return sorted(found, key=lambda pair: -pair[1])

    # Asking the index -----------------------------------------------------------------------
    def _base(self) -> SearchQuerySet:
        found = SearchQuerySet()
        if text := self.selection.text:
            code = known_code(text)
            if self._is_code(code):
                found = found.filter(codes__exact=code)
            else:
                found = found.filter(content=Typed(self._parts()[0]))
        if self.category is not None:
            # Not a facet's choice: counts never leave it out.
            found = found.filter(category__exact=str(self.category.pk))
        return found

    def _parts(self) -> tuple[list[Part], str]:
        """What was typed, and what was meant by words that the shop does not know; found out once a page."""
        if self._read is None:
            self._read = read_typed(self.selection.text, self.directory)
        return self._read

    def _is_code(self, code: str) -> bool:
        """Whether a product or an offer has this SKU or barcode; asked for once a page."""
        if self._code_found is None:
            may_be = len(code) >= SHORTEST_CODE and any(character.isdigit() for character in code)
            self._code_found = may_be and SearchQuerySet().filter(codes__exact=code).count() > 0
        return self._code_found

    def _pinned(self) -> tuple[int, ...]:
        """Products that staff put first for these words, where a person has chosen nothing else."""
        chosen = self.selection
        if not chosen.text or chosen.filters() or chosen.get("category") or chosen.order != ORDERS[0]:
            return ()
        rule = self.directory.rule_for(chosen.text)
        return rule.pinned if rule and self.category is None else ()

    def _attributes_in_view(self) -> list[FacetAttribute]:
        """Those of the class of product that the list is about, and any that was chosen."""
        if not self.directory.attributes:
            return []
        found = self._narrowed(with_attributes=False).facet("product_class")
        found.query.set_limits(0, 0)
        classes = found.facet_counts().get("fields", {}).get("product_class", [])
        of_all = sum(count for _, count in classes)
        # A search for laptops finds their stands too; the list is about laptops all the same.
        is_about_one = bool(classes) and classes[0][1] >= CLASS_SHARE * of_all
        in_view = self.directory.of_class({int(classes[0][0])}) if is_about_one else []
        chosen = [
            attribute
            for attribute in self.directory.attributes.values()
            if attribute not in in_view and self._is_chosen(attribute)
        ]
        return [*chosen, *in_view]

    def _is_chosen(self, attribute: FacetAttribute) -> bool:
        names = {f"a_{attribute.code}", f"min_{attribute.code}", f"max_{attribute.code}"}
        return any(name in names for name, _ in self.selection.pairs)

    def _narrowed(self, *, with_attributes: bool = True) -> SearchQuerySet:
        chosen, found = self.selection, self._base()
        if (category := chosen.get("category")) is not None:
            found = found.narrow(SQ(category=category))
        for name in ("brand", "vendor"):
            if values := chosen.all(name):
                found = found.narrow(SQ(**{f"{name}__in": values}))
        found = _within(found, "price", chosen.number("price_min"), chosen.number("price_max"))
        if chosen.get("in_stock"):
            found = found.narrow(SQ(in_stock=True))
        if (arrival := chosen.get("arrived")) is not None:
            found = found.narrow(SQ(arrived_on__gte=self._arrival_days()[arrival]))
        for name in STEP_GROUPS:
            if name != "arrived" and (step := chosen.get(name)) is not None:
                found = found.narrow(SQ(**{f"{name}_from": step}))
        if with_attributes:
            for attribute in self.directory.attributes.values():
                found = self._narrowed_by(attribute, found)
        return found

    def _narrowed_by(self, attribute: FacetAttribute, found: SearchQuerySet) -> SearchQuerySet:
        chosen, code = self.selection, attribute.code
        if values := chosen.all(f"a_{code}"):
            found = found.narrow(SQ(**{f"{attribute.index_field}__in": values}))
        if attribute.is_number:
            found = _within(
                found, attribute.index_field, chosen.number(f"min_{code}"), chosen.number(f"max_{code}")
            )
        return found

    def _faceted(self, found: SearchQuerySet, attributes: Iterable[FacetAttribute]) -> SearchQuerySet:
        for name in ("category", "brand", "vendor", "in_stock", "rating_from", "discount_from"):
            found = found.facet(name, disjunctive=True)
        found = found.facet("price", disjunctive=True, ranges=PRICE_RANGES, few_values=False)
        found = found.facet("arrived_on", disjunctive=True, steps=list(self._arrival_days().values()))
        for attribute in attributes:
            options = {"ranges": PRICE_RANGES} if attribute.is_number else {}
            found = found.facet(attribute.index_field, disjunctive=True, **options)
        order = self.selection.order
        if order in _INDEX_ORDER:
            return found.order_by(_INDEX_ORDER[order])
        return found if self.selection.text else found.order_by("-by_featured")

    def _page(self, found: SearchQuerySet) -> tuple[list[ProductCard], Page[Any], SearchQuerySet]:
        size, number = self.selection.page_size, self.selection.page
        pinned = self._pinned_results()
        if pinned:
            found = found.exclude(django_id__in=[result.pk for result in pinned])
        results = self._slice(found, pinned, number)
        # The slice has asked the index; counting again would ask once more.
        count = len(pinned) + len(found)
        paginator = Paginator(range(count), size)
        if number > paginator.num_pages:
            # Past the end, as after a filter in another tab: the last page there is.
            number = paginator.num_pages
            found = found.all()
            results = self._slice(found, pinned, number)
            len(found)
        marked = Highlighter.of(self.selection.text, self.directory.vocabulary)
        cards = [
            marked.on(unpack_card(result.card, language=self.language))
            for result in results
            if result is not None
        ]
        return cards, paginator.page(number), found

    def _slice(self, found: SearchQuerySet, pinned: Sequence[Any], number: int) -> list[Any]:
        """A page of what is pinned and then of what was found."""
        size = self.selection.page_size
        start, end = (number - 1) * size, number * size
        first = list(pinned[start:end])
        rest = found[max(0, start - len(pinned)) : max(0, end - len(pinned))]
        return [*first, *rest]

    def _pinned_results(self) -> list[Any]:
        """Those of them that the index has, in the order that staff gave them."""
        ids = [str(pk) for pk in self._pinned()]
        if not ids:
            return []
        by_id = {result.pk: result for result in SearchQuerySet().filter(django_id__in=ids)[: len(ids)]}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _arrival_days(self) -> dict[str, int]:
        today = day_number(timezone.now())
        return {step: today - int(step) for step in STEP_GROUPS["arrived"]}

    def _name_vendors(self, counts: Sequence[tuple[str, int]]) -> None:
        offered = counts if self.selection.shows_all_of("vendor") else counts[:MOST_OFFERED]
        ids = {value for value, _ in offered} | set(self.selection.all("vendor"))
        names = (
            Partner.objects.filter(pk__in=[int(pk) for pk in ids]).values_list("pk", "name") if ids else ()
        )
        self._vendors = {str(pk): name for pk, name in names}

    # Facets ---------------------------------------------------------------------------------
    def _url(self, query: str) -> str:
        return link(self.path, query)

    def _groups(
        self, counts: dict[str, Any], attributes: Iterable[FacetAttribute]
    ) -> list[FacetGroup | None]:
        return [
            self._range_group(
                "price",
                "price",
                _("Price"),
                counts["price"],
                "price_min",
                "price_max",
                pgettext("unit", "points"),
            ),
            self._availability(counts["in_stock"]),
            self._value_group("brand", _("Brand"), counts["brand"], str),
            self._value_group("vendor", _("Seller"), counts["vendor"], lambda pk: self._vendors.get(pk, "")),
            self._steps("rating", _("Customer rating"), counts["rating_from"]),
            self._steps("discount", _("Discount"), counts["discount_from"]),
            self._steps("arrived", _("New arrivals"), self._arrivals(counts["arrived_on"])),
            *(self._attribute_group(attribute, counts[attribute.index_field]) for attribute in attributes),
        ]

    def _value_group(
        self,
        name: str,
        title: str,
        counts: Sequence[tuple[Any, int]],
        label: Callable[[str], str],
        *,
        unit: str = "",
        kind: str = "values",
    ) -> FacetGroup | None:
        chosen = self.selection
        is_whole, has_more = chosen.shows_all_of(name), len(counts) > MOST_OFFERED
        offered = [(str(value), count) for value, count in (counts if is_whole else counts[:MOST_OFFERED])]
        known = {value for value, _ in offered}
        counted = {str(value): count for value, count in counts}
        # What is chosen stays to be unchosen, even where nothing is left of it.
        offered += [(value, counted.get(value, 0)) for value in chosen.all(name) if value not in known]
        values = [
            FacetValue(text, count, self._url(chosen.toggled(name, value)), chosen.has(name, value))
            for value, count in offered
            if (text := label(value))
        ]
        if not (len(values) > 1 or any(value.selected for value in values)):
            return None
        if is_whole and has_more:
            # Who reads so many looks for one by its name.
            values[SEEN_VALUES:] = sorted(values[SEEN_VALUES:], key=lambda value: value.label.casefold())
        return FacetGroup(
            kind,
            name,
            title,
            values,
            unit=unit,
            all_count=len(counts),
            all_url=self._url(chosen.toggled("more", name)) if has_more and not is_whole else "",
            fewer_url=self._url(chosen.toggled("more", name)) if has_more and is_whole else "",
        )

    def _availability(self, counts: Sequence[tuple[bool, int]]) -> FacetGroup | None:
        counted = dict(counts)
        selected = self.selection.has("in_stock", "1")
        if not selected and (not counted.get(False) or not counted.get(True)):
            return None
        url = self._url(self.selection.toggled("in_stock", "1"))
        value = FacetValue(_("In stock"), counted.get(True, 0), url, selected)
        return FacetGroup("values", "in_stock", _("Availability"), [value])

    def _steps(self, name: str, title: str, counts: Sequence[tuple[str, int]]) -> FacetGroup | None:
        counted, chosen = dict(counts), self.selection.get(name)
        values = [
            FacetValue(
                "",
                counted.get(step, 0),
                self._url(self.selection.with_one(name, None if step == chosen else step)),
                step == chosen,
                low=float(step),
            )
            for step in STEP_GROUPS[name]
            if counted.get(step) or step == chosen
        ]
        return FacetGroup(name, name, title, values) if values else None

    def _arrivals(self, counts: Sequence[tuple[int, int]]) -> list[tuple[str, int]]:
        by_day = dict(counts)
        return [(step, by_day.get(day, 0)) for step, day in self._arrival_days().items()]

    def _range_group(
        self,
        kind: str,
        name: str,
        title: str,
        ranges: NumberRanges,
        low_name: str,
        high_name: str,
        unit: str = "",
    ) -> FacetGroup | None:
        chosen = self.selection
        low, high = chosen.get(low_name), chosen.get(high_name)
        typed = (low, high, chosen.unread_bound(low_name), chosen.unread_bound(high_name))
        if not ranges.counts and not any(typed):
            return None
        values = []
        for part, count in ranges.counts:
            if not count:
                continue
            # A price is whole, so "below 100" is "up to 99".
            top = None if part.high is None else part.high - 1 if kind == "price" else part.high
            selected = chosen.number(low_name) == part.low and chosen.number(high_name) == top
            query = (
                chosen.without(low_name, high_name)
                if selected
                else chosen.with_range(low_name, high_name, part.low, top)
            )
            values.append(FacetValue("", count, self._url(query), selected, low=part.low, high=part.high))
        return FacetGroup(
            kind,
            name,
            title,
            values,
            unit=unit,
            low_name=low_name,
            high_name=high_name,
            low=low or "",
            high=high or "",
            low_unread=chosen.unread_bound(low_name),
            high_unread=chosen.unread_bound(high_name),
            low_example=_example([part.high for part, _ in ranges.counts]),
            high_example=_example([part.low for part, _ in reversed(ranges.counts)]),
            hidden=chosen.hidden(low_name, high_name),
        )

    def _attribute_group(self, attribute: FacetAttribute, counts: Any) -> FacetGroup | None:
        title, name = attribute.names.get(self.language, attribute.code), f"a_{attribute.code}"
        if isinstance(counts, NumberRanges):
            if counts.values:
                by_value = [(write_number(value), count) for value, count in counts.values]
                return self._value_group(name, title, by_value, str, unit=attribute.unit, kind="numbers")
            low_name, high_name = f"min_{attribute.code}", f"max_{attribute.code}"
            return self._range_group("range", name, title, counts, low_name, high_name, attribute.unit)
        return self._value_group(name, title, counts, lambda value: self._attribute_label(attribute, value))

    def _attribute_label(self, attribute: FacetAttribute, value: str) -> str:
        if attribute.is_option:
            return self.directory.options.get(value, {}).get(self.language, "")
        if attribute.type == "boolean":
            return _("Yes") if value == "true" else _("No")
        return value

    # Categories -----------------------------------------------------------------------------
    def _category_in_view(self) -> CategoryNode | None:
        chosen = self.selection.get("category")
        return self.directory.categories.get(int(chosen)) if chosen else self.category

    def _category_url(self, node: CategoryNode | None) -> str:
        if self.category is None:
            return self._url(self.selection.with_one("category", None if node is None else str(node.pk)))
        # Other pages have other classes of product: their attributes would not fit.
        kept = self.selection.without(
            "category", *(n for n, _ in self.selection.pairs if n.startswith(("a_", "m")))
        )
        return link(node.url if node else self.path, kept)

    def _category_facet(self, counts: dict[str, int]) -> CategoryFacet:
        node = self._category_in_view()
        way = node.with_ancestors() if node else []
        below = self._with_results(node.children if node else self.directory.roots, counts)
        while node is None and len(below) == 1 and below[0].children:
            # A branch that everything is in says nothing by itself: its own branches do.
            way.append(below[0])
            below = self._with_results(below[0].children, counts)
        return CategoryFacet(
            above=[self._category_value(each, counts) for each in (way[:-1] if node else way)],
            current=self._category_value(node, counts, selected=True) if node else None,
            below=[self._category_value(child, counts) for child in below],
        )

    def _with_results(self, nodes: Iterable[CategoryNode], counts: dict[str, int]) -> list[CategoryNode]:
        return [node for node in nodes if node.is_public and counts.get(str(node.pk))]

    def _category_value(
        self, node: CategoryNode, counts: dict[str, int], *, selected: bool = False
    ) -> FacetValue:
        # A category's own page knows nothing of what is outside it.
        above_page = (
            self.category is not None
            and node.pk != self.category.pk
            and node in self.category.with_ancestors()
        )
        count = None if above_page else counts.get(str(node.pk), 0)
        return FacetValue(node.name(self.language), count, self._category_url(node), selected)

    def _within_view(self) -> Within | None:
        node, vendors = self._category_in_view(), self.selection.all("vendor")
        kept = [pair for pair in self.selection.pairs if pair[0] in {"category", "vendor", "sort", "size"}]
        if node is not None:
            return Within(node.name(self.language), self.path, kept)
        if len(vendors) == 1 and (name := self._vendors.get(vendors[0])):
            return Within(name, self.path, kept)
        return None

    # Chips, orders --------------------------------------------------------------------------
    def _chips(self, attributes: Iterable[FacetAttribute]) -> Iterable[Chip]:
        chosen = self.selection
        if (category := chosen.get("category")) is not None:
            node = self.directory.categories[int(category)]
            yield Chip(
                "value", _("Category"), node.name(self.language), self._url(chosen.without("category"))
            )
        low, high = chosen.number("price_min"), chosen.number("price_max")
        if low is not None or high is not None:
            yield Chip(
                "price", _("Price"), "", self._url(chosen.without("price_min", "price_max")), low, high
            )
        for brand in chosen.all("brand"):
            yield Chip("value", _("Brand"), brand, self._url(chosen.toggled("brand", brand)))
        for vendor in chosen.all("vendor"):
            label = self._vendors.get(vendor, vendor)
            yield Chip("value", _("Seller"), label, self._url(chosen.toggled("vendor", vendor)))
        if chosen.get("in_stock"):
            yield Chip("value", _("Availability"), _("In stock"), self._url(chosen.without("in_stock")))
        steps = (
            ("rating", _("Customer rating")), ("discount", _("Discount")), ("arrived", _("New arrivals")),
        )  # fmt: skip
        for name, title in steps:
            if (step := chosen.number(name)) is not None:
                yield Chip(name, title, "", self._url(chosen.without(name)), low=step)
        for attribute in attributes:
            yield from self._attribute_chips(attribute)

    def _attribute_chips(self, attribute: FacetAttribute) -> Iterable[Chip]:
        chosen, code = self.selection, attribute.code
        title = attribute.names.get(self.language, code)
        for value in chosen.all(f"a_{code}"):
            label = value if attribute.is_number else self._attribute_label(attribute, value) or value
            yield Chip(
                "value", title, label, self._url(chosen.toggled(f"a_{code}", value)), unit=attribute.unit
            )
        low, high = chosen.number(f"min_{code}"), chosen.number(f"max_{code}")
        if low is not None or high is not None:
            url = self._url(chosen.without(f"min_{code}", f"max_{code}"))
            yield Chip("range", title, "", url, low, high, attribute.unit)

    def _orders(self) -> list[Option]:
        labels = {
            "relevance": _("Best match") if self.selection.text else _("Featured"),
            "price": _("Price: low to high"),
            "-price": _("Price: high to low"),
            "newest": _("Newest"),
            "rating": _("Customer rating"),
            "discount": _("Biggest discount"),
            "best_selling": _("Best selling"),
        }
        return [
            Option(
                labels[order],
                self._url(self.selection.with_one("sort", None if order == ORDERS[0] else order)),
                order == self.selection.order,
                order,
            )
            for order in ORDERS
        ]


def _example(ends: Iterable[float | None]) -> str:
    return next((format_number(int(end)) for end in ends if end and end == int(end)), "")


def _within(found: SearchQuerySet, name: str, low: float | None, high: float | None) -> SearchQuerySet:
    return found if low is None and high is None else found.narrow(SQ(**{f"{name}__range": [low, high]}))
