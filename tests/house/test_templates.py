"""Templates show: they parse, hold no inline script or style, switch off no escaping, and none is left over."""

import re

import pytest
from django.template import TemplateDoesNotExist, engines
from django.template.loaders.app_directories import Loader as AppLoader

from .source import ROOT, modules, name_of, templates

HTML = [template for template in templates() if template.suffix == ".html"]
# A mail program and the PDF renderer know no style sheet of ours; they get no script either.
OWN_STYLE = ("templates/emails/", "templates/documents/")
ASKED_BY_DJANGO = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}
# mark_safe and |safe: only where the text is made by us from parts that are escaped.
MAY_MARK_SAFE = {
    "config/common/templatetags/dunlin.py",  # an attribute without a value in it; a block that was escaped already
    "templates/documents/invoice.html",  # the paths of the packaged fonts, as CSS
    "templates/documents/statement.html",  # the same
}


@pytest.mark.parametrize("template", templates(), ids=str)
def test_every_template_parses(template):
    engines["django"].get_template(name_of(template))


@pytest.mark.parametrize("template", HTML, ids=str)
def test_no_inline_script_style_or_handler(template):
    text = re.sub(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", "", (ROOT / template).read_text(), flags=re.S)

    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<[^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=", text) == []
    assert re.findall(r"javascript:|hx-vals=[\"']?js:", text) == []
    if not str(template).startswith(OWN_STYLE):
        assert re.findall(r"<style|<[^>]*\sstyle\s*=", text) == []


@pytest.mark.parametrize("template", [*templates(), *modules()], ids=str)
def test_nothing_switches_escaping_off(template):
    text = (ROOT / template).read_text()
    if str(template) in MAY_MARK_SAFE:
        return
    switches = r"\|\s*safe(seq)?\b|autoescape off" if template.suffix != ".py" else r"\bmark_safe\(|\bSafeString\("

    # A mail's plain text part is not HTML: nothing to escape there.
    if template.suffix != ".txt":
        assert re.findall(switches, text) == []


def test_no_template_is_left_over():
    sources = "\n".join((ROOT / path).read_text() for path in (*modules(), *templates()))
    packaged = AppLoader(engines["django"].engine)

    def overrides(name):
        """Whether a package of ours brings a template of this name, which ours replaces."""
        try:
            packaged.get_template(name)
        except TemplateDoesNotExist:
            return False
        return True

    unused = [
        str(template)
        for template in templates()
        if (name := name_of(template)) not in ASKED_BY_DJANGO
        if f'"{name}"' not in sources and f"'{name}'" not in sources and not overrides(name)
    ]

    assert unused == []
