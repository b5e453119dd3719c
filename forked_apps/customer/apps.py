from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import path
from oscar.apps.customer import apps
from oscar.core.loading import get_class


class CustomerConfig(apps.CustomerConfig):
    """The account's pages. Signing in and passwords are allauth's; Oscar's own views for them are gone."""

    name = "forked_apps.customer"

    def ready(self) -> None:
        super().ready()
        from forked_apps.customer import addresses, views
        from forked_apps.customer.caller_questions import GOVERNORATE
        from points_payment.caller_questions import register_caller_question

        register_caller_question(GOVERNORATE)
        self.summary_view = views.AccountHomeView
        self.profile_view = views.ProfileView
        self.addresses = addresses
        self.views = views
        self.order_history_view = get_class("customer.views", "OrderHistoryView")
        self.order_detail_view = get_class("customer.views", "OrderDetailView")

    def get_urls(self) -> list[Any]:
        views, addresses = self.views, self.addresses
        urls = [
            path("", login_required(self.summary_view.as_view()), name="summary"),
            # Links of Oscar's pages lead on to allauth's.
            path("login/", views.to_allauth("account_login"), name="login"),
            path("register/", views.to_allauth("account_signup"), name="register"),
            path("logout/", views.to_allauth("account_logout"), name="logout"),
            path("change-password/", views.to_allauth("account_change_password"), name="change-password"),
            path("profile/", login_required(self.profile_view.as_view()), name="profile-view"),
            path("orders/", login_required(self.order_history_view.as_view()), name="order-list"),
            path(
                "orders/<str:order_number>/", login_required(self.order_detail_view.as_view()), name="order"
            ),
            path("addresses/", login_required(addresses.AddressListView.as_view()), name="address-list"),
            path(
                "addresses/add/", login_required(addresses.AddressCreateView.as_view()), name="address-create"
            ),
            path(
                "addresses/<int:pk>/",
                login_required(addresses.AddressUpdateView.as_view()),
                name="address-detail",
            ),
            path(
                "addresses/<int:pk>/delete/",
                login_required(addresses.AddressDeleteView.as_view()),
                name="address-delete",
            ),
            path("addresses/<int:pk>/default/", addresses.make_default, name="address-make-default"),
        ]
        return self.post_process_urls(urls)
