"""Every setting in one file, read from the environment (and an optional .env beside manage.py).

The table of variables is in the README. A missing secret refuses to start; DEBUG is off unless asked for.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env("DUNLIN_ENV_FILE", default=str(BASE_DIR / ".env")))

# --- Mode and secrets ---------------------------------------------------------------------------------------

MODE = env("DUNLIN_MODE", default="production")  # "demo" adds the outbox, the demo accounts and a banner
if MODE not in ("production", "demo"):
    raise ImproperlyConfigured("DUNLIN_MODE must be 'production' or 'demo'.")
DEMO = MODE == "demo"
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. Put a long random text into the environment or into .env.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
BASE_URL = env("BASE_URL", default=f"http://127.0.0.1:{env('DUNLIN_PORT', default='8000')}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []
SECURE = env.bool("SECURE", default=not DEMO)  # served over https only

# --- Applications -------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.common",
    "customers",
    "invoicing",
    "portal",
    "config.admin.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.common.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.common.sessions.SessionLimitMiddleware",
    "config.common.middleware.ViewerMiddleware",
    "config.common.second_factor.SecondFactorMiddleware",
    "config.common.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "config.common.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.common.context.shell",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------------------

VAR_DIR = Path(env("DUNLIN_VAR", default=str(BASE_DIR / "var")))
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'dunlin.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # One writer at a time, nobody turned away: a transaction takes the write lock when it begins and waits for it.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728; "
            "PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000;"
        ),
    }
else:
    # The queue's broker closes "old" connections at every step; without an age it would reconnect each time.
    _database["CONN_MAX_AGE"] = 600
    _database["CONN_HEALTH_CHECKS"] = True
    # Pages ask small questions with many parts: compiling one takes longer than answering it.
    _database["OPTIONS"] = {"options": "-c jit=off", **_database.get("OPTIONS", {})}

# Triggers, see config/common/guards.py
DATABASE_GUARDS = ["config.common.guards.GUARDS", "customers.guards.GUARDS", "invoicing.guards.GUARDS"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = Path(env("DUNLIN_MEDIA", default=str(VAR_DIR / "media")))  # never served: documents go through views
STATIC_ROOT = VAR_DIR / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "documents": {"BACKEND": "config.common.storage.AtomicStorage", "OPTIONS": {"location": MEDIA_ROOT / "documents"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The queue's guard writes its own status twice a second: a file, never the database.
    "queue": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cache"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- People and sessions ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "common.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "config.common.accounts.Accounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by an admin; nobody signs up
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # people are told of each change of their password or second factor
ACCOUNT_RATE_LIMITS = False  # counted in our own rows instead: see config/common/attempts.py
ACCOUNT_FORMS = {
    "reset_password": "config.common.forms_accounts.ResetPasswordForm",
    "change_password": "config.common.forms_accounts.ChangePasswordForm",
}
REQUIRE_MFA = env.bool("REQUIRE_MFA", default=not DEMO)  # admins and managers need a second factor
MFA_ADAPTER = "config.common.accounts.SecondFactors"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the same: an admin vouches for the address
MFA_TOTP_ISSUER = "Dunlin"
MFA_FORMS = {
    "authenticate": "config.common.forms_accounts.AuthenticateForm",
    "reauthenticate": "config.common.forms_accounts.ReauthenticateForm",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # seconds a typed password is enough for another change of this kind
INVITATION_DAYS = 7  # how long an invitation can be accepted
PASSWORD_RESET_TIMEOUT = 60 * 60
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
DEMO_ACCOUNTS = [  # made by the demo's loader, shown on its sign-in page, refused outside demo mode
    ("ines@kelpworks.example", "Ines Okafor", "admin", "dunlin-demo-admin"),
    ("tomas@kelpworks.example", "Tomáš Dvořák", "manager", "dunlin-demo-manager"),
    ("femke@kelpworks.example", "Femke de Wit", "clerk", "dunlin-demo-clerk"),
    ("aki@kelpworks.example", "Aki Laine", "viewer", "dunlin-demo-viewer"),
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 60 * 60  # in all, whatever is done
SESSION_IDLE = env.int("SESSION_IDLE_MINUTES", default=120) * 60  # without doing anything; seconds
BROWSER_COOKIE_NAME = "browser"  # which people have signed in here before: see config/common/attempts.py
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# --- Browser security ---------------------------------------------------------------------------------------

if SECURE:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    BROWSER_COOKIE_NAME = "__Host-browser"
if env.bool("BEHIND_PROXY", default=False):  # it must set X-Forwarded-Proto and append to X-Forwarded-For
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # sign-in limits count the visitor's address, not the proxy's, which all share
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Language and time --------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # stored; people see their own zone

# --- Background work ----------------------------------------------------------------------------------------

Q_CLUSTER = {
    "name": "dunlin",
    "orm": "default",
    "workers": env.int("WORKERS", default=2),
    "queue_limit": env.int("WORKERS", default=2),  # what waits in memory longer than `retry` would run twice
    "bulk": 1,
    "timeout": 300,
    "retry": 900,
    "max_attempts": 1,  # retrying is our rows' business, where people see it
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.1,
    "save_limit": 100,
    "cache": "queue",
    "label": "Queue",
}
SCHEDULES = {
    "sweep": {"task": "invoicing.tasks.sweep", "minutes": 1},
    "bank_changes": {"task": "customers.tasks.sweep", "minutes": 5},
    "heartbeat": {"task": "config.common.tasks.heartbeat", "minutes": 1},
    "tidy": {"task": "config.common.tasks.tidy", "minutes": 60},
    "prove": {"task": "invoicing.tasks.prove", "minutes": 24 * 60},
    "forget": {"task": "invoicing.tasks.forget", "minutes": 24 * 60},
    "sheets": {"task": "config.common.tasks.sweep_sheets", "minutes": 1},
}

READINESS = {  # what /healthz/ready asks; each answers "" when it is well
    "database": "config.common.health.database",
    "migrations": "config.common.health.migrations",
    "guards": "config.common.health.database_guards",
    "worker": "config.common.health.worker",
    "deliveries": "invoicing.health.deliveries",
    "balances": "invoicing.health.balances",
}

# --- Plug-ins: BACKEND and OPTIONS, in the shape of Django's own CACHES ---------------------------------------

DELIVERY_CHANNELS = {
    "email": {
        "BACKEND": "invoicing.channels.email.EmailChannel",
        "OPTIONS": {"per_minute": env.int("EMAIL_PER_MINUTE", default=0)},
    },
}
NAVIGATION = [  # each gives sections of links for the side of every page
    "invoicing.views.navigation.work",
    "customers.views.navigation.ledger",
    "invoicing.views.ledger.navigation",
    "invoicing.views.navigation.settings",
]
SHELL_READS = [  # what those facts need of the database, read in one query: the day -> {name: expression}
    "config.common.heartbeats.reads",
    "invoicing.views.figures.reads",
    "customers.views.navigation.reads",
]
SHELL_FACTS = ["invoicing.views.navigation.facts", "customers.views.navigation.facts"]
SNAPSHOT_CARDS = [
    "invoicing.views.snapshot.to_be_sent_card",
    "invoicing.views.snapshot.ready_to_send_card",
    "invoicing.views.snapshot.scheduled_card",
    "invoicing.views.snapshot.delivery_problems_card",
    "invoicing.views.snapshot.batch_operations_card",
    "invoicing.views.snapshot.overdue_card",
    "invoicing.views.snapshot.follow_up_card",
]

CUSTOMER_FACTS = [
    "invoicing.reports.owed_by"
]  # what customers owe, for the list: customer pks -> {pk: {currency: minor}}
CUSTOMER_READS = ["invoicing.views.panels.reads"]  # what they need, read with the customer: pk -> {name: expression}
CUSTOMER_PANELS = ["invoicing.views.panels.customer_panel"]  # (request, customer) -> parts of the customer's profile
CUSTOMER_STORIES = ["invoicing.views.stories.customer_story"]  # customer -> its Story for the profile's timeline
SHEET_IMPORTS = {  # what a spreadsheet can bring: config/common/sheets/kinds.py
    "customers": {"BACKEND": "customers.services.sheets.Customers"},
    "invoices": {"BACKEND": "invoicing.services.sheets.Invoices"},
}
ANY_INVOICE_OPENED = "invoicing.reports.opened.any_opened"  # whether anybody was told yet where to pay to
SET_UP = ["invoicing.services.settings.set_up"]  # run when the organization is first saved

# --- Mail ---------------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="invoices@kelpworks.example" if DEMO else "invoices@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_BACKEND = env(
    "EMAIL_BACKEND",
    default="invoicing.channels.outbox.OutboxBackend" if DEMO else "invoicing.channels.smtp.WireBackend",
)
if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"  # the same, and it tells where in the dialogue it broke off
EMAIL_TIMEOUT = 30
if email_url := env("EMAIL_URL", default=""):
    _mail = env.email_url_config(email_url)
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
ANYMAIL = env.json("ANYMAIL", default={})

# --- The customers' portal ----------------------------------------------------------------------------------

# What tokens of mailed links are made with: the first makes new ones, the others are there for what is still to be sent
# once more. Without any, SECRET_KEY and its fallbacks serve.
PORTAL_LINK_KEYS = env.list("PORTAL_LINK_KEYS", default=[])
PORTAL_COOKIE_NAME = "__Secure-invoice" if SECURE else "invoice"

# --- Documents ----------------------------------------------------------------------------------------------

PDF_FONTS = env.list("PDF_FONTS", default=[])  # further TrueType files, asked after the packaged ones, glyph by glyph

# --- Logging ------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.common.logs.RequestIdFilter"},
        "no_tokens": {"()": "config.common.logs.TokenFilter"},
    },
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "config.common.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "no_tokens"],
            "formatter": "plain" if DEMO else "json",
        },
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "xhtml2pdf": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
MESSAGE_LEVEL = message_levels.INFO
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # they name customers: not in a cookie
