from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = _("Invoicing")

    def ready(self):
        from config.common import queue

        from . import documents
        from .paper import fonts  # noqa: F401  (registers its check)

        if queue.is_worker_process():
            documents.warm()  # before the workers fork: the first document of each is then as quick as the next
