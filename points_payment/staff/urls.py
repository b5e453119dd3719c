"""Pages under ``/staff/`` of who issues cards, adds points and watches over the books."""

from django.urls import path

from points_payment.staff import cards, ledger, proof, topups

app_name = "points_staff"

urlpatterns = [
    path("cards/", cards.batches, name="batches"),
    path("cards/new/", cards.draft, name="draft"),
    path("cards/find/", cards.find_card, name="find-card"),
    path("cards/<int:pk>/", cards.batch, name="batch"),
    path("cards/<int:pk>/approve/", cards.approve, name="approve"),
    path("cards/<int:pk>/codes/", cards.download_codes, name="codes"),
    path("cards/<int:pk>/activate/", cards.activate, name="activate"),
    path("cards/<int:pk>/freeze/", cards.freeze, name="freeze"),
    path("cards/<int:pk>/unfreeze/", cards.unfreeze, name="unfreeze"),
    path("cards/<int:pk>/void/", cards.void, name="void"),
    path("top-up/", topups.desk, name="top-up"),
    path("top-up/check/", topups.check, name="top-up-check"),
    path("top-up/add/", topups.add, name="top-up-add"),
    path("ledger/", ledger.overview, name="ledger"),
    path("ledger/accounts/", ledger.accounts, name="accounts"),
    path("ledger/proof/", proof.overview, name="proof"),
    path("ledger/proof/ask/", proof.ask, name="proof-ask"),
    path("ledger/proof/runs/<int:run_pk>/", proof.run, name="proof-run"),
    path("ledger/proof/alerts/<int:alert_pk>/acknowledge/", proof.acknowledge, name="proof-acknowledge"),
    path("ledger/proof/alerts/<int:alert_pk>/resolve/", proof.resolve, name="proof-resolve"),
]
