"""The German texts: complete, with the same place-holders, and compiled from what is written."""

import ast
import gettext
import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from invoicing.models import BatchOperation

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "locale" / "de" / "LC_MESSAGES"
ROOMS = ("config", "customers", "invoicing", "dunning", "portal")
PLACE_HOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{[a-z_:0-9]+\}|</?[a-z]+>")
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


@pytest.fixture(scope="module")
def written():
    with (FOLDER / "django.po").open("rb") as file:
        return [message for message in read_po(file, locale="de") if message.id]


def _texts(message):
    """Pairs of English and German: one, or one for each plural."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return [(message.id[1], german) for german in message.string]


def _key(message_id, context):
    return context or "", message_id if isinstance(message_id, str) else message_id[0]


def _said():
    """Every text of the program, by (context, English)."""
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    sources += [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    for path in sources:
        code = path.read_text()
        if path.suffix != ".py":
            code = re.sub(r"(?m)^\s+", "", templatize(code, origin=str(path)))  # its indents mean nothing
        for _line, message_id, _comments, context in extract("python", io.BytesIO(code.encode()), CALLS):
            if message_id:
                yield _key(message_id, context)


def _asked_at_import(path):
    """Calls of the eager functions that run when the module is read: labels of fields, choices, defaults."""
    tree = ast.parse(path.read_text())
    imports = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "django.utils.translation")
    eager = {a.asname or a.name for n in imports for a in n.names if re.fullmatch(r"n?p?gettext", a.name)}
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in eager:
            yield f"{path.relative_to(ROOT)}:{node.lineno}"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_no_text_is_put_into_a_language_before_its_reader_is_known():
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]

    early = [place for path in sources for place in _asked_at_import(path)]

    assert early == [], "Use the lazy function here: these stay English for everybody."


def test_every_text_of_the_program_has_its_german(written):
    known = {_key(message.id, message.context) for message in written}

    wanting = sorted(set(_said()) - known)

    assert wanting == [], "Run manage.py makemessages -l de, translate, then manage.py compilemessages."


def test_every_text_is_translated_and_none_is_a_guess(written):
    wanting = [m.id for m in written if m.fuzzy or not all(german for _english, german in _texts(m))]

    assert wanting == []


def test_every_text_keeps_its_place_holders(written):
    for message in written:
        for english, german in _texts(message):
            has_plural = not isinstance(message.id, str)  # "one file" needs no number
            lost = set(PLACE_HOLDERS.findall(english)) ^ set(PLACE_HOLDERS.findall(german))
            assert not lost or (has_plural and lost <= {"%(n)s", "%(n)d"}), (english, german)


def test_what_is_compiled_is_what_is_written(written):
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    for message in written:
        context, one = _key(message.id, message.context)
        for count, (_english, german) in zip((1, 2), _texts(message), strict=False):
            many = one if isinstance(message.id, str) else message.id[1]
            found = compiled.npgettext(context, one, many, count) if context else compiled.ngettext(one, many, count)
            if isinstance(message.id, str):
                found = compiled.pgettext(context, one) if context else compiled.gettext(one)
            assert found == german


def test_the_state_and_the_act_are_two_words():
    with translation.override("de"):
        assert translation.gettext("Open") == "Offen"
        assert translation.pgettext("the act", "Open") == "Ausstellen"
        assert BatchOperation.Action.OPEN.label == "Ausstellen"
        assert translation.pgettext("title on paper", "Credit note") == "Rechnungskorrektur"
