"""System checks: what would be wrong to start with."""

from django.core.checks import Error, Tags, register
from django.db import connections

from . import guards


@register(Tags.database)
def guards_in_place(app_configs, databases=None, **kwargs):
    """Every declared trigger exists, on each database that has been migrated."""
    problems = []
    for alias in databases or []:
        if "common_auditevent" not in connections[alias].introspection.table_names():
            continue
        problems += [
            Error(
                f"The database trigger {name} is missing: nothing keeps opened documents and the trail from changing.",
                hint="Run manage.py migrate; it installs the triggers again.",
                id="dunlin.E001",
            )
            for name in guards.missing(alias)
        ]
    return problems
