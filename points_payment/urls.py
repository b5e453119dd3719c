"""Pages under ``/wallet/``."""

from django.urls import path

from points_payment import views

app_name = "wallet"

urlpatterns = [
    path("", views.statement, name="statement"),
    path("redeem/", views.redeem, name="redeem"),
]
