"""manage.py migrate, as Django has it; only that it may start where triggers are missing, for it installs them."""

from django.core.management.commands import migrate

from config.common.checks import guards_being_installed


class Command(migrate.Command):
    def check(self, *args, **kwargs):
        with guards_being_installed():
            return super().check(*args, **kwargs)
