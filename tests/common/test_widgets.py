"""What we draw ourselves is what Django's templates would have drawn."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from config.common.forms import DateInput, Renderer

NASTY = '"><script>alert(1)</script>&'


@pytest.mark.parametrize("value", [None, "", 0, 7, "plain", NASTY, mark_safe("&amp;")])
@pytest.mark.parametrize(
    "widget",
    [
        forms.TextInput({"class": "num", "size": 9, "required": True, "disabled": False, "data-x": NASTY}),
        forms.NumberInput({"min": 0}),
        forms.EmailInput(),
        forms.URLInput(),
        forms.HiddenInput(),
        forms.PasswordInput(),
        DateInput(),
        forms.Textarea({"rows": 2}),
        forms.Select(choices=[("", "…"), (7, NASTY), ("plain", mark_safe("<b>plain</b>")), (NASTY, "nasty")]),
        forms.Select(choices=[("one", [(1, "a"), (7, "b")]), (NASTY, [("plain", "c")])]),
        forms.SelectMultiple(choices=[("plain", "a"), ("7", "b")]),
        forms.CheckboxInput(),
    ],
    ids=lambda widget: type(widget).__name__,
)
def test_it_is_the_same_text(widget, value):
    if isinstance(widget, forms.SelectMultiple):
        value = [value]
    arguments = {"name": "field", "value": value, "attrs": {"id": "id_field", "aria-invalid": "true"}}

    ours = widget.render(**arguments, renderer=Renderer())

    assert ours.split() == widget.render(**arguments, renderer=DjangoTemplates()).split()
