"""The catalogue in Django's admin, in three languages; what is changed here reaches the search."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TabbedTranslationAdmin, TranslationTabularInline
from oscar.apps.catalogue import admin as oscar_admin
from treebeard.admin import TreeAdmin
from treebeard.forms import movenodeform_factory

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
from marketplace.outbox.services import enqueue

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


@admin.register(Product)
class ProductAdmin(TabbedTranslationAdmin):
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        enqueue(topic="search.products", payload={"ids": [form.instance.pk]})

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        pk = obj.pk
        super().delete_model(request, obj)
        enqueue(topic="search.products", payload={"ids": [pk]})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        enqueue(topic="search.products", payload={"ids": ids})


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin[Brand]):
    list_display = ("name", "slug", "products_count")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).annotate(products_number=Count("products"))

    @admin.display(description=_("products"), ordering="products_number")
    def products_count(self, brand: Any) -> int:
        return int(brand.products_number)


@admin.register(Category)
class CategoryAdmin(TabbedTranslationAdmin, TreeAdmin):
    form = movenodeform_factory(Category)
    list_display = ("name", "slug", "is_public")
    list_filter = ("is_public",)
    search_fields = ("name", "slug")


class ProductAttributeInline(TranslationTabularInline):
    model = ProductAttribute
    extra = 0
    fields = ("name", "code", "type", "unit", "is_facet", "position", "option_group")
    autocomplete_fields = ("option_group",)


@admin.register(ProductClass)
class ProductClassAdmin(TabbedTranslationAdmin):
    list_display = ("name", "slug", "requires_shipping", "track_stock")
    search_fields = ("name", "slug")
    inlines = (ProductAttributeInline,)


@admin.register(ProductAttribute)
class ProductAttributeAdmin(TabbedTranslationAdmin):
    list_display = ("name", "code", "product_class", "type", "unit", "is_facet", "position")
    list_filter = ("product_class", "is_facet", "type")
    list_select_related = ("product_class",)
    search_fields = ("name", "code")
    autocomplete_fields = ("product_class", "option_group")


class AttributeOptionInline(TranslationTabularInline):
    model = AttributeOption
    extra = 0


@admin.register(AttributeOptionGroup)
class AttributeOptionGroupAdmin(admin.ModelAdmin[AttributeOptionGroup]):
    list_display = ("name", "code")
    search_fields = ("name", "code")
    inlines = (AttributeOptionInline,)


@admin.register(AttributeOption)
class AttributeOptionAdmin(TabbedTranslationAdmin):
    list_display = ("option", "group")
    list_filter = ("group",)
    list_select_related = ("group",)
    search_fields = ("option", "code")
    autocomplete_fields = ("group",)


@admin.register(ProductImage)
class ProductImageAdmin(admin.ModelAdmin[ProductImage]):
    list_display = ("product", "caption", "display_order")
    list_select_related = ("product",)
    search_fields = ("caption", "product__upc", "product__title")
    autocomplete_fields = ("product",)
    show_full_result_count = False
