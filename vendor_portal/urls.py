"""Pages under ``/portal/``."""

from django.urls import path

from vendor_portal.views import health, holiday, home, offers, orders, returns, settings, team

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
    path("<slug:code>/shipping/", settings.shipping, name="shipping"),
    path("<slug:code>/health/", health.health, name="health"),
    path("<slug:code>/holiday/", holiday.holiday, name="holiday"),
    path("<slug:code>/holiday/end/", holiday.end, name="holiday-end"),
    path("<slug:code>/details/", settings.details, name="details"),
]
