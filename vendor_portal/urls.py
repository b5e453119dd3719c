"""Pages under ``/portal/``."""

from django.urls import path

from vendor_portal.views import home, money, offers, orders, returns, settings, team

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("invitations/", home.invitations, name="invitations"),
    path("invitations/<int:pk>/accept/", home.accept, name="invitation-accept"),
    path("invitations/<int:pk>/decline/", home.decline, name="invitation-decline"),
    path("<slug:code>/", home.dashboard, name="dashboard"),
    path("<slug:code>/orders/", orders.orders, name="orders"),
    path("<slug:code>/orders/<str:number>/", orders.order, name="orders-detail"),
    path("<slug:code>/orders/<str:number>/accept/", orders.accept, name="orders-accept"),
    path("<slug:code>/orders/<str:number>/pack/", orders.pack, name="orders-pack"),
    path("<slug:code>/orders/<str:number>/ship/", orders.ship, name="orders-ship"),
    path("<slug:code>/orders/<str:number>/delivered/", orders.delivered, name="orders-delivered"),
    path("<slug:code>/orders/<str:number>/hand-over/", orders.hand_over_page, name="orders-hand-over"),
    path("<slug:code>/orders/<str:number>/cancel/", orders.cancel, name="orders-cancel"),
    path("<slug:code>/orders/<str:number>/allowance/", orders.allowance, name="orders-allowance"),
    path("<slug:code>/returns/", returns.returns, name="returns"),
    path("<slug:code>/returns/<str:number>/", returns.asked_return, name="returns-detail"),
    path("<slug:code>/returns/<str:number>/approve/", returns.approve, name="returns-approve"),
    path("<slug:code>/returns/<str:number>/refuse/", returns.refuse, name="returns-refuse"),
    path("<slug:code>/returns/<str:number>/settle/", returns.settle, name="returns-settle"),
    path("<slug:code>/returns/<str:number>/message/", returns.message, name="returns-message"),
    path("<slug:code>/returns/<str:number>/photos/<int:pk>/", returns.photo, name="returns-photo"),
    path("<slug:code>/offers/", offers.offers, name="offers"),
    path("<slug:code>/offers/add/", offers.find_product, name="offers-find"),
    path("<slug:code>/offers/add/<int:product_pk>/", offers.add, name="offers-add"),
    path("<slug:code>/offers/<int:pk>/", offers.offer, name="offers-edit"),
    path("<slug:code>/team/", team.team, name="team"),
    path("<slug:code>/team/invite/", team.invite, name="team-invite"),
    path("<slug:code>/team/invitations/<int:pk>/withdraw/", team.withdraw, name="team-withdraw"),
    path("<slug:code>/team/people/<int:pk>/", team.member, name="team-member"),
    path("<slug:code>/team/people/<int:pk>/remove/", team.remove, name="team-remove"),
    path("<slug:code>/team/roles/new/", team.new_role, name="team-role-new"),
    path("<slug:code>/team/roles/<int:pk>/", team.role, name="team-role"),
    path("<slug:code>/team/roles/<int:pk>/delete/", team.remove_role, name="team-role-delete"),
    path("<slug:code>/money/", settings.money, name="money"),
    path("<slug:code>/money/payouts/", money.payouts, name="money-payouts"),
    path("<slug:code>/money/payouts/ask/", money.ask_for_payout, name="money-payout-ask"),
    path(
        "<slug:code>/money/payouts/<int:pk>/withdraw/", money.withdraw_request, name="money-payout-withdraw"
    ),
    path("<slug:code>/money/payouts/<int:pk>/receipt.pdf", money.receipt, name="money-payout-receipt"),
    path("<slug:code>/money/destinations/", money.destinations, name="money-destinations"),
    path("<slug:code>/money/destinations/add/", money.add_one, name="money-destination-add"),
    path("<slug:code>/money/destinations/<int:pk>/away/", money.retire_one, name="money-destination-retire"),
    path("<slug:code>/money/statements/", money.statements, name="money-statements"),
    path("<slug:code>/money/statements/now.csv", money.open_csv, name="money-now-csv"),
    path("<slug:code>/money/statements/now-in-transit.csv", money.open_transit_csv, name="money-now-transit"),
    path("<slug:code>/money/statements/<int:pk>/", money.statement, name="money-statement"),
    path("<slug:code>/money/statements/<int:pk>/accept/", money.accept, name="money-statement-accept"),
    path("<slug:code>/money/statements/<int:pk>/question/", money.question, name="money-statement-question"),
    path(
        "<slug:code>/money/statements/<int:pk>/statement.pdf",
        money.statement_as_pdf,
        name="money-statement-pdf",
    ),
    path(
        "<slug:code>/money/statements/<int:pk>/movements.csv", money.statement_csv, name="money-statement-csv"
    ),
    path(
        "<slug:code>/money/statements/<int:pk>/in-transit.csv",
        money.transit_csv,
        name="money-statement-transit",
    ),
    path("<slug:code>/shipping/", settings.shipping, name="shipping"),
    path("<slug:code>/details/", settings.details, name="details"),
]
