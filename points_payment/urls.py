"""Pages under ``/wallet/``."""

from django.urls import path

from points_payment import redeeming, topup_views, views

app_name = "wallet"

urlpatterns = [
    path("", views.statement, name="statement"),
    path("redeem/", redeeming.redeem, name="redeem"),
    path("top-ups/", topup_views.requests, name="top-ups"),
    path("top-ups/new/", topup_views.ask, name="top-up-ask"),
    path("top-ups/<int:pk>/withdraw/", topup_views.withdraw, name="top-up-withdraw"),
]
