from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path
from django.views.generic import TemplateView

from marketplace.home import views


def _page(name: str) -> Callable[..., HttpResponseBase]:
    return TemplateView.as_view(template_name=f"marketplace/home/{name}.html")


urlpatterns = [
    path("", views.home, name="home"),
    path("about/", _page("about"), name="about"),
    path("help/", _page("help"), name="help"),
    path("help/points/", _page("help_points"), name="help_points"),
    path("help/delivery/", _page("help_delivery"), name="help_delivery"),
    path("help/returns/", _page("help_returns"), name="help_returns"),
    path("privacy/", _page("privacy"), name="privacy"),
    path("terms/", _page("terms"), name="terms"),
]
