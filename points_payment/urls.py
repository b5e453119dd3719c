"""Pages under ``/wallet/``."""

from django.urls import path

from points_payment import redeeming, statement_views, topup_views

app_name = "wallet"

urlpatterns = [
    path("redeem/", redeeming.redeem, name="redeem"),
    path("top-ups/", topup_views.requests, name="top-ups"),
    path("top-ups/new/", topup_views.ask, name="top-up-ask"),
    path("top-ups/<int:pk>/withdraw/", topup_views.withdraw, name="top-up-withdraw"),
    path("", statement_views.statement, name="statement"),
    path("statement.csv", statement_views.statement_csv, name="statement-csv"),
    path("statement.pdf", statement_views.statement_pdf, name="statement-pdf"),
    path("movements/<int:entry_id>/", statement_views.movement, name="movement"),
]
