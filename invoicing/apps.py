from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = _("Invoicing")

    def ready(self):
        from config.common import queue

        from . import documents, receivers  # (receivers: hears what the mail provider tells)
        from .paper import fonts  # noqa: F401  (registers its check)

        post_migrate.connect(receivers.upgraded, sender=self)
        queue.at_worker_start(documents.warm)  # the first document of each worker is then as quick as the next
