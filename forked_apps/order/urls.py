"""Before Oscar's customer pages, whose names (``customer:order-list``, ``customer:order``) lead here."""

from django.urls import path

from forked_apps.order import dispute_views, invoice_views, return_views, views

app_name = "orders"
urlpatterns = [
    path("", views.order_list, name="list"),
    # No order's number is a word.
    path("problems/", dispute_views.problem_list, name="problems"),
    path("<str:order_number>/", views.order_page, name="detail"),
    path("<str:order_number>/parts/<str:number>/cancel/", views.cancel_part, name="cancel-part"),
    path("<str:order_number>/parts/<str:number>/return/", return_views.new_return, name="return-new"),
    path("<str:order_number>/invoices/<str:number>/<str:language>/", invoice_views.invoice, name="invoice"),
    path("<str:order_number>/returns/<str:number>/", return_views.return_page, name="return"),
    path("<str:order_number>/returns/<str:number>/withdraw/", return_views.withdraw, name="return-withdraw"),
    path("<str:order_number>/returns/<str:number>/sent/", return_views.sent, name="return-sent"),
    path("<str:order_number>/returns/<str:number>/message/", return_views.message, name="return-message"),
    path("<str:order_number>/returns/<str:number>/photos/<int:pk>/", return_views.photo, name="return-photo"),
    path("<str:order_number>/parts/<str:number>/problem/", dispute_views.new_problem, name="problem-new"),
    path("<str:order_number>/problems/<str:number>/", dispute_views.problem, name="problem"),
    *(
        path(f"<str:order_number>/problems/<str:number>/{step}/", view, name=f"problem-{step}")
        for step, view in (
            ("message", dispute_views.message),
            ("accept", dispute_views.accept),
            ("arrived", dispute_views.arrived),
            ("escalate", dispute_views.escalate),
            ("appeal", dispute_views.appeal),
            ("withdraw", dispute_views.withdraw),
        )
    ),
    path(
        "<str:order_number>/problems/<str:number>/photos/<int:pk>/", dispute_views.photo, name="problem-photo"
    ),
]
