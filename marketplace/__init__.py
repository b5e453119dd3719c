"""The composition root of Nuqta, and what belongs to the platform as a whole."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
