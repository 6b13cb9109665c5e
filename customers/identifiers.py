"""Numbers that can prove themselves: VAT ids, e-invoice addresses, IBAN and BIC. Refused with ValidationError."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import ean, iban
from stdnum.be import vat as be_vat
from stdnum.de import leitweg
from stdnum.dk import cvr
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError as Invalid
from stdnum.fi import ytunnus
from stdnum.fr import siren, siret
from stdnum.gb import vat as gb_vat
from stdnum.it import iva
from stdnum.no import orgnr
from stdnum.se import orgnr as se_orgnr

# Electronic address schemes (EAS) our customers meet; any other four digits can be typed over in the file import.
SCHEMES = [
    ("0088", gettext_lazy("0088 · GLN (GS1)")),
    ("0060", gettext_lazy("0060 · D-U-N-S number")),
    ("0002", gettext_lazy("0002 · SIREN (France)")),
    ("0009", gettext_lazy("0009 · SIRET (France)")),
    ("0007", gettext_lazy("0007 · Organisation number (Sweden)")),
    ("0037", gettext_lazy("0037 · LY-tunnus (Finland)")),
    ("0216", gettext_lazy("0216 · OVT code (Finland)")),
    ("0096", gettext_lazy("0096 · P number (Denmark)")),
    ("0184", gettext_lazy("0184 · CVR number (Denmark)")),
    ("0192", gettext_lazy("0192 · Organisation number (Norway)")),
    ("0106", gettext_lazy("0106 · KVK number (Netherlands)")),
    ("0190", gettext_lazy("0190 · OIN (Netherlands)")),
    ("0208", gettext_lazy("0208 · Enterprise number (Belgium)")),
    ("0204", gettext_lazy("0204 · Leitweg-ID (Germany)")),
    ("0211", gettext_lazy("0211 · Partita IVA (Italy)")),
    ("9906", gettext_lazy("9906 · VAT id (Italy)")),
    ("9914", gettext_lazy("9914 · VAT id (Austria)")),
    ("9920", gettext_lazy("9920 · VAT id (Spain)")),
    ("9925", gettext_lazy("9925 · VAT id (Belgium)")),
    ("9930", gettext_lazy("9930 · VAT id (Germany)")),
    ("9932", gettext_lazy("9932 · VAT id (United Kingdom)")),
    ("9938", gettext_lazy("9938 · VAT id (Luxembourg)")),
    ("9944", gettext_lazy("9944 · VAT id (Netherlands)")),
    ("9957", gettext_lazy("9957 · VAT id (France)")),
    ("EM", gettext_lazy("EM · Email address")),
]
_EU = set(re.findall("..", "ATBEBGCYCZDEDKEEELESFIFRHRHUIEITLTLULVMTNLPLPTROSESISKXI"))
_CHECKED = {
    "0088": (lambda text: ean.validate(text) if len(ean.compact(text)) == 13 else _refuse(), 13),
    "0208": (be_vat.validate, 10),
    "0192": (orgnr.validate, 9),
    "0184": (cvr.validate, 8),
    "0007": (se_orgnr.validate, 10),
    "0106": (lambda text: text if re.fullmatch(r"\d{8}", text) else _refuse(), 8),
    "0002": (siren.validate, 9),
    "0009": (siret.validate, 14),
    "0204": (leitweg.validate, None),
    "0037": (ytunnus.validate, 8),
    "0211": (lambda text: iva.validate(text.upper().removeprefix("IT")) and text, 11),
}


def _refuse():
    raise Invalid


def check_vat_id(text: str) -> str:
    """The VAT id without spaces, dots and dashes, in capitals. Countries whose rule we do not know are accepted."""
    vat_id = re.sub(r"[\s.\-]", "", text).upper()
    country, rest = vat_id[:2], vat_id[2:]
    if not vat_id:
        return ""
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise ValidationError(_("A VAT id begins with the two letters of its country, for example DE136695976."))
    known = {"GR": "EL"}.get(country, country)
    try:
        if known in _EU:
            eu_vat.validate(known + rest)
        elif known == "GB":
            gb_vat.validate(rest)
    except Invalid:
        raise ValidationError(
            _("%(text)s is not a VAT id of %(country)s: a character is wrong, missing or too many. Compare it again.")
            % {"text": vat_id, "country": country}
        ) from None
    return known + rest


def check_endpoint(scheme: str, text: str) -> str:
    """The identifier of an e-invoice address as its scheme writes it; schemes without a known rule are accepted."""
    text = re.sub(r"\s", "", text)
    if scheme not in _CHECKED:
        return text
    check, length = _CHECKED[scheme]
    try:
        check(text)
    except Invalid:
        words = dict(SCHEMES)[scheme].split(" · ")[1]
        raise ValidationError(
            _("%(text)s is not a valid %(what)s: it has %(length)s digits, the last of them a check digit.")
            % {"text": text, "what": words, "length": length}
            if length and scheme != "0106"
            else _("%(text)s is not a valid %(what)s. Compare it with what the customer gave you.")
            % {"text": text, "what": words}
        ) from None
    return text


def check_iban(text: str) -> str:
    """The IBAN without spaces, in capitals."""
    try:
        return iban.validate(text) if text.strip() else ""
    except Invalid:
        raise ValidationError(
            _("This IBAN cannot be right: a character is wrong, missing or too many. Compare it with the bank's paper.")
        ) from None


def check_bic(text: str) -> str:
    """The BIC in capitals: 8 or 11 characters, bank, country, place, branch."""
    bic = re.sub(r"\s", "", text).upper()
    if bic and not re.fullmatch(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", bic):
        raise ValidationError(_("A BIC has 8 or 11 letters and digits, for example DEUTDEFF or DEUTDEFF500."))
    return bic


def spaced_iban(text: str) -> str:
    """An IBAN in groups of four, as people read it."""
    return iban.format(text) if text else ""
