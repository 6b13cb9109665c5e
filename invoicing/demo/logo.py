"""The demo company's mark, drawn: three tides, so that no picture file has to be shipped."""

import math
from io import BytesIO

from PIL import Image, ImageDraw

WIDTH, HEIGHT, SCALE = 300, 96, 4
HALF = 22  # of a tide's width, at that scale
TIDES = [("#0b5c75", 26), ("#3d8aa3", 50), ("#a9cfda", 74)]


def png() -> bytes:
    """PNG on a clear ground, smoothed by drawing large and scaling down."""
    picture = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for colour, middle in TIDES:
        crest = [(x, (middle + 9 * math.sin(x / 300 * math.tau * 2)) * SCALE) for x in range(WIDTH)]
        line = [(x * SCALE, y) for x, y in crest]
        pen.line(line, fill=colour, width=2 * HALF, joint="curve")
        for x, y in (line[0], line[-1]):
            pen.ellipse([x - HALF, y - HALF, x + HALF, y + HALF], fill=colour)
    out = BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
