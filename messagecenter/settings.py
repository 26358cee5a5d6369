"""All settings, read from the environment. A wrong value stops the start and says what is allowed.

Two ways to run. With ``SITE_URL`` at https:// this is production: every secret must be given. Without it, or with
http://localhost, it is the embedded default: one machine, SQLite, files below ``var/``, secrets made on first start.
"""

import pkgutil
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import anymail.backends
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from messagecenter import environment as env
from messagecenter.timetable import TIMETABLE, Every

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")

HOST = env.ip_address("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
WEB_WORKERS = env.integer("WEB_WORKERS", 2, 1, 64)
SITE_URL = env.site_url("SITE_URL", f"http://localhost:{PORT}")
EMBEDDED = SITE_URL.startswith("http://")
DEBUG = False


def _secret(name: str, file: str, make: str) -> str:
    """Return a secret from the environment, or in the embedded default from a private file made on first start."""
    value = env.text(name)
    if value:
        return value
    if not EMBEDDED:
        raise env.refuse(name, "is not set", "a secret of your own; production never makes one up")
    return env.private_file(VAR_DIR / "keys" / file, make)


SECRET_KEY = _secret("SECRET_KEY", "secret_key", secrets.token_urlsafe(50))
if len(SECRET_KEY) < 50:
    raise env.refuse("SECRET_KEY", f"has only {len(SECRET_KEY)} characters", "at least 50 random characters")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

# Root keys of the vault: version → 32 bytes. The first one named wraps new keys; the others still open old ones.
MESSAGE_KEYS = env.parse_keys("MESSAGE_KEYS", _secret("MESSAGE_KEYS", "message_keys", env.new_root_key()))
MESSAGE_KEY_CURRENT = next(iter(MESSAGE_KEYS))

# The private key that browsers know our pushes by (VAPID). Without one, production tells nobody in their browser.
PUSH_KEY = env.text("PUSH_KEY")
if EMBEDDED and not PUSH_KEY:
    PUSH_KEY = env.private_file(VAR_DIR / "keys" / "push_key", env.new_push_key())
if PUSH_KEY:
    PUSH_KEY = env.check_push_key("PUSH_KEY", PUSH_KEY)
# host:port of receivers inside our own network that webhooks and pushes may reach, also over plain http.
EGRESS_ALLOW = env.hosts_and_ports("EGRESS_ALLOW")

# --- Hosts -----------------------------------------------------------------------------------------------------------
SITE_HOST = urlsplit(SITE_URL).hostname or "localhost"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [SITE_HOST]
ALLOWED_HOSTS += env.hosts("ALLOWED_HOSTS", patterns=True)
# Where files are opened: a host without cookies, so that nothing in a file can act for its reader; "": the site itself.
FILES_URL = env.files_url("FILES_URL", SITE_URL)
if FILES_URL and env.host_of(FILES_URL) not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(env.host_of(FILES_URL))
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies in front add to X-Forwarded-For; 0 trusts no such header.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, 0, 5)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
PICTURE_HOSTS = env.hosts("PICTURE_HOSTS")
MARKETPLACE_DOMAINS = env.hosts("MARKETPLACE_DOMAINS") or [SITE_HOST]

# --- Rooms -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "messagecenter.mail",
    "messagecenter.vault",
    "messagecenter.accounts",
    "messagecenter.live",
    "messagecenter.attachments",
    "messagecenter.notices",
    "messagecenter.webhooks",
    "messagecenter.push",
    "messagecenter.policy",
    "messagecenter.filing",
    "messagecenter.search",
    "orders",
    "messagecenter.replies",
    "messagecenter.threads",
    "messagecenter.inbound",
    "messagecenter.moderation",
    "support",
]

MIDDLEWARE = [
    "messagecenter.logs.request_id_middleware",
    # Before whatever may answer by itself (https, a refused charset, static files): no answer lacks its headers.
    "messagecenter.headers.headers_middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before whatever reads or sets a cookie: the host for files has none.
    "messagecenter.attachments.files_host.files_host_middleware",
    "django.middleware.security.SecurityMiddleware",
    "messagecenter.encoding.utf8_middleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "messagecenter.accounts.middleware.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]

ROOT_URLCONF = "messagecenter.urls"
WSGI_APPLICATION = "messagecenter.asgi.pages"
ASGI_APPLICATION = "messagecenter.asgi.application"

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
                "messagecenter.accounts.context.site",
                "messagecenter.threads.context.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")

# --- Databases -------------------------------------------------------------------------------------------------------


def _database(name: str, default: str) -> dict[str, object]:
    """Return Django's settings for the database named by a URL."""
    url = env.address(name, default, ["sqlite", "postgres", "postgresql"])
    database: dict[str, object] = environ.Env.db_url_config(url)
    if "sqlite" in str(database["ENGINE"]):
        database["ENGINE"] = "messagecenter.sqlite"  # writers queue
        database["OPTIONS"] = {
            # A transaction has its lock from the beginning: one that began by reading could never get it later.
            "transaction_mode": "IMMEDIATE",
            # Seconds to wait for it; ?timeout= in the URL names others. Who still has none gets the page of ``busy``.
            "timeout": dict(database.get("OPTIONS", {})).get("timeout", 30),  # type: ignore[call-overload]
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728;",
        }
        env.check_sqlite_file(name, str(database["NAME"]))
    else:
        if not database["NAME"]:
            raise env.refuse(name, "names no database", "postgres://user:password@host:5432/database")
        database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        # PostgreSQL keeps the plans of the statements in ``prepared``. A pooler that hands connections on after each
        # transaction would lose them; it needs ?DISABLE_SERVER_SIDE_CURSORS=true in the address anyway.
        if not database.get("DISABLE_SERVER_SIDE_CURSORS"):
            # Compiling a statement takes it longer than any of ours runs.
            ours = {"prepare_threshold": 5, "options": "-c jit=off"}
            database["OPTIONS"] = ours | dict(database.get("OPTIONS", {}))  # type: ignore[call-overload]
    return database


DATABASES = {"default": _database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'messagecenter.sqlite3'}")}
# Keys may live in a database of their own, with a shorter backup: then a destroyed key is gone from backups too.
VAULT_DATABASE = "default"
if env.text("VAULT_DATABASE_URL"):
    VAULT_DATABASE = "vault"
    DATABASES["vault"] = _database("VAULT_DATABASE_URL", "")
DATABASE_ROUTERS = ["messagecenter.vault.router.VaultRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis, Celery ---------------------------------------------------------------------------------------------------
REDIS_URL = env.address("REDIS_URL", "", ["redis", "rediss", "unix"]) if env.text("REDIS_URL") else ""
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT = "messagecenter.queue_redis:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost/"  # no host: kombu warns without a word there
    CELERY_BROKER_TRANSPORT = "messagecenter.queue_files:Transport"
    _queue = VAR_DIR / "queue"
    for _folder in ("messages", "control"):
        (_queue / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "messages"),
        "data_folder_out": str(_queue / "messages"),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.1,
    }
# Tries at signing in are counted in the database: they hold across processes, and nobody is kept out by a dead Redis.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 140  # below a quarter of the visibility timeout, so no task is handed out twice
CELERY_TASK_PUBLISH_RETRY = False  # a doorbell that does not ring must not keep the writer waiting
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker delivers without its broker, and waits for it for ever
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What the broker hands out again meanwhile finds nothing left to do; ending a mail halfway could send it twice.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = dict(TIMETABLE)

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "messagecenter.accounts.backends.PasswordBackend",
    "messagecenter.accounts.backends.AllauthBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/messages/"
ACCOUNT_ADAPTER = "messagecenter.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "messagecenter.accounts.forms.LoginForm",
    "signup": "messagecenter.accounts.forms.SignupForm",
}
MFA_FORMS = {"add_webauthn": "messagecenter.accounts.forms.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "messagecenter.accounts.second_factor.SecondFactorAdapter"
MFA_TOTP_ISSUER = "Message Center"
MFA_TOTP_TOLERANCE = 1  # a code that changes while it is typed is taken for one more step (RFC 6238, 5.2)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
# The demo's staff sign in with the password alone; everywhere else staff must have a second factor.
STAFF_SECOND_FACTOR = env.choice("STAFF_SECOND_FACTOR", "required", ["required", "off"]) == "required"
if not STAFF_SECOND_FACTOR and not EMBEDDED:
    raise env.refuse("STAFF_SECOND_FACTOR", "is 'off' in production", "required")
INVITATION_DAYS = env.integer("INVITATION_DAYS", 3, 1, 30)

# --- Sessions, headers -----------------------------------------------------------------------------------------------
SECURE = not EMBEDDED
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
LANGUAGE_COOKIE_NAME = "language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "messagecenter.threads.fragments.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *(f"https://{host}" for host in PICTURE_HOSTS)],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# Ours stops before this, without losing the text; Django's own would write readable temporary files.
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_HANDLERS = ["messagecenter.attachments.receiving.InMemoryHandler"]

# --- Mail ------------------------------------------------------------------------------------------------------------
NO_PROVIDERS = frozenset({"base", "base_requests", "console", "test", "sendinblue"})
_email_url = env.address(
    "EMAIL_URL", "outbox://" if EMBEDDED else "", ["smtp", "smtp+tls", "smtp+ssl", "anymail", "outbox"]
)
PROVIDERS = sorted(one.name for one in pkgutil.iter_modules(anymail.backends.__path__) if one.name not in NO_PROVIDERS)
EMAIL_PROVIDER = _email_url.removeprefix("anymail://") if _email_url.startswith("anymail:") else ""
if _email_url.startswith("outbox:"):
    if not EMBEDDED:
        raise env.refuse("EMAIL_URL", "is 'outbox://' in production", "smtp://, smtp+tls://, smtp+ssl:// or anymail://")
    EMAIL_BACKEND = "messagecenter.mail.outbox.OutboxBackend"
elif EMAIL_PROVIDER:
    if EMAIL_PROVIDER not in PROVIDERS:
        raise env.refuse(
            "EMAIL_URL", f"names the provider {EMAIL_PROVIDER!r}", f"anymail:// and one of {', '.join(PROVIDERS)}"
        )
    EMAIL_BACKEND = "messagecenter.mail.provider.ProviderBackend"
else:
    _email = environ.Env.email_url_config(_email_url)
    EMAIL_BACKEND = "messagecenter.mail.smtp.SmtpBackend"
    EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"] or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"] or "", _email["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = bool(_email.get("EMAIL_USE_TLS")), bool(_email.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
MAIL_OUTBOX_DIR = VAR_DIR / "outbox"
SITE_NAME = env.text("SITE_NAME", "Message Center")
DEFAULT_FROM_EMAIL = env.sender("MAIL_FROM", f"{SITE_NAME} <no-reply@{SITE_HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Who shows it may read /metrics; without one there is no such page.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# How long a worker may hold a notice; one that died is taken over after that. A mail may take half of it, at most 30 s.
NOTICE_LEASE_SECONDS = env.integer("NOTICE_LEASE_SECONDS", 60, 5, 600)

# Mail that comes in: answers to our letters, bounces, complaints. Without a domain no letter has a reply address.
INBOUND_DOMAIN = env.host("INBOUND_DOMAIN")
INBOUND_HOST = env.ip_address("INBOUND_HOST", "127.0.0.1")
INBOUND_PORT = env.integer("INBOUND_PORT", 0, 0, 65535)
INBOUND_PROTOCOL = env.choice("INBOUND_PROTOCOL", "smtp", ["smtp", "lmtp"])
INBOUND_MAX_MB = env.integer("INBOUND_MAX_MB", 30, 15, 100)
# The name the operator's own mail server puts on top of what it found out about a sender (RFC 8601).
INBOUND_AUTHSERV_ID = env.host("INBOUND_AUTHSERV_ID")
INBOUND_DNS = env.host_and_port("INBOUND_DNS")
if INBOUND_PORT and not INBOUND_DOMAIN:
    raise env.refuse("INBOUND_DOMAIN", "is not set, but INBOUND_PORT is", "the domain that mail comes in for")
# Providers that may report and deliver at /mail/hooks/; ANYMAIL_… variables are django-anymail's settings of that name.
MAIL_HOOKS = env.words("MAIL_HOOKS")
ANYMAIL = {"REQUESTS_TIMEOUT": (5, 20), **env.prefixed("ANYMAIL_")}  # seconds to connect, to wait for the answer
if MAIL_HOOKS and ":" not in env.text("ANYMAIL_WEBHOOK_SECRET"):
    raise env.refuse("ANYMAIL_WEBHOOK_SECRET", "is no name and secret, but MAIL_HOOKS is set", "name:secret")
if INBOUND_DOMAIN:
    CELERY_BEAT_SCHEDULE["work off incoming mail"] = {
        "task": "messagecenter.inbound.tasks.work_off",
        "schedule": Every(5.0),
        "options": {"expires": 5},
    }
    CELERY_BEAT_SCHEDULE["forget incoming mail"] = {
        "task": "messagecenter.inbound.tasks.forget_old",
        "schedule": Every(86400.0),
    }

# --- Language, time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "messagecenter.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_TIME_ZONE = env.time_zone("DEFAULT_TIME_ZONE", "Europe/Berlin")

# --- Attachments -----------------------------------------------------------------------------------------------------


def _attachments() -> dict[str, object]:
    """Return Django's settings for where the sealed bytes of files lie."""
    if env.choice("ATTACHMENTS_STORAGE", "local", ["local", "s3"]) == "local":
        location = env.folder("ATTACHMENTS_DIR", VAR_DIR / "attachments", mode=0o700)
        return {"BACKEND": "messagecenter.attachments.disk.Disk", "OPTIONS": {"location": location}}
    options = {
        "endpoint_url": env.endpoint("S3_ENDPOINT_URL"),
        "bucket_name": env.matching(
            "S3_BUCKET", "", env.BUCKET, "a bucket's name: lower case letters, digits, . and -"
        ),
        "region_name": env.matching("S3_REGION", "us-east-1", env.REGION, "a region's name like eu-central-1"),
        "access_key": env.needed("S3_ACCESS_KEY_ID", "the id of an access key of the store"),
        "secret_key": env.needed("S3_SECRET_ACCESS_KEY", "the secret of that access key"),
        "path_style": env.flag("S3_PATH_STYLE", True),
        "prefix": env.matching("S3_PREFIX", "", env.PREFIX, "letters, digits, - and _, with / between").rstrip("/"),
    }
    return {"BACKEND": "messagecenter.attachments.bucket.Bucket", "OPTIONS": options}


# A ClamAV daemon, by its socket's path or its address; with neither, files are not scanned.
CLAMAV_SOCKET = env.socket_file("CLAMAV_SOCKET")
CLAMAV_ADDRESS = env.host_and_port("CLAMAV_HOST")
if CLAMAV_SOCKET and CLAMAV_ADDRESS:
    raise env.refuse("CLAMAV_HOST", "is set beside CLAMAV_SOCKET", "only one of them")

# --- Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "attachments": _attachments(),
}

# --- Threads ---------------------------------------------------------------------------------------------------------
PAGE_THREADS = 50
REPLY_HOURS = 24
REPLY_REMIND_HOURS = 4  # before an answer is due
# Messages from which a mailbox has a search index; smaller ones are read newest first.
SEARCH_INDEX_FROM = env.integer("SEARCH_INDEX_FROM", 1000, 0, 1_000_000_000)

# --- Logs ------------------------------------------------------------------------------------------------------------
# One JSON object a line, made of ids and names only. Request bodies, query strings and exception values stay out.
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "messagecenter.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    # DEBUG is for our own rooms: libraries would write queries and arguments.
    "root": {"handlers": ["stderr"], "level": "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL},
    "loggers": {
        **{room: {"level": LOG_LEVEL} for room in ("messagecenter", "orders", "support")},
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "django.db.backends": {"level": "WARNING"},
    },
}

if env.text("DEBUG"):
    raise ImproperlyConfigured("DEBUG is not a setting: error pages with source and data never leave the server.")
