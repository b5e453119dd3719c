import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

application = get_wsgi_application()

from marketplace.outbox import background  # noqa: E402 - models need the applications above

# Each served process drains the outbox; without a fork after it, so gunicorn must not preload.
background.start()
