"""Pages under ``/staff/`` that belong to the platform itself."""

from django.urls import path

from marketplace.roles.staff import views

app_name = "staff"

urlpatterns = [
    path("", views.index, name="index"),
    path("roles/", views.roles, name="roles"),
    path("roles/new/", views.new_role, name="role-new"),
    path("roles/<slug:slug>/", views.role, name="role"),
    path("roles/<slug:slug>/edit/", views.change_role, name="role-edit"),
    path("roles/<slug:slug>/delete/", views.remove_role, name="role-delete"),
    path("roles/<slug:slug>/give/", views.give, name="role-give"),
    path("people/", views.people, name="people"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/give/", views.give_to_person, name="person-give"),
    path("people/<int:pk>/roles/<slug:slug>/take/", views.take_from_person, name="person-take"),
]
