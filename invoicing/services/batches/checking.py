"""The preflight: what would become of each invoice if the batch ran now. Advice alone; the run asks everything again.

Most invoices are in order, so the database first finds those that may not be; only these are looked at one by one, by
the very functions that opening and sending ask.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.common import clock, roles
from customers.models import Organization

from ...models import DeliveryDocument, Invoice, InvoiceTemplateText
from ...models.wording import in_language
from .. import completeness, numbering, scheduling
from ..opening import changed_meanwhile
from . import conflicts, mailing, suspecting, timing
from .facts import Fact, chunks, facts_of
from .wishes import Action, Wishes, not_meant

SHOWN = 50
MOST_FOR_CLERKS = 500


@dataclass(frozen=True)
class Finding:
    """An invoice that would fail (its key), why, and where that is mended."""

    invoice: int
    sentence: str
    mend: str


@dataclass
class Looked:
    """What was found in some invoices: who has no part in it, and who would fail."""

    skipped: dict[int, str] = field(default_factory=dict)
    failing: list[Finding] = field(default_factory=list)
    again: int = 0  # sent before, and going out once more
    risen: dict[date, int] = field(default_factory=dict)  # issued on that day, because dates must rise: how many
    zones: set[str] = field(default_factory=set)  # of the customers who would get something


@dataclass(frozen=True)
class Preflight:
    """For the dialog. `failing` counts all that would fail, `findings` are the first of them."""

    total: int
    succeed: int
    failing: int
    findings: list[tuple[Invoice, Finding]]
    skipped: list[tuple[str, int]]
    warnings: list[str]
    refusal: str  # why it would be refused whole; ""
    timing: timing.Timing


def preflight(selection, *, by, wishes: Wishes, on: date) -> Preflight:
    """Look at all of a selection. `on` is today in the organization's time zone. Changes nothing."""
    found, reasons, total = Looked(), Counter(), 0
    versions = dict(selection.rows)
    for pks in chunks(list(versions)):
        facts = facts_of(pks)
        looked = look(pks, by=by, wishes=wishes, on=on, facts=facts, versions=versions)
        total += len(facts)
        found.failing += looked.failing
        found.again += looked.again
        reasons.update(looked.skipped.values())
        found.zones |= looked.zones
        for day, n in looked.risen.items():
            found.risen[day] = found.risen.get(day, 0) + n
    shown = Invoice.objects.in_bulk([finding.invoice for finding in found.failing[:SHOWN]])
    skipped = sum(reasons.values())
    return Preflight(
        total=total,
        succeed=total - skipped - len(found.failing),
        failing=len(found.failing),
        findings=[(shown[each.invoice], each) for each in found.failing[:SHOWN] if each.invoice in shown],
        skipped=reasons.most_common(),
        warnings=_warnings(found),
        refusal=refusal(selection, by=by, wishes=wishes),
        timing=timing.timing_of(wishes, found.zones, now=clock.now()),
    )


def look(
    pks: list[int],
    *,
    by,
    wishes: Wishes,
    on: date,
    facts: dict[int, Fact] | None = None,
    versions: Mapping[int, int] | None = None,
    leaving_out: bool = True,
) -> Looked:
    """Look at up to 1,000 invoices; `versions` as they were chosen, by key: a draft that changed since would fail.

    Without `leaving_out` nobody asks who would fail: the run will say so.
    """
    facts = facts_of(pks) if facts is None else facts
    found = Looked(skipped=conflicts.running(pks))
    if wishes.action == Action.MARK or wishes.mails:
        found.skipped = _under_way(pks) | found.skipped
    for fact in facts.values():
        sentence = not_meant(wishes, status=fact.status, billed=fact.billed)
        if sentence:
            found.skipped.setdefault(fact.pk, sentence)
    meant = [fact for fact in facts.values() if fact.pk not in found.skipped]
    found.again = sum(fact.billed for fact in meant) if wishes.mails else 0
    found.zones = {fact.zone for fact in meant if fact.zone} if wishes.waits else set()
    if leaving_out:
        found.failing = list(_failing(meant, by, wishes, on, versions or {}))
        _note_risen(found, meant, wishes, on)
    return found


def refusal(selection, *, by, wishes: Wishes) -> str:
    """Why the whole batch is refused, whatever its invoices are like; "" where it may run."""
    if len(selection.rows) > MOST_FOR_CLERKS and not roles.may(by, "batch.run_large"):
        return _(
            "More than %(most)s invoices in one operation need the role %(role)s. Choose fewer, or ask a manager."
        ) % {"most": MOST_FOR_CLERKS, "role": roles.LEAST_ROLE["batch.run_large"].label}
    if not wishes.mails:
        return ""
    organization = Organization.objects.current()
    texts = [
        (_("subject"), wishes.subject, "subject", ""),
        (_("reply-to address"), wishes.reply_to, "reply_to", organization.email),
    ]
    for name, shared, column, otherwise in texts:
        if shared or otherwise:
            continue
        missing = _using(selection, _blank_in(column))
        if missing:
            return ngettext(
                "%(n)d email would have no %(what)s: its template has none. Type one here, or add it to the template.",
                "%(n)d emails would have no %(what)s: their templates have none. Type one here, or add it to the "
                "templates.",
                missing,
            ) % {"n": missing, "what": name}
    return ""


def _blank_in(column) -> dict[int, dict[str, bool]]:
    """Templates that say nothing there in some language: whether it is blank, by language; "" for all others."""
    found = {}
    for template, texts in InvoiceTemplateText.by_template().items():
        blank = {text.language: not getattr(text, column) for text in texts}
        if any(blank.values()):
            found[template] = {**blank, "": not getattr(in_language(texts, ""), column)}
    return found


def _using(selection, blank: dict[int, dict[str, bool]]) -> int:
    if not blank:
        return 0
    return sum(
        fact.template in blank and blank[fact.template].get(fact.language, blank[fact.template][""])
        for pks in chunks([pk for pk, _version in selection.rows])
        for fact in facts_of(pks).values()
    )


def _under_way(pks) -> dict[int, str]:
    rows = DeliveryDocument.objects.filter(invoice__in=pks, kind="invoice", live=True, delivery__role="to")
    sentence = _("An email with it is scheduled, under way or of unknown outcome.")
    return dict.fromkeys(rows.values_list("invoice_id", flat=True), sentence)


def _failing(facts, by, wishes, on, versions) -> Iterator[Finding]:
    """Who would fail. A draft is opened or refused with its mail: both or neither."""
    drafts = (fact for fact in facts if fact.status == Invoice.Status.DRAFT and wishes.opens)
    changed = {fact.pk for fact in drafts if versions.get(fact.pk, fact.version) != fact.version}
    yield from (Finding(pk, changed_meanwhile(), "draft") for pk in sorted(changed))
    pks = [fact.pk for fact in facts if fact.pk not in changed]
    when = timing.timing_of(wishes, {fact.zone for fact in facts if fact.zone}, now=clock.now())
    suspects = suspecting.suspicious(
        Invoice.objects.filter(pk__in=pks),
        wishes=wishes,
        on=min(when.days.values(), default=on),
        late_zones=list(when.refusals),
    )
    related = suspects.select_related("customer", "template", "corrects")
    invoices = list(related.prefetch_related("lines", "tax_lines", "template__texts").order_by("pk"))
    if not invoices:
        return
    organization = Organization.objects.current()
    contacts = mailing.contacts_of(invoices) if wishes.mails else {}
    for invoice in invoices:
        zone = invoice.customer.time_zone if invoice.customer else ""
        opened_on = when.days.get(zone, on)
        if invoice.is_draft and invoice.is_credit_note and not roles.may(by, "invoice.credit"):
            yield Finding(invoice.pk, roles.refusal("invoice.credit"), "")
        elif (
            invoice.is_draft
            and wishes.opens
            and (found := completeness.problems(invoice, on=opened_on, seller=organization))
        ):
            yield Finding(invoice.pk, " ".join(each.sentence for each in found), found[0].field)
        elif zone in when.refusals:
            yield Finding(invoice.pk, when.refusals[zone], "customer_profile")
        elif wishes.waits and not invoice.is_draft and scheduling.too_late(invoice):
            yield Finding(invoice.pk, scheduling.too_late_sentence(invoice), "")
        elif wishes.mails:
            letter = mailing.letter_of(
                invoice, wishes=wishes, contacts=contacts.get(invoice.customer_id, []), organization=organization
            )
            if isinstance(letter, mailing.Refusal):
                yield Finding(invoice.pk, letter.sentence, letter.mend)


def _note_risen(found, meant, wishes, on):
    if not wishes.opens or wishes.waits:
        return
    failing = {each.invoice for each in found.failing}
    first: dict[str, date] = {}
    for fact in meant:
        if fact.status != "draft" or fact.issued_on is None or fact.pk in failing:
            continue
        if fact.kind not in first:
            first[fact.kind] = numbering.issue_date(fact.kind, date.min, on=on)
        if fact.issued_on < first[fact.kind]:
            found.risen[first[fact.kind]] = found.risen.get(first[fact.kind], 0) + 1


def _warnings(found: Looked) -> list[str]:
    sentences = []
    if found.again:
        sentences.append(
            ngettext(
                "%(n)d of them was sent before and goes out once more.",
                "%(n)d of them were sent before and go out once more.",
                found.again,
            )
            % {"n": found.again}
        )
    for day, n in sorted(found.risen.items()):
        sentences.append(
            ngettext(
                "%(n)d will be issued on %(date)s instead of its own date: the dates of its number series must rise.",
                "%(n)d will be issued on %(date)s instead of their own dates: the dates of their number series must "
                "rise.",
                n,
            )
            % {"n": n, "date": formats.date_format(day)}
        )
    return sentences
