"""What customers and files write into an invoice is printed as it stands: it calls no host and opens no file."""

import http.server
import io
import itertools
import mimetypes
import sys
import tempfile
import threading
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from pypdf import PdfReader

from customers.services.logos import store_logo
from invoicing import documents
from invoicing.paper import drawing, fonts, rendering
from tests import factories

pytestmark = pytest.mark.django_db

# URL is the canary's address, FILE a secret file on this machine, DATA the same by its bare path.
VECTORS = [
    '<img src="URL/a.png">',
    '<img src="FILE">',
    '<img src="DATA">',
    '<img src="//HOST/b.png">',
    '<img src="file://localhostDATA">',
    '<img src="FiLe:DATA">',
    '<img src="http://user:word@HOST/c.png">',
    '<img src="hTTp:\\\\HOST\\d.png">',
    '<img src="jar:FILE!/x">',
    '<img src="ftp://HOST/e">',
    '<img src="gopher://HOST/_x">',
    "<img src='data:text/html,<img src=URL/f>'>",
    '<img src="data:image/svg+xml;utf8,<svg xmlns=%22http://www.w3.org/2000/svg%22><image href=%22URL/g%22/></svg>">',
    "<link rel=stylesheet href=URL/h.css>",
    "<link rel='stylesheet' href='FILE'>",
    "<style>@import url(URL/i.css);</style>",
    "</style><style>@import 'FILE';</style>",
    "<style>@page { background-image: url(URL/j.pdf) }</style>",
    "<style>@page { background-image: url(FILE) }</style>",
    "<style>@font-face { font-family: x; src: url(URL/k.ttf) } p { font-family: x }</style>",
    "<style>@font-face { font-family: y; src: url('FILE') } p { font-family: y }</style>",
    "<p style=\"background-image: url('URL/l.png')\">x</p>",
    "<p style='list-style-image: url(FILE)'><li>x</li></p>",
    "<table background='URL/m.png'><tr><td background='FILE'>x</td></tr></table>",
    "<body background='URL/n.png'>",
    "<pdf:include src='FILE'><pdf:include src='URL/o'>",
    "<pdf:image src='URL/p.png'><pdf:watermark src='FILE'>",
    "<pdf:font name='z' src='URL/q.ttf'><pdf:template name='t' background='FILE'>",
    "<pdf:barcode type='qr' value='x'><pdf:nextpage><pdf:toc>",
    "<pdf:pdf src='FILE'><pdf:signature src='URL/r'>",
    "<object data='FILE' type='image/png'></object><embed src='URL/s'>",
    "<iframe src='URL/t'></iframe><frame src='FILE'>",
    "<svg><image xlink:href='URL/u.png'/><use href='FILE#x'/></svg>",
    "<svg><script href='URL/v.js'/><foreignObject><img src='FILE'></foreignObject></svg>",
    "<script src='URL/w.js'></script><script>fetch('URL/w')</script>",
    "<meta http-equiv=refresh content='0;url=URL/x'><base href='URL/'>",
    "<audio src='URL/y'><video poster='FILE'></video>",
    "<input type=image src='URL/z.png'><isindex prompt='FILE'>",
    "<font color=\"[[[getattr(pow,Word('__globals__'))['os'].system('cat DATA')]]]\">x</font>",
    "<para><img src='FILE'/></para><onDraw name='x' label='FILE'/>",
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "FILE">]><r>&e;</r>',
    "]]><![CDATA[ <img src='FILE'> ]]> <!-- <img src='URL/A'> -->",
    "&lt;img src='URL/B'&gt; &#60;img src=FILE&#62; &amp;lt;b&amp;gt;",
    "</td></tr></table></div></body></html><img src='URL/C'>",
    "{{ settings.SECRET_KEY }} {% include 'DATA' %} {number} {0.__class__} %(x)s ${x}",
    "\\" * 40,
]
_heard: list | None = None  # while a test listens: what Python opened, looked up or called


def _listen(event, args):
    if _heard is not None and (event.startswith(("socket.", "urllib.", "subprocess.", "os.system")) or event == "open"):
        _heard.append((event, str(args)))


sys.addaudithook(_listen)  # hears every way to a file or host, also those no patch would reach; cannot be taken back


class _Canary(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def canary():
    """A host that nobody may call, and a file that nobody may open."""
    room = tempfile.TemporaryDirectory(prefix="s")  # a short path: it has to fit into short fields
    secret = Path(room.name) / "secret.png"
    picture = io.BytesIO()
    Image.new("RGB", (7, 7), "red").save(picture, "PNG")
    secret.write_bytes(picture.getvalue())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Canary) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"

        def armed(vector: str) -> str:
            placed = vector.replace("URL", f"http://{host}").replace("HOST", host)
            return placed.replace("FILE", f"file://{secret}").replace("DATA", str(secret))

        yield SimpleNamespace(asked=server.asked, armed=armed, secret=secret, host=host)
        server.shutdown()
    room.cleanup()


@pytest.fixture
def heard(canary, monkeypatch):
    """Draws in this process, and says what that touched which a page has no right to."""
    global _heard
    touched = []
    mimetypes.init()  # reads its tables wherever the system keeps them

    def draw(html):
        global _heard
        _heard = touched
        try:
            return drawing.draw(html, roots=fonts.roots(), seconds=60)
        finally:
            _heard = None

    monkeypatch.setattr(documents, "render", draw)
    allowed = ("font_roboto", "/lib/python", "site-packages", "xhtml2pdf-")
    return lambda: [
        (event, what)
        for event, what in touched
        if not (event == "open" and ("None, None" in what or any(part in what for part in allowed)))
    ]


def poisoned(value, vectors):
    """The same sheet with the next of the vectors in the place of every text."""
    if isinstance(value, str):
        return next(vectors) if value else value
    if isinstance(value, dict):
        ours = ("logo", "code", "language", "colour", "text_colour")  # made by us from checked bytes and choices
        return {key: inner if key in ours else poisoned(inner, vectors) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(poisoned(inner, vectors) for inner in value)
    return value


def full_sheet():
    """A draft on which every place for a text has one."""
    ours = factories.organization(trade_name="Kelpworks", phone="1", website="https://kelp.example", tax_number="2")
    row = factories.line(
        details="Serials",
        period_start=factories.TODAY,
        period_end=factories.TODAY.replace(day=28),
        price_base=Decimal(100),
        unit="H87",
        adjustments=[{"reason": "Loyal", "percent": Decimal(3)}],
    )
    exempt = factories.line(tax=factories.tax("0", "E", exemption_text="Teaching"))
    buyer = factories.customer(vat_id="DE136695976", latin_name="Cafe")
    buyer.addresses.update(attention="Dagny", street2="Yard", region="North")
    draft = factories.draft(
        buyer,
        lines=[row, exempt],
        adjustments=[{"reason": "Freight", "amount": 500, "is_charge": True, "tax": factories.tax()}],
        note="Thank you",
        buyer_reference="Weir",
        order_number="BMUD",
        source_reference="S-1",
        corrects_text="INV-1",
        discount_percent=Decimal(2),
        discount_days=10,
    )
    draft.template.texts.update(payment_instructions="Pay well", footer="Court of Rotterdam")
    return draft, ours


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def images_of(pdf: bytes) -> int:
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("layout", ["classic", "window", "compact"])
def test_hostile_text_in_every_place_is_printed_and_touches_nothing(layout, canary, heard, monkeypatch, size):
    """`make torture` puts every vector into every place; every day all of them go into a tenth of the places each."""
    draft, _ours = full_sheet()
    draft.template.layout = layout
    sheet, vectors = documents.sheet, [canary.armed(vector) for vector in VECTORS]
    assert len(vectors) >= 30

    for start in range(0, len(vectors), len(vectors) // size(len(vectors))):
        turned = itertools.cycle(vectors[start:] + vectors[:start])
        monkeypatch.setattr(documents, "sheet", lambda *args, v=turned, **parts: poisoned(sheet(*args, **parts), v))
        pdf = documents.draft_pdf(draft)

        printed = text_of(pdf)
        assert [vector for vector in vectors if "".join(vector.split()) not in printed] == []
        assert images_of(pdf) == 0

    assert canary.asked == []
    assert heard() == []


def test_every_text_a_person_can_type_arrives_as_text(canary, settings, tmp_path):
    """By the real road: opened, frozen, drawn by the renderer's own process, stored."""
    documents_folder = {"BACKEND": "config.common.storage.AtomicStorage", "OPTIONS": {"location": tmp_path / "kept"}}
    settings.STORAGES = {**settings.STORAGES, "documents": documents_folder}
    vectors = [canary.armed(vector) for vector in VECTORS]
    short = [vector for vector in vectors if len(vector) <= 70]
    draft, ours = full_sheet()
    buyer, template = draft.customer, draft.template
    ours.legal_name, ours.trade_name, ours.city, ours.street = short[:4]
    ours.save()
    ours.bank_accounts.update(active=False)
    ours.bank_accounts.create(holder=short[4], bank_name=short[5], account_no="<img src=/etc>")
    buyer.name, buyer.buyer_reference = short[6], short[7]
    buyer.save()
    buyer.addresses.update(attention=short[8], street=short[9], street2=short[10], city=short[0], region=short[1])
    template.texts.update(payment_instructions=" ".join(vectors), footer=" ".join(vectors))
    lines = [factories.line(vector[:300], details=vector) for vector in vectors]

    invoice = factories.opened(
        buyer, lines=lines, note=" ".join(vectors), buyer_reference=short[2], order_number=short[3], template=template
    )
    pdf = documents.read(documents.ensure_pdf(invoice))

    printed = text_of(pdf)
    assert [vector for vector in vectors if "".join(vector.split()) not in printed] == []
    assert [vector for vector in short[:11] if "".join(vector.split()) not in printed] == []
    assert canary.asked == []
    assert images_of(pdf) == 0


def test_even_our_own_markup_could_fetch_nothing(canary):
    """Were a text ever printed unescaped: the renderer's process still asks no host and reads no file."""
    for vector in map(canary.armed, VECTORS):
        try:
            pdf, _complaints = rendering.render(f"<p>still here</p>{vector}")
        except rendering.RenderFailure:
            continue
        assert canary.secret.read_bytes() not in pdf
        assert images_of(pdf) == ("pdf:barcode" in vector and images_of(pdf)), vector

    assert canary.asked == []
    assert "stillhere" in text_of(rendering.render("<p>still here</p>")[0])


def test_the_same_markup_opens_nothing_in_a_process_that_is_listened_to(canary, heard):
    for vector in map(canary.armed, VECTORS):
        try:
            documents.render(vector)
        except Exception:  # no page is as good as a page without it
            continue

    assert canary.asked == []
    assert [what for event, what in heard() if event != "open" or str(canary.secret) in what] == []


@pytest.mark.parametrize(
    "logo", ["<svg xmlns='http://www.w3.org/2000/svg'><image href='URL/l'/></svg>", "FILE", "%PDF-1.4 URL", "GIF89a"]
)
def test_only_a_picture_that_was_redrawn_is_ever_a_logo(logo, canary, admin):
    data = canary.armed(logo).encode()

    with pytest.raises(documents.DomainError, match="must be a PNG or JPEG"):
        store_logo(factories.organization(), by=admin, data=data)

    assert factories.organization().logo is None
    assert canary.asked == []


def test_the_canary_does_sing(canary, heard):
    documents.render(f'<img src="{canary.secret}">')
    assert canary.asked == []

    global _heard
    _heard = found = []
    import urllib.request

    urllib.request.urlopen(f"http://{canary.host}/x").read()
    canary.secret.read_bytes()
    _heard = None

    assert canary.asked == ["/x"]
    assert any(event == "socket.connect" for event, _what in found)
    assert any(str(canary.secret) in what for event, what in found if event == "open")
