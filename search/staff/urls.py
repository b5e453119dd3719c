"""Pages under ``/staff/search/``."""

from django.urls import path

from search.staff import views

app_name = "search_staff"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("query/", views.query, name="query"),
    path("preview/", views.preview, name="preview"),
    path("synonyms/", views.synonyms, name="synonyms"),
    path("synonyms/new/", views.new_synonym, name="synonym-new"),
    path("synonyms/preview/", views.preview_synonym, name="synonym-preview"),
    path("synonyms/<int:pk>/", views.synonym, name="synonym"),
    path("synonyms/<int:pk>/delete/", views.delete_synonym, name="synonym-delete"),
    path("rules/", views.rules, name="rules"),
    path("rules/new/", views.new_rule, name="rule-new"),
    path("rules/preview/", views.preview_rule, name="rule-preview"),
    path("rules/<int:pk>/", views.rule, name="rule"),
    path("rules/<int:pk>/delete/", views.delete_rule, name="rule-delete"),
]
