"""The picture of the house holds: the contracts are in pyproject.toml."""

import subprocess
import sys

from django.apps import apps
from django.conf import settings

# Lower never knows upper; siblings do not know each other.
FLOOR = {"common": 0, "customers": 1, "invoicing": 2, "dunning": 3, "portal": 3}


def test_code_looks_down_never_up():
    # In a process of its own: it configures logging anew, which would silence the loggers of the other tests.
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]

    found = subprocess.run([*linter, "--no-cache"], cwd=settings.BASE_DIR, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout + found.stderr


def test_a_foreign_key_counts_as_an_import():
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and field.concrete and field.related_model
        if (ours := FLOOR.get(model._meta.app_label)) is not None
        if (theirs := FLOOR.get(field.related_model._meta.app_label)) is not None
        if model._meta.app_label != field.related_model._meta.app_label and theirs >= ours
    ]

    assert upward == []
