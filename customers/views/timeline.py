"""What happened to a customer and, as the apps above tell it, to what is theirs: one query for all of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import CharField, Expression, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.module_loading import import_string

from config.common.models import AuditEvent
from customers import history
from customers.models import Customer


@dataclass(frozen=True)
class Story:
    """What an app adds to the timeline of a customer."""

    about: list[QuerySet]  # the things whose threads of the trail are told; slice them to so many of the newest
    tell: Callable[[AuditEvent], dict]  # an event of such a thread as an item of components/_timeline.html
    reads: dict[str, Expression] = field(default_factory=dict)  # what `tell` needs, read along with the event


def timeline(customer, most: int) -> tuple[list[dict], bool]:
    """The newest so many items, newest first, and whether there are more."""
    stories = [_own(customer), *(import_string(path)(customer) for path in settings.CUSTOMER_STORIES)]
    events = list(_events(stories, most + 1))
    tellers = {rows.model._meta.model_name: story.tell for story in stories for rows in story.about}
    return [tellers[event.thread.partition(":")[0]](event) for event in events[:most]], len(events) > most


def _own(customer) -> Story:
    return Story(about=[Customer.objects.filter(pk=customer.pk)], tell=lambda event: history.items([event])[0])


def _events(stories, most):
    """First which ones, from the index alone; then what they say.

    `seq + 0`: PostgreSQL would else walk the whole trail back from its newest event, in search of a quiet customer's.
    """
    threads = [_threads(rows) for story in stories for rows in story.about]
    told = AuditEvent.objects.filter(thread__in=threads[0].union(*threads[1:], all=True))
    newest = told.order_by((F("seq") + 0).desc()).values("seq")[:most]
    reads = {name: fact for story in stories for name, fact in story.reads.items()}
    return AuditEvent.objects.filter(seq__in=newest).annotate(**reads).order_by("-seq")


def _threads(rows):
    """Their names in the trail, as `thread_of` makes them. SQLite takes no slice in a union but within a condition."""
    model = rows.model
    name = Concat(Value(f"{model._meta.model_name}:"), Cast("pk", CharField()))
    return model._default_manager.filter(pk__in=rows.values("pk")).order_by().values_list(name)
