"""The catalogue in Django's admin, in three languages; what is changed here reaches the search."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.forms import MediaDefiningClass
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TabbedTranslationAdmin, TranslationTabularInline
from oscar.apps.catalogue import admin as oscar_admin
from treebeard.admin import TreeAdmin
from treebeard.forms import movenodeform_factory

from forked_apps.catalogue.indexing import enqueue_products
from forked_apps.catalogue.models import (
    AttributeOption,
    AttributeOptionGroup,
    Brand,
    Category,
    Product,
    ProductAttribute,
    ProductAttributeValue,
    ProductCategory,
    ProductClass,
    ProductImage,
)

for _model in (
    Product, ProductAttribute, ProductAttributeValue, AttributeOptionGroup, Category, ProductClass,
    ProductCategory, ProductImage,
):  # fmt: skip
    admin.site.unregister(_model)


class ImageInline(admin.TabularInline[ProductImage, Product]):
    model = ProductImage
    extra = 0


class CategoryInline(oscar_admin.CategoryInline):
    extra = 0


class AttributeValueInline(admin.TabularInline[ProductAttributeValue, Product]):
    model = ProductAttributeValue
    extra = 0
    fields = ("attribute", "value_text", "value_integer", "value_float", "value_boolean", "value_option")
    autocomplete_fields = ("attribute", "value_option")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductAttributeValue]:
        return super().get_queryset(request).select_related("attribute", "value_option")


class _AbstractAdmin(ABCMeta, MediaDefiningClass):
    """Of admins that leave something to be said: who forgets it is told when the admin is set up."""


class ReachesSearch(admin.ModelAdmin[Any], metaclass=_AbstractAdmin):
    """Whatever is added, changed or deleted here reaches the documents of all products that tell of it."""

    @abstractmethod
    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """Ids of the products whose documents say something of these rows."""

    def _ids_of(self, rows: QuerySet[Any]) -> list[int]:
        return [pk for (pk,) in self.products_of(rows).order_by().distinct() if pk is not None]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        enqueue_products(self._ids_of(self.model._default_manager.filter(pk=form.instance.pk)))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        ids = self._ids_of(self.model._default_manager.filter(pk=obj.pk))
        super().delete_model(request, obj)
        enqueue_products(ids)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ids = self._ids_of(queryset)
        super().delete_queryset(request, queryset)
        enqueue_products(ids)


@admin.register(Product)
class ProductAdmin(ReachesSearch, TabbedTranslationAdmin):
    list_display = ("title", "upc", "brand", "product_class", "kind", "is_public", "rating", "date_updated")
    list_filter = ("is_public", "product_class", "brand", "structure")
    list_select_related = ("brand", "product_class")
    search_fields = ("upc", "title", "brand__name")
    autocomplete_fields = ("brand", "product_class", "parent")
    readonly_fields = ("rating", "date_created", "date_updated")
    exclude = ("product_options", "meta_title", "meta_description")
    inlines = (CategoryInline, AttributeValueInline, ImageInline)
    list_per_page = 50
    show_full_result_count = False

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return rows.values_list("pk")


@admin.register(Brand)
class BrandAdmin(ReachesSearch):
    list_display = ("name", "slug", "products_count")
    search_fields = ("name",)

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return Product.objects.filter(brand__in=rows.values("pk")).values_list("pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).annotate(products_number=Count("products"))

    @admin.display(description=_("products"), ordering="products_number")
    def products_count(self, brand: Any) -> int:
        return int(brand.products_number)


@admin.register(Category)
class CategoryAdmin(ReachesSearch, TabbedTranslationAdmin, TreeAdmin):
    form = movenodeform_factory(Category)
    list_display = ("name", "slug", "is_public")
    list_filter = ("is_public",)
    search_fields = ("name", "slug")

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """Of the categories and of all below them, which are found by their names and counted in them."""
        branches = Q(pk__in=[])
        for path in rows.values_list("path", flat=True):
            branches |= Q(category__path__startswith=path)
        return ProductCategory.objects.filter(branches).values_list("product_id")

    def move_node(self, request: HttpRequest) -> HttpResponse:
        """Dragged to another place in the tree."""
        response: HttpResponse = super().move_node(request)
        if response.status_code == HTTPStatus.OK:
            enqueue_products(self._ids_of(Category.objects.filter(pk=request.POST["node"])))
        return response


class ProductAttributeInline(TranslationTabularInline):
    model = ProductAttribute
    extra = 0
    fields = ("name", "code", "type", "unit", "is_facet", "position", "option_group")
    autocomplete_fields = ("option_group",)


@admin.register(ProductClass)
class ProductClassAdmin(ReachesSearch, TabbedTranslationAdmin):
    list_display = ("name", "slug", "requires_shipping", "track_stock")
    search_fields = ("name", "slug")
    inlines = (ProductAttributeInline,)

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return Product.objects.filter(product_class__in=rows.values("pk")).values_list("pk")


@admin.register(ProductAttribute)
class ProductAttributeAdmin(ReachesSearch, TabbedTranslationAdmin):
    list_display = ("name", "code", "product_class", "type", "unit", "is_facet", "position")
    list_filter = ("product_class", "is_facet", "type")
    list_select_related = ("product_class",)
    search_fields = ("name", "code")
    autocomplete_fields = ("product_class", "option_group")

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return _products_with_values(attribute__in=rows.values("pk"))


def _products_with_values(*conditions: Q, **lookups: Any) -> QuerySet[Any, Any]:
    return ProductAttributeValue.objects.filter(*conditions, **lookups).values_list("product_id")


class AttributeOptionInline(TranslationTabularInline):
    model = AttributeOption
    extra = 0


@admin.register(AttributeOptionGroup)
class AttributeOptionGroupAdmin(ReachesSearch):
    list_display = ("name", "code")
    search_fields = ("name", "code")
    inlines = (AttributeOptionInline,)

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return _products_with_values(attribute__option_group__in=rows.values("pk"))


@admin.register(AttributeOption)
class AttributeOptionAdmin(ReachesSearch, TabbedTranslationAdmin):
    list_display = ("option", "group")
    list_filter = ("group",)
    list_select_related = ("group",)
    search_fields = ("option", "code")
    autocomplete_fields = ("group",)

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        options = rows.values("pk")
        return _products_with_values(Q(value_option__in=options) | Q(value_multi_option__in=options))


@admin.register(ProductImage)
class ProductImageAdmin(ReachesSearch):
    list_display = ("product", "caption", "display_order")
    list_select_related = ("product",)
    search_fields = ("caption", "product__upc", "product__title")
    autocomplete_fields = ("product",)
    show_full_result_count = False

    def products_of(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        return rows.values_list("product_id")
