"""Before Oscar's customer pages, whose names (``customer:order-list``, ``customer:order``) lead here."""

from django.urls import path

from forked_apps.order import views

app_name = "orders"
urlpatterns = [
    path("", views.order_list, name="list"),
    path("<str:order_number>/", views.order_page, name="detail"),
    path("<str:order_number>/parts/<str:number>/cancel/", views.cancel_part, name="cancel-part"),
]
