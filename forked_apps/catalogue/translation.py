"""Content in Arabic, Kurdish and English; a missing language falls back."""

from modeltranslation.translator import TranslationOptions, register

from forked_apps.catalogue.models import AttributeOption, Category, Product, ProductAttribute, ProductClass


@register(Product)
class ProductTranslation(TranslationOptions):
    fields = ("title", "description")


@register(Category)
class CategoryTranslation(TranslationOptions):
    fields = ("name", "description")


@register(ProductClass)
class ProductClassTranslation(TranslationOptions):
    fields = ("name",)


@register(ProductAttribute)
class ProductAttributeTranslation(TranslationOptions):
    fields = ("name",)


@register(AttributeOption)
class AttributeOptionTranslation(TranslationOptions):
    fields = ("option",)
