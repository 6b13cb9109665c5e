"""The only door to the renderer: the PDF of an opened invoice, made once, stored with its hash, never made again."""

import base64
import hashlib
import io
import logging
import re
from decimal import Decimal

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.template.loader import get_template, render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from PIL import Image

from config.common.errors import DomainError
from customers.models import Organization

from .formats import NBSP
from .models import Document, Invoice
from .paper import fonts
from .paper.account import account
from .paper.qr import payment_code
from .paper.rendering import RenderFailure, render, start
from .paper.sheet import sheet
from .snapshots import parties

__all__ = [
    "DocumentLost",
    "RenderFailure",
    "draft_pdf",
    "ensure_pdf",
    "keep_logo",
    "kept_logo",
    "logo_of",
    "read",
    "sample_pdf",
    "statement_pdf",
    "stored_pdf",
    "warm",
]

log = logging.getLogger(__name__)

_ANY_IBAN = "NL91ABNA0417164300"  # the registry's own example
_LOGO_WIDTH, _LOGO_HEIGHT = 220, 36  # points


class DocumentLost(DomainError):
    """A stored file is gone or is no longer the file that was stored."""


def ensure_pdf(invoice: Invoice) -> Document:
    """The stored PDF of an opened invoice in its language; made and stored by the first call, the same row ever after.

    Call it outside any transaction that holds other writes: it takes up to a minute. Of two calls at once one row
    wins and both return it. DomainError for a draft; RenderFailure where no page could be made.
    """
    if invoice.is_draft:
        raise DomainError(_("A draft has no PDF to keep: it has no number yet. Open it first."))
    stored = stored_pdf(invoice)
    if stored is not None:
        return stored
    content, warnings = _make(invoice)
    digest = hashlib.sha256(content).hexdigest()
    path = storages["documents"].save(f"pdf/{digest[:2]}/{digest}.pdf", ContentFile(content))
    try:
        with transaction.atomic():
            return Document.objects.create(
                invoice=invoice,
                format=Document.Format.PDF,
                language=invoice.language,
                name=_file_name(invoice),
                path=path,
                sha256=digest,
                size=len(content),
                warnings=warnings,
            )
    except IntegrityError:
        winner = stored_pdf(invoice)
        if winner is None:
            raise
        return winner


def draft_pdf(invoice: Invoice) -> bytes:
    """How a draft would look, marked as such and without a number; stored nowhere. DomainError once it is opened."""
    if not invoice.is_draft:
        raise DomainError(_("This invoice is opened: its PDF is stored and never made again."))
    return _make(invoice)[0]


def sample_pdf(invoice: Invoice, *, seller: dict, buyer: dict, paper: dict) -> bytes:
    """How any invoice, also one in memory alone, would look on other paper; stored nowhere."""
    return _drawn(invoice, seller, buyer, paper)[0]


def statement_pdf(statement, *, customer, organization) -> bytes:
    """A statement of account in the customer's language; stored nowhere, for it is of the moment."""
    with override(customer.language):
        page = account(statement, customer=customer, organization=organization)
        html = render_to_string("documents/statement.html", {"page": page, "font_css": fonts.font_css()})
    return render(html)[0]


def read(document: Document) -> bytes:
    """The stored bytes. DocumentLost where the file is gone or its hash is not the one it was stored with."""
    try:
        with storages["documents"].open(document.path) as file:
            content = file.read()
    except OSError:
        raise DocumentLost(
            _("The stored file %(name)s is gone. Bring %(path)s back from a backup of the documents folder.")
            % {"name": document.name, "path": document.path}
        ) from None
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise DocumentLost(
            _(
                "The stored file %(name)s is not the one that was made: somebody or something changed it. "
                "Bring %(path)s back from a backup of the documents folder."
            )
            % {"name": document.name, "path": document.path}
        )
    return content


def keep_logo(picture: bytes) -> str:
    """Keep a cleaned picture with the documents, under the hash that papers and templates name it by."""
    digest = hashlib.sha256(picture).hexdigest()
    path = f"logos/{digest}.png"
    if not storages["documents"].exists(path):
        storages["documents"].save(path, ContentFile(picture))
    return digest


def kept_logo(digest: str) -> bytes | None:
    """What keep_logo kept; None where it is gone."""
    try:
        with storages["documents"].open(f"logos/{digest}.png") as file:
            return file.read()
    except OSError:
        return None


def warm():
    """Have all that a page needs loaded before the first asks for it; the renderer loads by itself meanwhile."""
    start()
    fonts.undrawable("Dunlin")
    get_template("documents/invoice.html")
    payment_code(currency="EUR", amount=Decimal(1), holder="Dunlin", number=_ANY_IBAN, bic="", reference="1")


def stored_pdf(invoice: Invoice) -> Document | None:
    """The PDF of an opened invoice, where it was made already."""
    return invoice.documents.filter(format=Document.Format.PDF, language=invoice.language).first()


def _make(invoice: Invoice) -> tuple[bytes, list[str]]:
    return _drawn(invoice, *parties(invoice))


def _drawn(invoice: Invoice, seller: dict, buyer: dict, paper: dict) -> tuple[bytes, list[str]]:
    missing_in_name = fonts.undrawable([buyer.get("name") or ""])
    latin = (buyer.get("latin_name") or "") if missing_in_name else ""
    if latin:
        buyer = {**buyer, "name": latin}
    with override(invoice.language):
        context = sheet(invoice, seller=seller, buyer=buyer, paper=paper)
    digest = paper.get("logo_sha256") or ""
    context["logo"], context["logo_height"], logo_lost = _logo(digest)
    context["foot"] = _foot(context)
    with override(invoice.language):
        html = render_to_string("documents/invoice.html", {"sheet": context, "font_css": fonts.font_css()})
    content, complaints = render(html)
    for complaint in complaints:
        if not complaint.startswith("No font"):  # those are told by the document's own warnings
            log.info("PDF of invoice %s: %s", invoice.pk, complaint)
    with override(settings.LANGUAGE_CODE):
        return content, _warnings(context, latin=latin, missing_in_name=missing_in_name, logo_lost=logo_lost)


def _warnings(context: dict, *, latin: str, missing_in_name: list[str], logo_lost: bool) -> list[str]:
    """What the people of the back office should know about this paper."""
    sentences = []
    if latin:
        sentences.append(
            _("The PDF shows the customer's name in Latin letters, %(name)s: no font here can print %(characters)s.")
            % {"name": latin, "characters": _listed(missing_in_name)}
        )
    missing = fonts.undrawable(_texts(context))
    if missing:
        sentences.append(
            _("The PDF leaves out %(characters)s: no font here can print them. Name one that can in PDF_FONTS.")
            % {"characters": _listed(missing)}
        )
    if logo_lost:
        sentences.append(_("The PDF has no logo: the stored picture is gone."))
    return sentences


def _listed(characters: list[str]) -> str:
    return " ".join(characters[:20]) + (" …" if len(characters) > 20 else "")


def _texts(value):
    """Every text the page shows, wherever in the context it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("logo", "code", "latin_name", "colour", "text_colour"):
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def logo_of(paper: dict) -> str:
    """The logo that the paper of an invoice shows, as a data URI; "" where it shows none."""
    return _logo(paper.get("logo_sha256") or "")[0]


def _logo(digest: str) -> tuple[str, int, bool]:
    """(data URI, height in points, is it lost): the file kept by opening, else our present logo if it is that one."""
    if not digest:
        return "", 0, False
    logo = kept_logo(digest)
    if logo is None:
        current = Organization.objects.order_by("pk").values_list("logo", flat=True).first()
        logo = bytes(current or b"")
    if hashlib.sha256(logo).hexdigest() != digest:
        return "", 0, True
    with Image.open(io.BytesIO(logo)) as picture:
        width, height = picture.size
    fitting = min(_LOGO_HEIGHT, max(1, _LOGO_WIDTH * height // width))
    return f"data:image/png;base64,{base64.b64encode(logo).decode()}", fitting, False


def _foot(context: dict) -> dict:
    """How much room the foot of every page takes; a footer too long for it goes below the last line of the document."""
    facts = f"{NBSP}· ".join(context["seller"]["facts"])
    lines = [*context["footer"].splitlines(), facts]
    rows = sum(1 + len(line) // 95 for line in lines)
    fits = rows <= 6
    rows = rows if fits else 1 + len(facts) // 95
    height = 12 + 11 * rows
    return {"facts": facts, "in_frame": fits, "height": height, "body_bottom": 30 + height + 12}


def _file_name(invoice: Invoice) -> str:
    name = re.sub(r"[^\w.-]+", "-", invoice.number).strip("-.")
    return f"{name or invoice.pk}.pdf"
