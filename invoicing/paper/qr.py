"""The payment code of the European Payments Council: a banking app reads it and fills in the transfer."""

import base64
import io
from decimal import Decimal

import segno
from PIL import Image
from segno.helpers import make_epc_qr
from stdnum import iban
from stdnum.exceptions import ValidationError

_SCALE, _BORDER = 8, 3  # pixels a module, modules of quiet around
_LEAST, _MOST = Decimal("0.01"), Decimal("999999999.99")


def payment_code(*, currency: str, amount: Decimal, holder: str, number: str, bic: str, reference: str) -> str:
    """A PNG as data URI; "" where the standard has no code: not EUR, no valid IBAN, amount not 0.01–999,999,999.99."""
    if currency != "EUR" or not _LEAST <= amount <= _MOST or not holder:
        return ""
    try:
        number = iban.validate(number)
        code = make_epc_qr(
            name=_one_line(holder)[:70],
            iban=number,
            amount=amount,
            text=_one_line(reference)[:140],
            bic=_one_line(bic) or None,
            encoding="utf-8",
        )
    except (ValidationError, ValueError, segno.DataOverflowError):
        return ""
    return f"data:image/png;base64,{base64.b64encode(_png(code)).decode()}"


def _png(code) -> bytes:
    """Drawn by Pillow, three times as quick as segno's own writer."""
    rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(border=_BORDER)]
    modules = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows)).convert("1")
    png = io.BytesIO()
    modules.resize((len(rows) * _SCALE, len(rows) * _SCALE)).save(png, "PNG")
    return png.getvalue()


def _one_line(text: str) -> str:
    """A line break would begin the next field of the code."""
    return " ".join(text.split())
