"""Every text of every table replaced by something that runs where it is not escaped."""

from itertools import cycle

from django.apps import apps
from django.db import IntegrityError, models, transaction

from config.common import guards

# Short enough for short fields; each calls xss() where a browser takes it for more than text.
PAYLOADS = [
    "<img src=x onerror=xss()>",
    '"><svg onload=xss()>',
    "<script>xss()</script>",
    "'><b onmouseover=xss()>",
    "</textarea><svg onload=xss()>",
    '" autofocus onfocus=xss() x="',
    "</script><script>xss()</script>",
    "<iframe srcdoc='<script>parent.xss()</script>'>",
    "<style>@import'/xss.css'</style>",
    "<a href=javascript:xss()>x</a>",
    "</title><script>xss()</script>",
    "<!--><script>xss()</script>-->",
    "{{7*7}}{% load x %}${xss()}",
    "<details open ontoggle=xss()>",
    "<math><mtext></form><form><mglyph><style></math><img src=x onerror=xss()>",
    "<div hx-get=/xss hx-trigger=load>",
    "javascript:xss()//",
    "\\u003cscript\\u003exss()\\u003c/script\\u003e",
]
APPS = ("common", "customers", "invoicing", "dunning", "portal")
# Chosen from lists, read by machines, or made by us: no free text ever gets there.
OURS = """
    password language currency time_zone country delivery_country accounting_currency actor_type action object_type
    thread source kind page query key mapping rows path sha256 content_sha256 recipient_hash dedupe_key html link_key
    message_id idempotency_key scheduled_zone channel bounce_kind pattern unit website registration_scheme
    endpoint_scheme occasion worker
"""
LEAST = 25  # characters: shorter columns hold codes


def poison() -> dict[str, int]:
    """Fill the tables; how many values of each field were replaced: {"customers.Customer.name": 3}."""
    guards.lift()
    try:
        return {name: n for model in _models() for name, n in _poison_table(model)}
    finally:
        guards.install()


def _models():
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


def _poison_table(model):
    for field in model._meta.concrete_fields:
        if field.name in OURS.split() or field.choices or isinstance(field, models.EmailField):
            continue
        if isinstance(field, models.JSONField):
            change = _leaves
        elif isinstance(field, models.TextField) or (
            isinstance(field, models.CharField) and (field.max_length or LEAST) >= LEAST
        ):
            change = _text
        else:
            continue
        payloads, done = cycle(PAYLOADS), 0
        for row in model._default_manager.order_by("pk"):
            value = change(getattr(row, field.attname), payloads, field)
            try:
                with transaction.atomic():
                    model._default_manager.filter(pk=row.pk).update(**{field.attname: value})
                done += 1
            except IntegrityError:  # one of its kind, or a rule of the table: then it cannot stand there either
                continue
        yield f"{model._meta.label}.{field.name}", done


def _text(value, payloads, field):
    most = field.max_length or 500
    fitting = next(payload for payload in payloads if len(payload) <= most)
    return fitting if len(fitting) + 3 > most else f"{fitting}{next(_counter):03d}"


def _leaves(value, payloads, field):
    if isinstance(value, str):
        figure = value[:1].isdigit() or value[:1] == "-"  # dates and amounts: nobody types them into a free text
        return value if figure or not value else next(payloads)
    if isinstance(value, dict):
        kept = ("country", "currency", "logo_sha256", "kind", "language", "status", "email", "vat_id")
        return {key: inner if key in kept else _leaves(inner, payloads, field) for key, inner in value.items()}
    if isinstance(value, list):
        return [_leaves(inner, payloads, field) for inner in value]
    return value


_counter = cycle(range(1000))
