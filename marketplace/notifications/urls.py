from django.urls import path

from marketplace.notifications import views

app_name = "demo_phone"

urlpatterns = [path("phone/", views.phone, name="phone")]
