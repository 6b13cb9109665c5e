"""What an email says, and the message that leaves: composed once, the same bytes on every retry."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import clock
from config.common.currency import amount_text
from customers.models import Organization

from . import formats, letters, links, merge
from .models import Delivery, Invoice
from .paper.sheet import address, title
from .snapshots import parties

LINES_SHOWN = 8
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r"""[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"'@<>\\()\[\],;:=?]+""")


@dataclass(frozen=True)
class Content:
    """The parts of an email, in the customer's language."""

    subject: str
    text: str
    html: str


def compose(
    invoice: Invoice,
    *,
    subject: str,
    message: str,
    contact_name: str = "",
    language: str = "",
    readers: dict[str, list[str]] | None = None,
    link: str = "",
    on: date | None = None,
    kind: str = letters.INVOICE,
    received: letters.Received | None = None,
) -> Content:
    """Fill the fields of `subject` and `message` and lay both out around the invoice's figures.

    `readers` as on Delivery: {"to": […], "cc": […], "copy": […]}; the text names them all. `link` is where the button
    leads; a reader without one has no button, and reads the number where the message says {portal_link}. `on` is the
    day that {days_late} counts to (default: today, where the organization is). A `kind` of receipt says what was
    `received`.
    """
    language = language or invoice.language
    seller, _buyer, _paper = parties(invoice)
    with override(language):
        values = values_for(invoice, contact_name, language=language, on=on)
        values |= letters.values(invoice, received, language)
        document = " ".join(filter(None, [title(invoice), invoice.number]))
        words = _clean(merge.fill(message, {**values, "portal_link": link or invoice.number})).strip()
        context = {
            "language": language,
            "heading": document,
            "organization": values["organization"],
            "message": words,
            "link": link,
            "link_label": _link_label(invoice),
            "footer": ", ".join([seller.get("name") or "", *address(seller, language)]),
            "readers": _readers_named(readers or {}),
            **_figures(invoice, language),
            **letters.setting(kind, invoice, received, document, language),
        }
        return Content(
            subject=merge.fill_subject(subject, values)[:250],
            text=_without_gaps(render_to_string("emails/invoice.txt", context)),
            html=render_to_string("emails/invoice.html", {**context, "message": _linked(words, link)}),
        )


def values_for(invoice, contact_name: str = "", *, language: str = "", on: date | None = None) -> dict[str, str]:
    """The merge fields of an invoice as text in its customer's language and formats.

    What day it is is asked only where {days_late} stands in the text: reading it costs a row with our logo in it.
    """
    language = language or invoice.language
    seller, buyer, _paper = parties(invoice)

    def days_late():
        return str(invoice.days_late(on or clock.today(Organization.objects.current().time_zone)))

    def money(minor):
        return formats.money_text(minor, invoice.currency, language).replace(formats.NBSP, " ")

    return {
        "number": invoice.number,
        "customer": buyer.get("name") or invoice.customer_name,
        "contact": contact_name or buyer.get("attention") or buyer.get("name") or invoice.customer_name,
        "amount_due": money(_due(invoice)),
        "total": money(invoice.total),
        "issue_date": formats.date_text(invoice.issued_on, language),
        "due_date": formats.date_text(invoice.due_on, language),
        "days_late": SimpleLazyObject(days_late),
        "organization": seller.get("trade_name") or seller.get("name") or "",
    }


def sender_of(invoice: Invoice) -> str:
    """The From line: the organization's name before the address of the installation, safe as a header."""
    seller, _buyer, _paper = parties(invoice)
    name = seller.get("trade_name") or seller.get("name") or ""
    return _named(name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])


def message_for(delivery: Delivery, pdf: bytes, *, name: str) -> EmailMultiAlternatives:
    """The message of a composed delivery with its PDF attached under `name`: byte for byte the same each time.

    ValueError where the PDF is empty or the delivery is not composed yet: an invoice never leaves without its paper.
    links.KeyGone where its link cannot be made again.
    """
    if not pdf or delivery.composed_at is None:
        raise ValueError("A message needs its PDF and its composed text.")
    text, html = delivery.text, delivery.html
    if delivery.link_key:
        token = links.token_of(delivery)
        text, html = links.put_in(text, token), links.put_in(html, token)
    sender_name, sender_address = parseaddr(delivery.sender)
    message = _SameBytes(
        subject=_one_line(delivery.subject),
        body=text,
        from_email=_named(sender_name, sender_address),
        to=[_named(delivery.recipient_name, delivery.recipient)],
        reply_to=[delivery.reply_to] if delivery.reply_to else None,
        headers={
            "Message-ID": delivery.message_id,
            "Date": format_datetime(delivery.composed_at.astimezone(UTC)),
            "Auto-Submitted": "auto-generated",
            "X-AR-Delivery": str(delivery.public_id),
        },
    )
    message.attach_alternative(_with_pixel(delivery, html), "text/html")
    message.attach(_one_line(name), pdf, "application/pdf")
    return message


def _with_pixel(delivery, html: str) -> str:
    """What is stored has none, so that looking at it here is no open; where opens are measured it leaves with one."""
    if not delivery.is_tracked:
        return html
    address = settings.BASE_URL + reverse("pixel", args=[delivery.public_id.hex])
    pixel = f'<img src="{address}" width="1" height="1" alt="">'
    before, end, after = html.rpartition("</body>")
    return f"{before}{pixel}{end}{after}"


class _SameBytes(EmailMultiAlternatives):
    """Boundaries come from the Message-ID instead of chance."""

    def message(self, *args, **kwargs):
        made = super().message(*args, **kwargs)
        for place, part in enumerate(part for part in made.walk() if part.is_multipart()):
            seed = f"{self.extra_headers['Message-ID']}/{place}"
            part.set_boundary(f"=_{hashlib.sha256(seed.encode()).hexdigest()[:40]}")
        return made


def _link_label(invoice: Invoice) -> str:
    if invoice.is_credit_note:
        return _("View credit note")
    return _("View and pay invoice") if _due(invoice) > 0 else _("View invoice")


def _linked(words: str, link: str) -> str:
    """The message as HTML, where its link can be followed."""
    anchor = format_html('<a class="link" href="{0}" style="color:#0b5c75;">{0}</a>', link)
    return format_html_join(anchor, "{}", ((part,) for part in (words.split(link) if link else [words])))


def _due(invoice: Invoice) -> int:
    """What is left to pay, minor units; reckoned here because a row just made has not read its generated column."""
    return invoice.total - invoice.prepaid - invoice.settled


def _figures(invoice: Invoice, language: str) -> dict:
    def amount(minor):
        return amount_text(minor, invoice.currency, language)

    lines = list(invoice.lines.all())
    shown = lines if len(lines) <= LINES_SHOWN + 1 else lines[:LINES_SHOWN]
    rest = lines[len(shown) :]
    rows = [(_line_name(line, language), amount(line.net)) for line in shown]
    if rest:
        rows.append((_("and %(count)d more") % {"count": len(rest)}, amount(sum(line.net for line in rest))))
    adjusted = invoice.net_total - sum(line.net for line in lines)
    # What a credit note settles is not said: it names the amount credited, wherever that goes.
    credited = 0 if invoice.is_credit_note else invoice.settled_by_credit
    paid = 0 if invoice.is_credit_note else invoice.settled - credited
    extra = [
        (_("Allowances and charges"), adjusted),
        (_("Tax"), invoice.tax_total),
        (_("Prepaid"), -invoice.prepaid),
        (_("Credited"), -credited),
        (_("Paid so far"), -paid),
    ]
    rows += [(label, amount(minor)) for label, minor in extra if minor]
    due = invoice.total if invoice.is_credit_note else _due(invoice)
    return {
        "currency": invoice.currency,
        "sum": amount(due),
        "rows": rows,
        "sum_label": _("Amount credited") if invoice.is_credit_note else _("Amount due"),
        "when": _when(invoice, due, language),
    }


def _line_name(line, language: str) -> str:
    if line.quantity == 1 and line.unit == "C62":
        return line.name
    measure = formats.measure_text(line.quantity, line.unit, language)
    return f"{line.name}, {measure}" if line.unit != "C62" else f"{line.name} × {measure}"


def _when(invoice: Invoice, due: int, language: str) -> str:
    if invoice.is_credit_note:
        return _("Credited to you on %(date)s") % {"date": formats.date_text(invoice.issued_on, language)}
    if due == 0:
        return _("Nothing is left to pay")
    return _("Due on %(date)s") % {"date": formats.date_text(invoice.due_on, language)} if invoice.due_on else ""


def _readers_named(readers: dict[str, list[str]]) -> str:
    to, copies = readers.get("to") or [], [*(readers.get("cc") or []), *(readers.get("copy") or [])]
    if not to:
        return ""
    if not copies:
        return _("This email went to %(to)s.") % {"to": ", ".join(to)}
    return _("This email went to %(to)s, copies to %(copies)s.") % {"to": ", ".join(to), "copies": ", ".join(copies)}


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _one_line(text: str) -> str:
    """A header's text: no line break, and nothing a mail program would decode into something else."""
    return " ".join(_CONTROLS.sub(" ", text).split()).replace("=?", "= ?")


def _named(name: str, email: str) -> str:
    """`Name <address>` with a name that can be no second address, no comment and no encoded word."""
    plain = " ".join(_NOT_IN_NAMES.sub(" ", name).split())[:70].strip()
    return formataddr((plain, email)) if plain else email


def _without_gaps(text: str) -> str:
    """At most one empty line in a row, whatever parts of the template stayed empty."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
