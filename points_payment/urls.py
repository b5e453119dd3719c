"""Pages under ``/wallet/``."""

from django.urls import path

from points_payment import redeeming, views

app_name = "wallet"

urlpatterns = [
    path("", views.statement, name="statement"),
    path("redeem/", redeeming.redeem, name="redeem"),
]
