"""The organization's logo: whatever was uploaded is taken apart and drawn anew, so only a picture is ever stored."""

import io
import struct

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from config.common import audit, roles
from config.common.errors import DomainError
from customers.models import Organization

MAX_BYTES, MAX_PIXELS, MAX_SIDE = 2 * 1024 * 1024, 25_000_000, 600
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_CODE = (b"<?php", b"<script", b"<!doctype", b"<html", b"<svg", b"%pdf-")


def store_logo(organization: Organization, *, by, data: bytes) -> Organization:
    """Check, redraw and keep the picture. DomainError: no PNG or JPEG, too large, damaged, or more than a picture."""
    roles.require(by, "organization.write")
    return _keep(organization, clean_logo(data), by=by, action="organization.logo_changed")


def remove_logo(organization: Organization, *, by) -> Organization:
    roles.require(by, "organization.write")
    return _keep(organization, None, by=by, action="organization.logo_removed")


def clean_logo(data: bytes) -> bytes:
    """A PNG of at most 600 by 600 pixels without metadata, made from an uploaded PNG or JPEG.

    Size and pixels are read from the header before anything is decoded. Refuses with DomainError.
    """
    if len(data) > MAX_BYTES:
        raise DomainError(_("The file is larger than 2 MB. Save the logo smaller and upload it again."))
    if not data.startswith((_PNG, _JPEG)):
        raise DomainError(_("The logo must be a PNG or JPEG picture. Save it as PNG and upload it again."))
    if not _ends_with_the_picture(data) or any(code in data.lower() for code in _CODE):
        raise DomainError(_("The file holds something besides a picture. Save the logo anew as PNG and upload that."))
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DomainError(_too_many_pixels())
            return _redrawn(image)
    except Image.DecompressionBombError:
        raise DomainError(_too_many_pixels()) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error):
        raise DomainError(_("The picture is damaged. Save it anew as PNG and upload that.")) from None


def _redrawn(image):
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # lets JPEG decode small; no effect on PNG
    image.load()
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in ("LA", "PA") else "RGB")
    image.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=3.0)
    image = ImageOps.exif_transpose(image)
    drawn = Image.new(image.mode, image.size)
    drawn.paste(image)
    output = io.BytesIO()
    drawn.save(output, "PNG", optimize=True)
    return output.getvalue()


def _ends_with_the_picture(data):
    """Nothing after the last chunk: a file that is two things at once keeps the second one there."""
    if data.startswith(_JPEG):
        return data.rstrip(b"\0\r\n ").endswith(b"\xff\xd9")
    position = len(_PNG)
    while position + 12 <= len(data):
        (length,), kind = struct.unpack(">I", data[position : position + 4]), data[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return position == len(data)
    return True  # cut short: the decoder says so


def _too_many_pixels():
    return _("The picture has more than 25 million pixels. Save the logo smaller and upload it again.")


def _keep(organization, logo, *, by, action):
    organization.logo = logo
    organization.save(update_fields=["logo"])
    audit.record(action, organization, by=by)
    return organization
