"""Pages under ``/staff/`` of who issues cards, adds points and watches over the books."""

from django.urls import path

from points_payment.staff import cards, ledger, production, topups

app_name = "points_staff"

urlpatterns = [
    path("cards/", cards.batches, name="batches"),
    path("cards/new/", cards.draft, name="draft"),
    path("cards/find/", cards.find_card, name="find-card"),
    path("cards/<int:pk>/", cards.batch, name="batch"),
    path("cards/<int:pk>/approve/", cards.approve, name="approve"),
    path("cards/<int:pk>/codes/", production.start, name="codes"),
    path("cards/<int:pk>/production/", production.progress, name="production"),
    path("cards/<int:pk>/release/", production.release, name="release"),
    path("cards/printers/", production.printers, name="printers"),
    path("cards/printers/new/", production.printer_add, name="printer-add"),
    path("cards/printers/<int:printer_pk>/confirm/", production.printer_confirm, name="printer-confirm"),
    path("cards/printers/<int:printer_pk>/retire/", production.printer_retire, name="printer-retire"),
    path("cards/<int:pk>/activate/", cards.activate, name="activate"),
    path("cards/<int:pk>/freeze/", cards.freeze, name="freeze"),
    path("cards/<int:pk>/unfreeze/", cards.unfreeze, name="unfreeze"),
    path("cards/<int:pk>/void/", cards.void, name="void"),
    path("top-up/", topups.desk, name="top-up"),
    path("top-up/check/", topups.check, name="top-up-check"),
    path("top-up/add/", topups.add, name="top-up-add"),
    path("ledger/", ledger.overview, name="ledger"),
    path("ledger/accounts/", ledger.accounts, name="accounts"),
    path("ledger/prove/", ledger.run_proof, name="prove"),
]
