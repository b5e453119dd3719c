"""Settings of Oscar, its API, Haystack, allauth and guardian."""

from django.utils.translation import gettext_lazy as _
from oscar.defaults import *  # noqa: F403

from marketplace.env import current

_env = current()

# Oscar ------------------------------------------------------------------------------------
OSCAR_SHOP_NAME = "Nuqta"
OSCAR_SHOP_TAGLINE = ""
OSCAR_HOMEPAGE = "/"
#: The points themselves: 1 point = 1 Iraqi dinar. Oscar wants an ISO-like code of its own.
OSCAR_DEFAULT_CURRENCY = "IQD"
OSCAR_REQUIRED_ADDRESS_FIELDS = ("first_name", "line1", "line4", "state", "phone_number", "country")
OSCAR_ALLOW_ANON_CHECKOUT = False
OSCAR_ALLOW_ANON_REVIEWS = False
OSCAR_MODERATE_REVIEWS = False
OSCAR_SEND_REGISTRATION_EMAIL = False
OSCAR_EAGER_ALERTS = False
OSCAR_MAX_BASKET_QUANTITY_THRESHOLD = 500
OSCAR_PRODUCTS_PER_PAGE = 24
OSCAR_BASKET_COOKIE_SECURE = _env.https
OSCAR_RECENTLY_VIEWED_COOKIE_SECURE = _env.https
OSCAR_SLUG_ALLOW_UNICODE = False
#: Originals are shared by products and kept: Oscar would delete them with their thumbnails.
OSCAR_DELETE_IMAGE_FILES = False
OSCAR_IMAGE_FOLDER = "products/"
OSCAR_MISSING_IMAGE_URL = "products/missing.png"
OSCAR_FROM_EMAIL = _env.default_from_email
OSCAR_ACCOUNTS_REDIRECT_URL = "customer:profile-view"

# Haystack ---------------------------------------------------------------------------------
HAYSTACK_CONNECTIONS = {
    "default": {
        "ENGINE": "haystack.backends.simple_backend.SimpleEngine",
        "URL": _env.search_url,
        "PATH": _env.search_url.removeprefix("tantivy://"),
        "INCLUDE_SPELLING": False,
    }
}

# Points -----------------------------------------------------------------------------------
#: Keys of the card codes' HMAC; see points_payment.
CARD_KEYS = _env.card_keys

# Sign-in ----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
ACCOUNT_ADAPTER = "marketplace.notifications.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"phone", "email"}
SILENCED_SYSTEM_CHECKS = ["account.W001"]
ACCOUNT_SIGNUP_FIELDS = ["phone", "email", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = False
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _env.https else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = _env.trusted_proxy_count
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# API --------------------------------------------------------------------------------------
OSCARAPI_BLOCK_ADMIN_API_ACCESS = True
OSCARAPI_OVERRIDE_MODULES = ["forked_apps.api"]
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 24,
}

# Content languages ------------------------------------------------------------------------
MODELTRANSLATION_LANGUAGES = ("ar", "ckb", "en")
MODELTRANSLATION_DEFAULT_LANGUAGE = "ar"
MODELTRANSLATION_FALLBACK_LANGUAGES = {"default": ("ar", "en", "ckb"), "ckb": ("ckb", "ar", "en"), "en": ("en", "ar")}

LANGUAGE_NAMES = {"ar": _("Arabic"), "ckb": _("Kurdish"), "en": _("English")}
