from __future__ import annotations

from typing import Any

from django.urls import path
from oscar.apps.checkout import apps


class CheckoutConfig(apps.CheckoutConfig):
    name = "forked_apps.checkout"

    def ready(self) -> None:
        """Oscar would look its own views up here; none of them is used."""

    def get_urls(self) -> list[Any]:
        from forked_apps.checkout import views

        return self.post_process_urls(
            [
                path("", views.start_checkout, name="index"),
                path("address/", views.address_page, name="shipping-address"),
                path("address/<int:pk>/choose/", views.choose_address, name="address-choose"),
                path("review/", views.review_page, name="preview"),
                path("place/", views.place, name="place"),
                path("thank-you/<str:number>/", views.thank_you_page, name="thank-you"),
            ]
        )
