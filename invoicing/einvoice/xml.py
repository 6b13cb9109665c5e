"""Strange XML, read without harm: no DTD, no entities, no network, bounded in size, depth and number of elements."""

import hashlib
from xml.parsers import expat

from django.utils.translation import gettext as _
from lxml import etree

from config.common.errors import DomainError

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 60
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 60  # from the root down to an element, namespaces included: canonical XML looks at all of them


class Refusal(DomainError):
    """A file that is not taken in; `reasons` are sentences for the person who brought it."""

    def __init__(self, *reasons: str):
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def parse(content: bytes):
    """The root element. Refusal for anything but well-formed, harmless XML of reasonable size."""
    if not content.strip():
        raise Refusal(_("The file is empty."))
    if len(content) > MAX_BYTES:
        raise Refusal(too_large())
    _screen(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise Refusal(_not_xml()) from None
    if root.getroottree().docinfo.doctype:
        raise Refusal(_has_dtd())
    return root


def fingerprint(root) -> str:
    """SHA-256 of the canonical XML (C14N without comments): the same for every way to write down the same document."""
    try:
        canonical = etree.tostring(root, method="c14n", with_comments=False)
    except (etree.C14NError, ValueError):
        raise Refusal(_not_xml()) from None
    return hashlib.sha256(canonical).hexdigest()


def too_large() -> str:
    return _("The file is larger than %(limit)s MB. An invoice without its attachments is far smaller.") % {
        "limit": MAX_BYTES // 1024 // 1024
    }


def _screen(content):
    """Walk through once without building anything; stops at the first sign of trouble, before any entity counts."""
    path, count, in_force = [], 0, 0  # path: how many attributes each open element has

    def start(_name, attributes):
        nonlocal count, in_force
        path.append(len(attributes))
        count, in_force = count + 1, in_force + len(attributes)
        if len(path) > MAX_DEPTH or count > MAX_ELEMENTS or in_force > MAX_ATTRIBUTES:
            raise Refusal(_("The file is nested too deeply or has too many parts to be an invoice."))

    def end(_name):
        nonlocal in_force
        in_force -= path.pop()

    def doctype(*_arguments):
        raise Refusal(_has_dtd())

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise Refusal(_not_xml()) from None


def _not_xml():
    return _("The file is not XML, or it is damaged. Export it again and bring the .xml file itself.")


def _has_dtd():
    return _("The file has a document type declaration (DTD). E-invoices have none, so it is refused for safety.")
