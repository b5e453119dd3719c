"""Pages under ``/staff/`` of who issues cards, adds points and watches over the books."""

from django.urls import path

from points_payment.staff import adjustments, cards, goodwill, ledger, topups, wallets

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
    path("goodwill/", goodwill.desk, name="goodwill"),
    path("goodwill/check/", goodwill.check, name="goodwill-check"),
    path("goodwill/give/", goodwill.give, name="goodwill-give"),
    path("adjustments/", adjustments.adjustments, name="adjustments"),
    path("adjustments/new/", adjustments.new, name="adjustment-new"),
    path("adjustments/propose/", adjustments.propose, name="adjustment-propose"),
    path("adjustments/<int:pk>/approve/", adjustments.approve, name="adjustment-approve"),
    path("adjustments/<int:pk>/refuse/", adjustments.refuse, name="adjustment-refuse"),
    path("adjustments/<int:pk>/withdraw/", adjustments.withdraw, name="adjustment-withdraw"),
    path("wallets/<int:customer_pk>/", wallets.wallet, name="wallet"),
    path("ledger/", ledger.overview, name="ledger"),
    path("ledger/accounts/", ledger.accounts, name="accounts"),
    path("ledger/prove/", ledger.run_proof, name="prove"),
]
