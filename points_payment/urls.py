"""Pages under ``/wallet/``."""

from django.urls import path

from points_payment import statement_views, views

app_name = "wallet"

urlpatterns = [
    path("", statement_views.statement, name="statement"),
    path("statement.csv", statement_views.statement_csv, name="statement-csv"),
    path("statement.pdf", statement_views.statement_pdf, name="statement-pdf"),
    path("movements/<int:entry_id>/", statement_views.movement, name="movement"),
    path("redeem/", views.redeem, name="redeem"),
]
