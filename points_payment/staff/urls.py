"""Pages under ``/staff/`` of who issues cards, adds points and watches over the books."""

from django.urls import path

from points_payment.staff import cards, ledger, topups, vouchers

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
    path("ledger/prove/", ledger.run_proof, name="prove"),
    path("vouchers/", vouchers.campaigns, name="vouchers"),
    path("vouchers/new/", vouchers.new, name="voucher-new"),
    path("vouchers/new/check/", vouchers.check, name="voucher-check"),
    path("vouchers/new/create/", vouchers.create, name="voucher-create"),
    path("vouchers/<int:campaign_pk>/", vouchers.campaign, name="voucher-campaign"),
    path("vouchers/<int:campaign_pk>/codes/make/", vouchers.make, name="voucher-make"),
    path("vouchers/<int:campaign_pk>/codes/download/", vouchers.download, name="voucher-download"),
    path("vouchers/<int:campaign_pk>/pause/", vouchers.pause, name="voucher-pause"),
    path("vouchers/<int:campaign_pk>/resume/", vouchers.resume, name="voucher-resume"),
]
