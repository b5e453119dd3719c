"""Django's own settings."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF

from marketplace.embedded import database_url
from marketplace.env import BASE_DIR, current

_env = current()

VAR_DIR: Path = _env.var_dir
NUQTA_MODE = _env.mode
#: Demo conveniences (the phone's messages shown on a page, demo accounts) exist in this mode alone.
NUQTA_DEMO = _env.mode in {"demo", "test"}

DEBUG = False
SECRET_KEY = _env.secret_key
ALLOWED_HOSTS = list(_env.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(_env.csrf_trusted_origins)
SITE_ID = 1
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
ASGI_APPLICATION = "marketplace.asgi.application"
AUTH_USER_MODEL = "users.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Database ---------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **environ.Env.db_url_config(database_url()),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # READ COMMITTED with explicit locks: see docs/architecture.md.
        "ATOMIC_REQUESTS": False,
    }
}

# Cache and background work ----------------------------------------------------------------
if _env.redis_url:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _env.redis_url}
    }
    CELERY_BROKER_URL = _env.redis_url
    CELERY_TASK_ALWAYS_EAGER = False
    OUTBOX_DRAINED_BY = "celery"
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "nuqta_cache"}
    }
    CELERY_TASK_ALWAYS_EAGER = True
    #: A thread of each served process; see marketplace.outbox.background.
    OUTBOX_DRAINED_BY = "thread"
CELERY_TASK_EAGER_PROPAGATES = False
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "Asia/Baghdad"
CELERY_BEAT_SCHEDULE = {
    # After each commit it is drained at once; this is for what has to be tried again.
    "drain-outbox": {"task": "marketplace.outbox.tasks.drain_outbox", "schedule": 30.0},
    "forget-done-messages": {"task": "marketplace.outbox.tasks.forget_done_messages", "schedule": 3600.0},
    "expire-promotional-points": {
        "task": "points_payment.tasks.expire_promotional_points",
        "schedule": 3600.0,
    },
    "close-deliveries": {"task": "forked_apps.order.tasks.close_deliveries", "schedule": 3600.0},
    "look-after-offers": {"task": "forked_apps.partner.tasks.look_after_offers", "schedule": 300.0},
    "grade-vendors": {"task": "forked_apps.order.tasks.grade_vendors", "schedule": 900.0},
    "expire-cards": {"task": "points_payment.tasks.expire_overdue_cards", "schedule": 3600.0},
    "discard-card-exports": {"task": "points_payment.tasks.discard_card_exports", "schedule": 3600.0},
    # Finds nothing to do but once a month, some hours after it began.
    "close-settlement": {"task": "points_payment.tasks.close_settlement", "schedule": 3600.0},
    "review-vendor-debts": {"task": "points_payment.tasks.review_vendor_debts", "schedule": 3600.0},
    # What came since the last checkpoint every hour; everything, and the day's checkpoint, at night.
    "prove-and-seal-the-books": {"task": "points_payment.tasks.prove_and_seal", "schedule": 3600.0},
    "prove-all-books": {
        "task": "points_payment.tasks.prove_whole_and_checkpoint",
        "schedule": crontab(hour=3, minute=20),
    },
    "forget-old-searches": {
        "task": "search.tasks.forget_old_searches",
        "schedule": crontab(hour=4, minute=5),
    },
    "mend-search-index": {"task": "search.tasks.mend_search_index", "schedule": crontab(hour=4, minute=20)},
}

# Requests ---------------------------------------------------------------------------------
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "marketplace.users.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.users.middleware.RateLimitMiddleware",
    "marketplace.roles.middleware.BackOfficeGateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "forked_apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oscar.core.context_processors.metadata",
                "marketplace.home.context_processors.shop",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _env.https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = _env.https
SECURE_HSTS_SECONDS = 31_536_000 if _env.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _env.https
SECURE_HSTS_PRELOAD = _env.https
SECURE_REFERRER_POLICY = "same-origin"
if _env.trusted_proxy_count:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    # Oscar's dashboard and Django's admin are for staff and carry inline code of their own.
    "EXCLUDE_URL_PREFIXES": ("/dashboard/",),
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("first_name", "last_name", "email", "phone")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Languages --------------------------------------------------------------------------------
LANGUAGE_CODE = "ar"
#: Written in their own script: who looks for a language reads that one.
LANGUAGES = [("ar", "العربية"), ("ckb", "کوردی"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Baghdad"

# Files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
#: Front-end packages as npm brought them, laid out by `manage.py fetch_assets`.
VENDOR_ASSETS_DIR = VAR_DIR / "assets"
STATICFILES_DIRS = [BASE_DIR / "marketplace" / "static", VENDOR_ASSETS_DIR]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(urlsplit(_env.storage_url).path)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    #: Encrypted files with card codes, until they are released; nothing serves them.
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": VAR_DIR / "exports",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    #: Photos of returns and disputes: never served by address, a view checks who asks.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "private", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
THUMBNAIL_FORMAT = "WEBP"
THUMBNAIL_QUALITY = 80
THUMBNAIL_PRESERVE_FORMAT = False

# Mail and messages ------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = _env.default_from_email
globals().update(environ.Env.email_url_config(_env.email_url))
SMS_GATEWAY = _env.sms_gateway

# Logs: no personal data, no secrets; requests are the web server's to log ------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"nuqta": {"level": "INFO"}},
}
