"""The table of all settings. docs/run.md repeats it, and a test compares the two."""

from swecar import setting_forms as form
from swecar.env import Setting
from swecar.server_urls import WRITE_DATABASE, WRITE_REDIS, database, redis_server, replica

DATABASE_FORM = (
    "`postgresql://user:password@host:port/name`; several hosts are separated by commas "
    "(`host1:5432,host2:5432`, with `target_session_attrs=read-write`). Parameters after `?` are passed to the "
    "driver, for example `sslmode=verify-full`"
)
REDIS_FORM = (
    "`redis://host:port/0`: broker and cache; `rediss://` for TLS (`?ssl_ca_certs=PATH`); "
    "`redis+sentinel://:password@host:port,host:port/master/0` for Sentinel (`rediss+sentinel://` with TLS to the "
    "server; `?sentinel_password=` if the Sentinels want one)"
)

ROLES = ("clinic", "public", "worker", "beat", "migrate")

OPTIONAL_ROLES = ("keeper",)

# Of jobs, by kind: one that takes long does not hold up one that is awaited.
QUEUES = ("publishing", "imports")

SETTINGS = (
    Setting(
        "APP_ROLE",
        form.one_of(*ROLES, *OPTIONAL_ROLES),
        (
            "what a process of the image is: `clinic` (the web server of the whole site), `public` (of the public "
            "pages and the public API alone), `worker`, `beat` (the scheduler), `migrate`, which ends, or "
            "`keeper` (of the identity keys)"
        ),
        "clinic",
    ),
    Setting(
        "DATABASE_URL",
        database,
        DATABASE_FORM,
        None,
        WRITE_DATABASE,
        secret=True,
    ),
    Setting(
        "PUBLIC_DATABASE_URL",
        replica,
        (
            "a streaming replica that the processes of `APP_ROLE=public` read instead of `DATABASE_URL`; of the "
            "same form, with one host ([reads from a replica](operations.md#reads-from-a-replica))"
        ),
        secret=True,
    ),
    Setting(
        "REPLICA_LAG_SECONDS",
        form.number(15),  # of an idle service something is committed each ten seconds or so
        "how far that replica may be behind before the processes that read it say that they are not ready",
        "60",
    ),
    Setting(
        "REDIS_URL",
        redis_server,
        REDIS_FORM,
        None,
        WRITE_REDIS,
        secret=True,
    ),
    Setting(
        "SECRET_KEY",
        form.secret_key,
        "50 or more random characters",
        None,
        "Write 50 or more random characters; `openssl rand -hex 32` makes them.",
        secret=True,
    ),
    Setting(
        "SECRET_KEY_FALLBACKS",
        form.list_of(form.text),
        "earlier values of `SECRET_KEY`, separated by commas: what they encrypted can still be read",
        secret=True,
    ),
    Setting(
        "IDENTITY_KEYS",
        form.identity_keys,
        (
            "`id:base64,…`, at least 32 bytes each; the first is the current one. Required, unless a keeper has "
            "them (`IDENTITY_KEEPER_URL`). If they are lost, no person can be found again: keep a copy apart from "
            "the database"
        ),
        secret=True,
    ),
    Setting(
        "IDENTITY_KEEPER_URL",
        form.keeper_url,
        (
            "`unix:///path` or `tcp://host:port` of the keeper, a process of its own that has `IDENTITY_KEYS` "
            "instead of the others ([the keeper](operations.md#the-keeper-of-the-identity-keys)); it listens there"
        ),
    ),
    Setting(
        "KEEPER_SECRET",
        form.secret_key,
        "50 or more random characters by which the keeper and who asks it know each other",
        secret=True,
    ),
    Setting(
        "KEEPER_PER_HOUR",
        form.number(20),
        (
            "how many different values the keeper digests within an hour: of a new person two, the number and the "
            "day of birth"
        ),
        "1000",
    ),
    Setting(
        "ALLOWED_HOSTS",
        form.site_hosts,
        "the site's host names, separated by commas; required in production",
        "localhost,127.0.0.1,[::1]",
    ),
    Setting(
        "SITE_URL",
        form.web_url,
        (
            "the public site's own address, as pages and files give it to be cited; `https://` and the first of "
            "`ALLOWED_HOSTS` if not set"
        ),
    ),
    Setting(
        "DISCLOSURE",
        form.disclosure,
        (
            "`exact`, or `threshold:5` (2 to 999): no number of fewer persons is published ([decision "
            "0012](decisions/0012-small-numbers.md)); after a change the sweep publishes again within a minute"
        ),
        "exact",
    ),
    Setting(
        "PUBLICATION_DAYS",
        form.list_of(form.day_of_year),
        (
            "under a threshold: days of each year, as `03-01,09-01`, on which new numbers are published though a "
            "single cell tells of a small change ([decision 0039](decisions/0039-published-in-batches.md)); with "
            "none, only when each change that is seen is of enough persons"
        ),
        "",
    ),
    Setting(
        "RATE_LIMIT",
        form.number(1),
        ("how many responses of the public API one client gets per minute; a 304 is free, a drawing counts as 20"),
        "6000",
    ),
    Setting(
        "LOOKUPS_PER_HOUR",
        form.number(1),
        (
            "how many persons who are not of their centres one user may look up by number per hour, in the form, "
            "a search and the API"
        ),
        "60",
    ),
    Setting(
        "LOOKUPS_PER_HOUR_IMPORT",
        form.number(1),
        "the same for the new persons of uploaded and imported files",
        "5000",
    ),
    Setting(
        "REFERRAL_DAYS",
        form.number(1),
        (
            "how many days an infusion that a clinic has sent to the steward waits there before what was typed is "
            "erased"
        ),
        "90",
    ),
    Setting(
        "SESSION_IDLE_MINUTES",
        form.number(3),  # the warning comes two minutes before
        "after how many minutes in which nothing is done a user is signed out; the page warns two minutes before",
        "30",
    ),
    Setting(
        "SESSION_HOURS",
        form.number(1),
        "how many hours after the sign-in a user is signed out at the latest",
        "12",
    ),
    Setting(
        "DORMANT_DAYS",
        form.number(31),  # its owner is told a month before
        (
            "after how many days without a sign-in or the use of a token an account is closed; its owner is told "
            "a month before"
        ),
        "365",
    ),
    Setting(
        "TOKEN_DAYS",
        form.number(1),
        "for how many days at most a token for the API that may write can be made; one that only reads: 365",
        "90",
    ),
    Setting(
        "DRAFT_DAYS", form.number(1), "how many days after it was last saved the draft of a form is deleted", "90"
    ),
    Setting(
        "CONTROLLER",
        form.text,
        "the data controller, as the privacy page names it; required in production",
        "Region Exempel",
    ),
    Setting(
        "CONTACT",
        form.address,
        "the contact address on the accessibility and privacy pages; required in production",
        "registret@swecar.example",
    ),
    Setting(
        "ADMINS",
        form.list_of(form.address),
        "e-mail addresses, separated by commas, that get the alarms; required in production",
    ),
    Setting(
        "EMAIL_HOST",
        form.host,
        "the mail server",
        "localhost",
    ),
    Setting(
        "EMAIL_PORT",
        form.number(1, 65535),
        "its port; 25, or 587 with `starttls`, or 465 with `tls`, if not set",
    ),
    Setting(
        "EMAIL_SECURITY",
        form.one_of("none", "starttls", "tls"),
        "how the connection to it is encrypted: `none`, `starttls` or `tls`",
        "none",
    ),
    Setting(
        "EMAIL_USER",
        form.text,
        "the user name at the mail server, if it wants one",
    ),
    Setting(
        "EMAIL_PASSWORD",
        form.text,
        "the password there; set both or none",
        secret=True,
    ),
    Setting(
        "EMAIL_FROM",
        form.sender,
        "the sender of invitations, password resets, alarms and of what is new for users",
        "swecar@localhost",
    ),
    Setting(
        "SECOND_FACTOR",
        form.one_of("required", "optional"),
        "`required`; `optional` only for the demonstration and the tests",
        "required",
    ),
    Setting(
        "OIDC_ISSUER",
        form.https_url,
        (
            "sign-in with SITHS over OpenID Connect: the provider's address. Set all three or none. Register both "
            "redirect URIs: `https://NAME/accounts/oidc/siths/login/callback/` and "
            "`https://NAME/en/accounts/oidc/siths/login/callback/`"
        ),
    ),
    Setting(
        "OIDC_CLIENT_ID",
        form.text,
        "the name of this client there",
    ),
    Setting(
        "OIDC_CLIENT_SECRET",
        form.text,
        "its secret there",
        secret=True,
    ),
    Setting(
        "OIDC_ACR",
        form.list_of(form.text),
        "accepted assurance levels, separated by commas; unconfirmed",
        "http://id.sambi.se/loa/loa3",
    ),
    Setting(
        "OIDC_SCOPE",
        form.list_of(form.text),
        "the scopes to request; unconfirmed",
        "openid,profile,commission",
    ),
    Setting(
        "DATABASE_POOL",
        form.number(1, 1000),
        "maximum number of connections per process",
        "8",
    ),
    Setting(
        "DATABASE_SILENCE",
        form.number(200, 60_000),
        (
            "for how many milliseconds the database may say nothing to a request, and to a probe beside it, "
            "before the web server holds it to be away and answers without it"
        ),
        "800",
    ),
    Setting(
        "WORKER_QUEUES",
        form.list_of(form.one_of(*QUEUES)),
        (
            "which jobs a worker takes, if not all: `publishing` (publishing, the sweep and the nightly jobs) or "
            "`imports`; together the workers must take both ([scaling](scaling.md#queues-by-kind))"
        ),
        ",".join(QUEUES),
    ),
    Setting(
        "PROXIES",
        form.number(0, 10),
        (
            "how many proxies stand before the web server; each appends to `X-Forwarded-For`. With 0 neither that "
            "header nor `X-Forwarded-Proto` is believed, so it goes only with `INSECURE_HTTP`. 1, or 0 with "
            "`INSECURE_HTTP`, if not set"
        ),
    ),
    Setting(
        "CLIENT_SECONDS",
        form.number(1, 60),
        (
            "how many seconds the web server waits for a client: for the head of a request, and for its body (a "
            "large one has a second more for each 10 kB); an idle connection is closed after as many"
        ),
        "15",
    ),
    Setting(
        "HSTS_SUBDOMAINS",
        form.flag,
        "`1` if browsers are to use HTTPS for all names under the site's name too",
        "0",
    ),
    Setting(
        "HSTS_PRELOAD",
        form.flag,
        (
            "`1` to be listed in browsers as a site of HTTPS alone, which cannot be taken back within months; "
            "only with `HSTS_SUBDOMAINS`"
        ),
        "0",
    ),
    Setting(
        "ACCESS_LOG_YEARS",
        form.number(5),
        "how many years the access log is kept; the law requires at least five",
        "5",
    ),
    Setting(
        "LOG_FORMAT",
        form.one_of("json", "line"),
        (
            "`json` ([fields](operations.md#the-log)), or `line` on a developer's machine, which shows an "
            "error's own text"
        ),
        "json",
    ),
    Setting(
        "MONITORING_TOKEN",
        form.secret_key,
        (
            "50 or more random characters: who sends them (`Authorization: Bearer …`) may read `/metrics` and "
            "`/health/deep`; without it nobody may"
        ),
        secret=True,
    ),
    Setting(
        "HEARTBEAT_URL",
        form.https_url,
        (
            "an address of a monitor outside that is asked each 20 seconds as long as all is well, and raises the "
            "alarm when it is not"
        ),
        secret=True,
    ),
    Setting(
        "TRACES_URL",
        form.web_url,
        (
            "where traces are sent by OTLP over HTTP, for example `http://collector:4318/v1/traces`; needs "
            "`requirements-tracing.txt`"
        ),
    ),
    Setting(
        "SENTRY_DSN",
        form.sentry_dsn,
        "where Sentry, or what speaks its protocol, gets the errors; needs `requirements-tracing.txt`",
        secret=True,
    ),
    Setting(
        "DEMONSTRATION",
        form.flag,
        "`1` only where the records are made up: every public page then says so, and the database takes no real "
        "records ([below](#demonstration-and-registry)). `make demo` sets it",
        "0",
    ),
    Setting(
        "INSECURE_HTTP",
        form.flag,
        "`1` only where there is no HTTPS proxy: the demonstration and the tests",
        "0",
    ),
    Setting(
        "DEBUG",
        form.flag,
        "`1` on a developer's machine; even then error pages show no values",
        "0",
    ),
)
