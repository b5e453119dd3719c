from __future__ import annotations

from typing import Any

from django.urls import path
from oscar.apps.basket import apps


class BasketConfig(apps.BasketConfig):
    name = "forked_apps.basket"

    def ready(self) -> None:
        _silence_analytics()

    def get_urls(self) -> list[Any]:
        from forked_apps.basket import views

        return self.post_process_urls(
            [
                path("", views.basket_page, name="summary"),
                path("add/<int:pk>/", views.add_to_basket, name="add"),
                path("lines/<int:line_id>/", views.change_line_quantity, name="line-update"),
                path("lines/<int:line_id>/remove/", views.remove_basket_line, name="line-remove"),
                path("lines/<int:line_id>/accept/", views.accept_basket_line, name="line-accept"),
                path("lines/<int:line_id>/swap/", views.swap_basket_line, name="line-swap"),
                path("codes/", views.use_code, name="code-use"),
                path("codes/<int:pk>/remove/", views.drop_code, name="code-drop"),
                path("accept-changes/", views.accept_basket_changes, name="accept-changes"),
            ]
        )


def _silence_analytics() -> None:
    """Oscar's counters write on every view, search and addition, and break the transaction of the
    second of two first additions (an IntegrityError caught without a savepoint). Nothing here reads them."""
    from oscar.apps.analytics import receivers
    from oscar.apps.basket.signals import basket_addition
    from oscar.apps.catalogue.signals import product_viewed
    from oscar.apps.order.signals import order_placed
    from oscar.apps.search.signals import user_search

    basket_addition.disconnect(receivers.receive_basket_addition)
    product_viewed.disconnect(receivers.receive_product_view)
    order_placed.disconnect(receivers.receive_order_placed)
    user_search.disconnect(receivers.receive_product_search)
