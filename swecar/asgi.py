"""The web server's entry point."""

import gc
import os
from functools import partial
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
service = get_wsgi_application()

from swecar.production import stop_if_unfinished  # noqa: E402

stop_if_unfinished()
import_module(settings.ROOT_URLCONF)  # loads all that a page needs
from registry.access import check_key_at_start  # noqa: E402
from registry.entry.patients.key_in_use import check_identity_keys_at_start  # noqa: E402
from registry.figure.geometry import load_shapes  # noqa: E402
from registry.published.current_snapshot import read_sure_hash  # noqa: E402
from registry.purpose import check_at_start  # noqa: E402
from swecar.http.bridge import Bridge  # noqa: E402
from swecar.http.current_hash import CurrentHash  # noqa: E402
from swecar.http.middleware import is_for_signed_in  # noqa: E402
from swecar.http.rate_limit import spend_at_hand  # noqa: E402
from swecar.http.rendering_version import rendering_version  # noqa: E402
from swecar.http.replay_cache import find_cached  # noqa: E402

check_at_start()
if settings.APP_ROLE != "public":  # which acts for nobody
    check_key_at_start()
    check_identity_keys_at_start()
application = Bridge(
    service,
    find=partial(find_cached, current=CurrentHash(read_sure_hash), spend=spend_at_hand),
    is_slow=is_for_signed_in,
    seconds=settings.CLIENT_SECONDS,
)
load_shapes()
rendering_version()
# Loaded before the server forks, and not at the first request of each process.
# None of it is ever garbage: not looked at, it stays shared by the processes, and they end five times as fast.
gc.collect()
gc.freeze()
