"""Reading a document leaf by leaf, remembering which were read: what is left over can be told, never lost."""

import re
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")


class Ledger:
    """What was read of one document and what was wrong with it."""

    def __init__(self, root, namespaces: dict):
        self.namespaces = namespaces
        self.problems: list[str] = []
        self._root = root
        self._seen = set()  # holds the elements, so that their identity lasts

    def node(self):
        return Node(self._root, self)

    def mark(self, element):
        self._seen.add(element)

    def refuse(self, sentence):
        if sentence not in self.problems:
            self.problems.append(sentence)

    def unread(self):
        """(path of local names below the root, text) of every leaf with text that nobody read."""
        stack = [(self._root, ())]
        while stack:
            element, path = stack.pop()
            children = list(element)
            stack += [(child, (*path, _local(child))) for child in reversed(children)]
            if not children and element not in self._seen and (text := _text(element)):
                yield path, text


class Node:
    """An element, asked by paths such as "cac:Price/cbc:PriceAmount". Nothing found is "" or None, never an error."""

    def __init__(self, element, ledger: Ledger, where: str = ""):
        self.element = element
        self.ledger = ledger
        self.where = where  # words that begin a refusal: "Line 3: "

    def one(self, path):
        """The first element there, or None; further ones stay unread."""
        found = self.element.find(path, self.ledger.namespaces)
        return None if found is None else Node(found, self.ledger, self.where)

    def all(self, path, where=""):
        found = self.element.findall(path, self.ledger.namespaces)
        return [Node(element, self.ledger, where or self.where) for element in found]

    def has(self, path) -> bool:
        return self.element.find(path, self.ledger.namespaces) is not None

    def own_text(self) -> str:
        self.ledger.mark(self.element)
        return _text(self.element)

    def text(self, path) -> str:
        found = self.one(path)
        return found.own_text() if found else ""

    def texts(self, path) -> tuple[str, ...]:
        return tuple(text for text in (found.own_text() for found in self.all(path)) if text)

    def attribute(self, path, name) -> str:
        found = self.element.find(path, self.ledger.namespaces)
        return "" if found is None else (found.get(name) or "").strip()

    def decimal(self, path) -> Decimal | None:
        """A plain decimal number (no exponent, no NaN); anything else is a reason to refuse."""
        text = self.text(path)
        if not text:
            return None
        if not _DECIMAL.fullmatch(text):
            self.refuse(_("%(what)s is not a number: “%(text)s”."), what=_label(path), text=text[:40])
            return None
        return Decimal(text)

    def amount(self, path, currency, *, required=False) -> Decimal | None:
        """An amount; refused where it is in another currency than the document."""
        value = self.decimal(path)
        if value is None:
            if required and not self.text(path):
                self.refuse(_("%(what)s is missing."), what=_label(path))
            return None
        stated = self.attribute(path, "currencyID")
        if stated and stated != currency:
            self.refuse(
                _("%(what)s is in %(other)s, the document in %(currency)s. All amounts have to be in one currency."),
                what=_label(path), other=stated[:10], currency=currency,
            )  # fmt: skip
        return value

    def day(self, path) -> date | None:
        text = self.text(path)
        if not text:
            return None
        found = _DATE.fullmatch(text)
        try:
            return date.fromisoformat(found[1] if found else text)
        except ValueError:
            self.refuse(_("%(what)s is not a date: “%(text)s”."), what=_label(path), text=text[:40])
            return None

    def refuse(self, sentence, **words):
        self.ledger.refuse(self.where + (sentence % words if words else sentence))


def _text(element) -> str:
    return " ".join((element.text or "").split()) if "\n" not in (element.text or "") else _paragraphs(element.text)


def _paragraphs(text) -> str:
    """Line breaks of a note are kept, indentation is not."""
    return "\n".join(line.strip() for line in text.strip().splitlines()).strip()


def _local(element) -> str:
    return element.tag.rpartition("}")[2]


def _label(path) -> str:
    """The element's own name: what someone who mends the file looks for."""
    return path.rpartition(":")[2]
