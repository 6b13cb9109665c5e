from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CommonConfig(AppConfig):
    name = "config.common"
    label = "common"
    verbose_name = "People and trail"

    def ready(self):
        from . import checks, guards, queue, receivers  # noqa: F401  (registers the checks and what is heard)

        pre_migrate.connect(guards.give_way, sender=self)
        # This app's own signal alone: it fires once per migrate, after every table is in its final shape.
        post_migrate.connect(guards.install_after_migrate, sender=self)
        post_migrate.connect(queue.equalize_schedules, sender=self)
