"""The project's only Django app."""

import os
from pathlib import Path
from types import ModuleType

import polib
from django.apps import AppConfig
from django.db.models.signals import post_migrate

from registry.database_roles.after_migrations import keep_roles
from swecar.tracing import begin_tracing

CATALOGUES = Path(__file__).parent / "pages" / "locale"


def compile_catalogues() -> None:
    """Compile each .po file whose .mo file is missing or older, since Django reads only the compiled form.

    At start, so that no command runs, and no image is built, with outdated texts.
    """
    for source in CATALOGUES.rglob("*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            # Processes may start in parallel: each writes its own file, and the last rename wins.
            unfinished = compiled.with_suffix(f".{os.getpid()}")
            polib.pofile(source, encoding="utf-8").save_as_mofile(unfinished)
            unfinished.replace(compiled)


class RegistryConfig(AppConfig):
    """Records, published numbers, figure and pages."""

    name = "registry"
    verbose_name = "swecar"
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: ModuleType) -> None:
        super().__init__(app_name, app_module)
        compile_catalogues()  # not in ready(): by then the models of django.contrib.auth have read the catalogue

    def ready(self) -> None:
        """Begin what traces the service, where the settings ask for it; let no new table be without its grants."""
        begin_tracing()
        post_migrate.connect(keep_roles, sender=self)
