"""All settings. Every environment variable is read here, at the top, by the table of setting_table.py."""

from pathlib import Path

import pghistory
from kombu import Exchange, Queue

from swecar import env
from swecar.keeper.messages import Address
from swecar.log_settings import read_logging
from swecar.setting_rules import check_together
from swecar.setting_table import QUEUES, SETTINGS

_set = env.read_settings(SETTINGS)
check_together(_set)

APP_ROLE: str = _set["APP_ROLE"]
# The public plane writes nothing to PostgreSQL, so a replica is all that it needs.
READS_REPLICA: bool = APP_ROLE == "public" and bool(_set["PUBLIC_DATABASE_URL"])
REPLICA_LAG_SECONDS: int = _set["REPLICA_LAG_SECONDS"]
DATABASE = _set["PUBLIC_DATABASE_URL" if READS_REPLICA else "DATABASE_URL"]
REDIS = _set["REDIS_URL"]
SECRET_KEY: str = _set["SECRET_KEY"]
SECRET_KEY_FALLBACKS: list[str] = _set["SECRET_KEY_FALLBACKS"] or []
IDENTITY_KEYS: dict[str, bytes] = _set["IDENTITY_KEYS"] or {}
IDENTITY_KEEPER: Address | None = _set["IDENTITY_KEEPER_URL"]
KEEPER_SECRET: str = _set["KEEPER_SECRET"] or ""
ALLOWED_HOSTS: list[str] = _set["ALLOWED_HOSTS"]
DEBUG: bool = _set["DEBUG"]
DISCLOSURE: str = _set["DISCLOSURE"]
PUBLICATION_DAYS: list[str] = _set["PUBLICATION_DAYS"] or []  # under a threshold, "MM-DD" of each year
RATE_LIMIT: int = _set["RATE_LIMIT"]  # requests per minute and client
INSECURE_HTTP: bool = _set["INSECURE_HTTP"] or DEBUG  # the demonstration and the tests use plain HTTP
_scheme, _host = "http" if INSECURE_HTTP else "https", ALLOWED_HOSTS[0].lstrip(".")
SITE_URL: str = (_set["SITE_URL"] or ("" if _host == "*" else f"{_scheme}://{_host}")).rstrip("/")
ADMINS = [("", address) for address in _set["ADMINS"] or []]  # get the alarms
EMAIL_HOST: str = _set["EMAIL_HOST"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _set["EMAIL_SECURITY"] == "starttls", _set["EMAIL_SECURITY"] == "tls"
EMAIL_PORT: int = _set["EMAIL_PORT"] or {"none": 25, "starttls": 587, "tls": 465}[_set["EMAIL_SECURITY"]]
EMAIL_HOST_USER: str = _set["EMAIL_USER"] or ""
EMAIL_HOST_PASSWORD: str = _set["EMAIL_PASSWORD"] or ""
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _set["EMAIL_FROM"]
SECOND_FACTOR: str = _set["SECOND_FACTOR"]
OIDC_ISSUER: str = _set["OIDC_ISSUER"] or ""
OIDC_CLIENT_ID: str = _set["OIDC_CLIENT_ID"] or ""
OIDC_CLIENT_SECRET: str = _set["OIDC_CLIENT_SECRET"] or ""
OIDC_ACR: list[str] = _set["OIDC_ACR"]
OIDC_SCOPE: list[str] = _set["OIDC_SCOPE"]
WORKER_QUEUES: list[str] = _set["WORKER_QUEUES"]  # those that a worker takes
DATABASE_POOL: int = _set["DATABASE_POOL"]
PROXIES: int = (0 if INSECURE_HTTP else 1) if _set["PROXIES"] is None else _set["PROXIES"]
CLIENT_SECONDS: int = _set["CLIENT_SECONDS"]  # that a slow client is waited for
CONTROLLER: str = _set["CONTROLLER"]  # the controller of the personal data (GDPR)
CONTACT: str = _set["CONTACT"]  # the e-mail address on the public pages
DEMONSTRATION: bool = _set["DEMONSTRATION"]  # every public page says that the records are made up
ACCESS_LOG_YEARS: int = _set["ACCESS_LOG_YEARS"]
LOOKUPS_PER_HOUR: int = _set["LOOKUPS_PER_HOUR"]  # of persons unknown at the user's centres
LOOKUPS_PER_HOUR_IMPORT: int = _set["LOOKUPS_PER_HOUR_IMPORT"]
DORMANT_DAYS: int = _set["DORMANT_DAYS"]
TOKEN_DAYS: int = _set["TOKEN_DAYS"]
REFERRAL_DAYS: int = _set["REFERRAL_DAYS"]  # how long a row waits for the steward
MONITORING_TOKEN: str = _set["MONITORING_TOKEN"] or ""  # nobody reads /metrics without one
HEARTBEAT_URL: str = _set["HEARTBEAT_URL"] or ""
TRACES_URL: str = _set["TRACES_URL"] or ""
SENTRY_DSN: str = _set["SENTRY_DSN"] or ""
LOG_FORMAT: str = _set["LOG_FORMAT"]
DRAFT_DAYS: int = _set["DRAFT_DAYS"]  # how long a form saved as a draft is kept
REDIS_URL: str = REDIS.broker_url
BASE_DIR = Path(__file__).resolve().parent.parent
ROOT_URLCONF = "swecar.public_urls" if APP_ROLE == "public" else "swecar.urls"

INSTALLED_APPS = [
    "swecar.apps.CommandsConfig",  # the first
    "swecar.apps.AdministrationConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "axes",
    "django_htmx",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "registry",
    "api",
]

# Who signs in, and what they send. A process of the public plane alone knows nobody, and reads no such table.
_SIGNED_IN = [
    "swecar.http.middleware.Session",
    "swecar.http.middleware.Locale",
    "swecar.http.middleware.Common",
    "swecar.http.middleware.Csrf",
    "swecar.http.middleware.Authentication",
    "swecar.http.middleware.Message",
    "swecar.http.middleware.Htmx",
    "allauth.account.middleware.AccountMiddleware",  # not skipped: allauth requires it by this name
    "registry.pages.accounts.session_limits.SessionLimits",
    "registry.pages.accounts.second_factor.SecondFactor",
    "axes.middleware.AxesMiddleware",
]
# Public responses need no session, user or CSRF token: swecar.http.middleware skips these layers for them, which
# saves a quarter of the time of a response.
MIDDLEWARE = [
    "swecar.http.request_id.name_request",  # outermost, so that no cached response has an id
    *(["swecar.tracing.spans.trace_request"] if TRACES_URL else []),
    "swecar.http.replay_cache.remember_responses",  # before all others, so that it caches the response as sent
    "swecar.http.browser_limits.limit_browsers",
    "swecar.http.middleware.refuse_foreign_hosts",
    "django.middleware.security.SecurityMiddleware",
    "swecar.http.middleware.refuse_zero_bytes",
    "swecar.static_files.StaticFiles",
    "swecar.http.limits.limit_requests",
    "swecar.own_database.serve_own_database",
    *(["allauth.account.middleware.AccountMiddleware"] if APP_ROLE == "public" else _SIGNED_IN),
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "registry" / "pages" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry.pages.accounts.session_limits.tell_page",
            ],
        },
    }
]


def _unless_in_url(session: dict[str, str]) -> dict[str, str]:
    """The settings of a session; an option of the same name in the URL takes precedence."""
    return {name: value for name, value in session.items() if name not in DATABASE["OPTIONS"].get("options", "")}


# The server checks that its client is alive, so that a dead worker does not keep its lock; a client whose host has
# vanished is noticed within some 15 seconds. A job ends with CELERY_TASK_TIME_LIMIT, and so do its statements.
DATABASE_SESSION = _unless_in_url(
    {
        "client_connection_check_interval": "2s",
        "lock_timeout": "30s",
        "statement_timeout": "600s" if APP_ROLE in {"worker", "beat"} else "0",
        # Of a worker that hangs in the middle of a file, and of nothing that works.
        "idle_in_transaction_session_timeout": "300s",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "2",
        "tcp_user_timeout": "15s",
    }
)
# What a request has instead (swecar.postgresql.limits). A form waits as long as an import may hold the entry lock.
DATABASE_LIMITS = {
    "public": _unless_in_url({"lock_timeout": "600ms", "statement_timeout": "15s"}),
    "read": _unless_in_url({"lock_timeout": "5s", "statement_timeout": "60s"}),
    "write": _unless_in_url({"statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}),
    "migrate": _unless_in_url({"lock_timeout": "3s"}),  # and whoever comes behind it waits as long
}
DATABASE_SILENCE: int = _set["DATABASE_SILENCE"]  # ms
# The same at this end: a server that has vanished, or that takes nothing for so long, is an error and no wait.
DATABASE_DRIVER = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",  # ms
}
DATABASES = {
    "default": {
        **DATABASE,
        "ENGINE": "swecar.postgresql",
        "OPTIONS": DATABASE_DRIVER
        | DATABASE["OPTIONS"]
        | {"pool": {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 5}},
    }
}

CACHES = {
    "default": {
        "BACKEND": "swecar.http.tolerant_cache.SharedCache",
        "LOCATION": REDIS.url,
        "KEY_PREFIX": "swecar",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        | ({"pool_class": "swecar.redis_client.MasterPool"} if REDIS.sentinels else {}),
    },
    # Responses by snapshot and query. They never change, so each process has its own.
    "responses": {
        "BACKEND": "swecar.http.process_cache.ProcessCache",
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}

# Uploads are read in memory, so that the identifiers in them never touch the disk. A file above the limit is not
# read at all (the limit that users are told, in whole megabytes, is in registry.entry.importing.upload).
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 2**20

AUTH_USER_MODEL = "registry.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of before; renewed at the next sign-in
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first, so that a locked-out user's password is not checked
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "clinic:start"
SESSION_IDLE_MINUTES: int = _set["SESSION_IDLE_MINUTES"]
SESSION_HOURS: int = _set["SESSION_HOURS"]
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
ACCOUNT_FORMS = {
    "login": "registry.pages.accounts.forms.SignInForm",
    "change_password": "registry.pages.accounts.forms.OwnPasswordForm",
}
ACCOUNT_ADAPTER = "registry.pages.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # there is no sign-up, but it must match the line above
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses come from invitations
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "swecar: "
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_FORMS = {
    "add_webauthn": "registry.pages.accounts.forms.NewPasskeyForm",
    "edit_webauthn": "registry.pages.accounts.forms.PasskeyForm",
}
MFA_ADAPTER = "registry.pages.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "swecar"
MFA_TOTP_TOLERANCE = 1  # step of 30 seconds that a phone's clock may be off
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = INSECURE_HTTP
SOCIALACCOUNT_ADAPTER = "registry.pages.accounts.commission.CommissionAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # the form-action policy would block a form's redirect to the provider
SITHS = {
    "provider_id": "siths",
    "name": "SITHS",
    "client_id": OIDC_CLIENT_ID,
    "secret": OIDC_CLIENT_SECRET,
    "settings": {
        "server_url": OIDC_ISSUER,
        "scope": OIDC_SCOPE,
        "auth_params": {"acr_values": " ".join(OIDC_ACR)},
        "acr": OIDC_ACR,
        "oauth_pkce_enabled": True,
    },
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [SITHS] if OIDC_ISSUER else []}}
AXES_VERBOSE = False  # or it logs a line at the start of every command
AXES_ENABLE_ADMIN = False  # docs/operations.md says how to unlock a user
AXES_FAILURE_LIMIT = 5
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # shown to whose name it was
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "registry.pages.accounts.lockout.Handler"
AXES_LOCKOUT_CALLABLE = "registry.pages.accounts.lockout.show_lockout"
AXES_CLIENT_IP_CALLABLE = "registry.pages.accounts.lockout.address_of"
AXES_USERNAME_CALLABLE = "registry.pages.accounts.lockout.name_tried"
AXES_SENSITIVE_PARAMETERS = ["login", "username", "ip_address"]  # someone may type an identity number as user name

EMAIL_TIMEOUT = 10
LANGUAGE_CODE = "sv"
LANGUAGES = [("sv", "Svenska"), ("en", "English")]
FORMAT_MODULE_PATH = "registry.pages.formats"
LOCALE_PATHS = [BASE_DIR / "registry" / "pages" / "locale"]
TIME_ZONE = "Europe/Stockholm"  # "today" is today there (COUNTING.md)
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # no upload is stored as a file
    "staticfiles": {"BACKEND": f"swecar.static_files.{'OwnFilesCompressed' if INSECURE_HTTP else 'HashedFiles'}"},
}
STATICFILES_DIRS = [BASE_DIR / "registry" / "pages" / "static"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # and what else swecar.http.browser_limits says
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not INSECURE_HTTP
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = _set["HSTS_SUBDOMAINS"]
SECURE_HSTS_PRELOAD: bool = _set["HSTS_PRELOAD"]
# Anyone can send it, so it is believed only where a proxy sets it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # requested inside the proxy
CSRF_FAILURE_VIEW = "registry.pages.clinic.expired_form.return_stale_form"
# The first two look for Django's middleware by name; swecar.http.middleware subclasses it. The others want what
# HSTS_SUBDOMAINS and HSTS_PRELOAD leave to the region.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003", "security.W005", "security.W021"]
# A debug page shows local variables and forms, which may hold an identity number.
DEFAULT_EXCEPTION_REPORTER_FILTER = "swecar.error_reports.NothingPersonalFilter"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "publishing"
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in QUEUES]
CELERY_TASK_ROUTES = {"registry.run_import": {"queue": "imports"}}
CELERY_TASK_IGNORE_RESULT = True  # outcomes are in the ledger of runs
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # the sweep makes up for a lost message, and no write waits
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # After this many seconds Redis delivers a task again, so it must exceed the time limit.
    "visibility_timeout": 1800,
    "socket_connect_timeout": 1,
    "socket_timeout": 10,  # a broker that accepts and never responds must not block a process
    "max_retries": 0,  # senders do not retry a lost connection; workers and beat do
    "global_keyprefix": "swecar-jobs:",
    **REDIS.broker_options,
}
CELERY_BROKER_USE_SSL = REDIS.broker_tls or None
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

PGHISTORY_APPEND_ONLY = True
# History is only read by record, so other indexes would only slow every write.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handle_error",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "swecar",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_URLCONF": "swecar.urls",  # all of the API is described, also by a process that serves a part of it
    "PREPROCESSING_HOOKS": ["api.public.openapi.without_slash"],
    "POSTPROCESSING_HOOKS": ["api.public.examples.add_examples", "api.public.description_frame.frame"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

LOGGING = read_logging(LOG_FORMAT)
