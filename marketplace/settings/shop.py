"""Settings of Oscar, its API, Haystack, allauth and guardian."""

from django.utils.translation import gettext_lazy as _
from oscar.defaults import *  # noqa: F403

from marketplace.env import current

_env = current()

# Oscar ------------------------------------------------------------------------------------
OSCAR_SHOP_NAME = "Nuqta"
OSCAR_SHOP_TAGLINE = ""
OSCAR_HOMEPAGE = "/"  # type: ignore[assignment]
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

# Offers and stock ------------------------------------------------------------------------
#: Whose delivery charges count in lists, and until somebody says where their goods should go.
DEFAULT_GOVERNORATE = "BG"
#: How pieces are kept for who checks out: see forked_apps.partner.services.holds.HoldTerms.
STOCK_HOLDS = {
    "minutes": 15,
    "longest_minutes": 45,
    "pause_minutes": 15,
    "most_pieces_of_offer": 20,
    "most_pieces": 60,
    "most_offers": 30,
}

# Haystack ---------------------------------------------------------------------------------
HAYSTACK_CONNECTIONS = {
    "default": {
        "ENGINE": "search.engines.tantivy_backend.TantivyEngine"
        if _env.search_url.startswith("tantivy://")
        else "search.engines.opensearch_backend.OpenSearchEngine",
        "URL": _env.search_url,
        "PATH": _env.search_url.removeprefix("tantivy://"),
        "INCLUDE_SPELLING": False,
        "BATCH_SIZE": 500,
        #: How long a writer waits for another one, also in another process.
        "WAIT_SECONDS": 60,
        #: After a release with another schema the first search has the index built, in the background.
        "BUILDS_ITSELF": _env.mode != "test",
    }
}
#: How often each process writes what was searched for; 0: only when told to.
SEARCH_LOG_SECONDS = 0 if _env.mode == "test" else 5
#: Changes are asked for through the outbox (topic ``search.products``), not on every save.
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.BaseSignalProcessor"

# Points -----------------------------------------------------------------------------------
#: Keys of the card codes' HMAC; see points_payment.
CARD_KEYS = _env.card_keys
#: Small batches may be released without a printer's key, to be printed in the house.
CARDS_PRINTED_HERE = _env.cards_printed_here
#: Promotional points that a refund gives back can be spent for so many days at least.
PROMOTIONAL_REFUND_GRACE_DAYS = _env.promotional_refund_grace_days
#: How long each side has when something is wrong with an order: see ``forked_apps.order.dispute_rules``.
DISPUTE_TERMS = {
    #: After delivery (or until the reserve ends, if that is later), to report a problem.
    "window_days": 30,
    "answer_hours": 48,
    "replace_days": 14,
    "lapse_days": 7,
    "evidence_hours": 72,
    "decide_days": 5,
    "appeal_days": 5,
}
#: What an operator of the top-up desk may do, in points, unless a supervisor gave them other limits.
TOP_UP_LIMITS = {
    #: Above it a second person approves.
    "movement_points": 5_000_000,
    "day_points": 50_000_000,
    "customer_day_points": 10_000_000,
    #: Cash that was not handed in yet.
    "float_points": 50_000_000,
}
#: What follows from what a vendor owes after refunds, in points; ``points_payment.services.debts`` reads it.
VENDOR_DEBT = {
    #: From here on no payouts, and the longest reserve.
    "hold_points": 100_000,
    #: From here on its offers are not sold.
    "stop_points": 1_000_000,
}
#: Hours for which nothing is paid to a new destination, however sure somebody is of it.
PAYOUT_DESTINATION_HOURS = 24

# Sign-in ----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
ACCOUNT_ADAPTER = "marketplace.notifications.accounts.AccountAdapter"
MFA_ADAPTER = "marketplace.users.mfa.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"phone", "email"}
#: What allauth's checks want for codes by e-mail. Our form asks for either in one field, and our
#: login stage lets people pass who proved a phone: see marketplace.notifications.stages.
ACCOUNT_SIGNUP_FIELDS = ["phone", "email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_DISPLAY = "marketplace.users.models.display_name"
ACCOUNT_FORMS = {
    "login": "marketplace.users.forms.LoginForm",
    "signup": "marketplace.users.forms.SignUpForm",
    "reset_password": "marketplace.users.forms.PasswordResetForm",
    "reset_password_from_key": "marketplace.users.forms.NewPasswordForm",
    "confirm_password_reset_code": "marketplace.users.forms.ConfirmPasswordResetForm",
    "confirm_email_verification_code": "marketplace.users.forms.ConfirmEmailForm",
    "confirm_login_code": "marketplace.users.forms.ConfirmLoginForm",
    "verify_phone": "marketplace.users.forms.ConfirmPhoneForm",
    "change_phone": "marketplace.users.forms.ChangePhoneForm",
    "add_email": "marketplace.users.forms.AddEmailForm",
    "change_password": "marketplace.users.forms.ChangePasswordForm",
    "set_password": "marketplace.users.forms.SetPasswordForm",
    "reauthenticate": "marketplace.users.forms.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "marketplace.users.forms.SecondStepForm",
    "reauthenticate": "marketplace.users.forms.SecondStepAgainForm",
    "activate_totp": "marketplace.users.forms.ActivateAuthenticatorForm",
}
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_PHONE_VERIFICATION_MAX_ATTEMPTS = 5
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = 5
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 10 * 60
#: One e-mail address for each person; a new one takes the old one's place when it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _env.https else "http"
#: Addresses are generous: in Iraq whole quarters share one behind their carrier. Accounts are not.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/300s/key",
    "signup": "30/m/ip",
    "verify_phone": "30/m/ip,1/30s/key,8/h/key",
    "confirm_email": "1/30s/key,8/h/key",
    "reset_password": "20/m/ip,1/30s/key,8/h/key",
    "change_phone": "5/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = _env.trusted_proxy_count
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# API --------------------------------------------------------------------------------------
OSCARAPI_BLOCK_ADMIN_API_ACCESS = True
OSCARAPI_OVERRIDE_MODULES = ["forked_apps.api"]
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "forked_apps.api.errors.handle",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 24,
}

# Content languages ------------------------------------------------------------------------
MODELTRANSLATION_LANGUAGES = ("ar", "ckb", "en")
MODELTRANSLATION_DEFAULT_LANGUAGE = "ar"
MODELTRANSLATION_FALLBACK_LANGUAGES = {
    "default": ("ar", "en", "ckb"),
    "ckb": ("ckb", "ar", "en"),
    "en": ("en", "ar"),
}

LANGUAGE_NAMES = {"ar": _("Arabic"), "ckb": _("Kurdish"), "en": _("English")}
