"""Pages under ``/staff/commission/``."""

from django.urls import path

from vendor_portal.staff import commission_views as views

app_name = "commission_staff"

urlpatterns = [
    path("", views.rules, name="rules"),
    path("history/", views.history, name="history"),
    path("new/", views.new, name="new"),
    path("new/save/", views.new_save, name="new-save"),
    path("<int:number>/", views.edit, name="edit"),
    path("<int:number>/save/", views.edit_save, name="edit-save"),
    path("<int:number>/move/", views.move, name="move"),
    path("<int:number>/move/save/", views.move_save, name="move-save"),
    path("<int:number>/retire/", views.retire, name="retire"),
    path("<int:number>/retire/save/", views.retire_save, name="retire-save"),
]
