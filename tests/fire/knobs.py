"""An app for the clusters of these tests: short leases, and a line in a file for each task that begins.

Named by tests/fire/cluster_settings.py alone; what it changes comes from the environment.
"""

import os

from django.apps import AppConfig


class Knobs(AppConfig):
    name = "tests.fire"
    label = "fire"

    def ready(self):
        from django_q.signals import pre_execute

        from invoicing import documents
        from invoicing.services import carrying
        from invoicing.services.batches import running
        from tests.fire.sink import CANNED_PDF

        if lease := os.environ.get("FIRE_LEASE"):
            carrying.LEASE_SECONDS = carrying.WIRE_LEASE_SECONDS = running.LEASE_SECONDS = float(lease)
        documents._make = lambda invoice: (CANNED_PDF, [])
        pre_execute.connect(_note, weak=False)


def _note(task, **kwargs):
    with open(os.environ["FIRE_TASKS"], "a") as file:
        file.write(f"{task['id']} {task['func']}\n")
