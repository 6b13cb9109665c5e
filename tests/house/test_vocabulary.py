"""One look for a state: a badge and a dot are drawn by their component alone."""

import re

import pytest

from .source import ROOT, templates

PAGES = [path for path in templates() if path.suffix == ".html" and "allauth" not in path.parts]
COMPONENTS = ("templates/components/_badge.html", "templates/components/_dot.html")


@pytest.mark.parametrize("template", [page for page in PAGES if str(page) not in COMPONENTS], ids=str)
def test_badges_and_dots_come_from_their_component(template):
    text = (ROOT / template).read_text()

    assert re.findall(r'class="(?:badge|dot)[ "]', text) == []
