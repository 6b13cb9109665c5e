"""What the pages about signing in ask for."""

import segno
from django import template

from config.common import second_factor

register = template.Library()


@register.simple_tag
def qr_squares(text):
    """A QR code as the path of an SVG: {size, path}, in modules, with the quiet margin of four around it."""
    rows = list(segno.make(text, error="m", micro=False).matrix)
    margin = 4
    squares = [
        f"M{column + margin} {line + margin}h1v1h-1z"
        for line, row in enumerate(rows)
        for column, dark in enumerate(row)
        if dark
    ]
    return {"size": len(rows) + 2 * margin, "path": "".join(squares)}


@register.simple_tag(takes_context=True)
def second_factor_required(context):
    """Whether the reader's role needs one."""
    return second_factor.is_required_of(context["request"].user)
