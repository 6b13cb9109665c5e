"""The plain widgets drawn without a template: the same text, many times quicker.

A template for each option and each attribute is nothing in a form of ten fields; an invoice of 500 lines has six
thousand fields. Held against Django's own templates by tests/common/test_widgets.py.
"""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_INPUTS = ("text", "number", "email", "url", "tel", "search", "color", "password", "hidden", "date", "datetime", "time")
_FOLDER = "django/forms/widgets/"


def drawn(template_name: str, context: dict) -> SafeString | None:
    """The widget as HTML; None for a template we leave to Django."""
    draw = _DRAWN.get(template_name)
    return draw(context["widget"]) if draw else None


def _input(widget) -> SafeString:
    value = "" if widget["value"] is None else format_html(' value="{}"', widget["value"])
    return format_html('<input type="{}" name="{}"{}{}>\n', widget["type"], widget["name"], value, _attributes(widget))


def _textarea(widget) -> SafeString:
    value = widget["value"] or ""
    return format_html('<textarea name="{}"{}>\n{}</textarea>\n', widget["name"], _attributes(widget), value)


def _select(widget) -> SafeString:
    groups = format_html_join(
        "", "{}{}{}", (_group(name, _options(options)) for name, options, _index in widget["optgroups"])
    )
    return format_html('<select name="{}"{}>{}\n</select>\n', widget["name"], _attributes(widget), groups)


def _group(name, options):
    return (
        (format_html('\n  <optgroup label="{}">', name), options, format_html("\n  </optgroup>{}", ""))
        if name
        else ("", options, "")
    )


def _options(options) -> SafeString:
    return format_html_join(
        "",
        '\n  <option value="{}"{}>{}</option>\n',
        ((option["value"], _attributes(option), option["label"]) for option in options),
    )


def _attributes(widget) -> SafeString:
    return format_html_join(
        "",
        "{}",
        (
            (format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value),)
            for name, value in widget["attrs"].items()
            if value is not False
        ),
    )


_DRAWN = {
    **{f"{_FOLDER}{kind}.html": _input for kind in _INPUTS},
    f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select,
}
