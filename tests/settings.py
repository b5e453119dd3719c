"""The shop's own settings in test mode: only what would make tests slow or depend on set-up differs."""

import os

os.environ["NUQTA_MODE"] = "test"

from marketplace.settings import *  # noqa: F403
from marketplace.settings import STORAGES, VAR_DIR

#: Tests sign in hundreds of times; how hashes are made is Django's to test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests run without collectstatic, so there is no manifest to look names up in.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

# The front-end packages may not have been fetched; a missing directory is a warning, and warnings are errors.
for _directory in (VAR_DIR / "assets", VAR_DIR / "static"):
    _directory.mkdir(parents=True, exist_ok=True)

# Effects after commit wait until a test asks for them: fixture drain_outbox.
OUTBOX_DRAINED_BY = "hand"
