"""Uploaded logos: only a picture is ever stored."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image, PngImagePlugin

from config.common.errors import DomainError, Forbidden
from customers.models import Organization
from customers.services import logos
from customers.services.organization import set_up_organization


def picture(kind="PNG", size=(900, 300), mode="RGB", **options):
    output = io.BytesIO()
    Image.new(mode, size, "teal" if mode in ("RGB", "RGBA") else 1).save(output, kind, **options)
    return output.getvalue()


def bomb(side=60_000):
    """A PNG whose header promises far more than its few bytes hold."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side // 8 + 1) * 2000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "LA"), ("JPEG", "RGB"), ("JPEG", "CMYK")]
)
def test_a_picture_becomes_a_png_of_at_most_600_pixels(kind, mode):
    drawn = Image.open(io.BytesIO(logos.clean_logo(picture(kind, mode=mode))))

    assert drawn.format == "PNG"
    assert drawn.size == (600, 200)


def test_a_small_picture_keeps_its_size():
    assert Image.open(io.BytesIO(logos.clean_logo(picture(size=(120, 40))))).size == (120, 40)


def test_nothing_that_was_written_into_the_file_survives():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "taken at the office, GPS 51.9")

    drawn = logos.clean_logo(picture(pnginfo=info))

    assert b"GPS" not in drawn
    assert Image.open(io.BytesIO(drawn)).info == {}


def test_of_a_moving_picture_one_frame_is_left_and_of_a_photograph_no_place():
    frames = [Image.new("RGB", (60, 20), colour) for colour in ("teal", "red", "blue")]
    moving, photograph, exif = io.BytesIO(), io.BytesIO(), Image.Exif()
    frames[0].save(moving, "PNG", save_all=True, append_images=frames[1:])
    exif[0x010E] = "taken at the office"
    frames[0].save(photograph, "JPEG", exif=exif)

    drawn = [logos.clean_logo(file.getvalue()) for file in (moving, photograph)]

    assert [getattr(Image.open(io.BytesIO(each)), "n_frames", 1) for each in drawn] == [1, 1]
    assert not any(mark in each for each in drawn for mark in (b"acTL", b"eXIf", b"office"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (picture("GIF"), "must be a PNG or JPEG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "must be a PNG or JPEG"),
        (b"", "must be a PNG or JPEG"),
        (picture() + b"<?php system($_GET[0]); ?>", "something besides a picture"),
        (picture() + b"PK\x03\x04 a second file", "something besides a picture"),
        (picture("JPEG") + b"PK\x03\x04 a second file", "something besides a picture"),
        (picture("JPEG", comment=b"<?php system($_GET[0]); ?>"), "something besides a picture"),
        (picture()[:200], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "damaged"),
        (picture() + b"\0" * (2 * 1024 * 1024), "larger than 2 MB"),
        (bomb(), "more than 25 million pixels"),
        (bomb(6_000), "more than 25 million pixels"),
    ],
    ids=[
        "gif",
        "svg",
        "empty",
        "png+php",
        "png+zip",
        "jpeg+zip",
        "php inside",
        "cut",
        "zeros",
        "big",
        "bomb",
        "36 Mpx",
    ],
)
def test_anything_else_is_refused_with_a_sentence_and_at_once(data, sentence):
    began = time.monotonic()

    with pytest.raises(DomainError, match=sentence):
        logos.clean_logo(data)

    assert time.monotonic() - began < 1


@pytest.mark.django_db
def test_the_logo_is_kept_and_removed_by_admins_only(admin, clerk):
    organization = set_up_organization(by=admin, legal_name="Kelpworks")

    with pytest.raises(Forbidden):
        logos.store_logo(organization, by=clerk, data=picture())
    assert Organization.objects.get().logo is None

    logos.store_logo(organization, by=admin, data=picture())
    assert bytes(Organization.objects.get().logo).startswith(b"\x89PNG")
    logos.remove_logo(organization, by=admin)
    assert Organization.objects.get().logo is None


@pytest.mark.django_db
def test_the_stored_logo_is_served_as_our_own_png_to_staff_only(admin, viewer, as_role, client):
    organization = set_up_organization(by=admin, legal_name="Kelpworks")
    upload = io.BytesIO(picture("JPEG"))
    upload.name = "logo.php.jpg"

    assert as_role(admin).post("/settings/organization/logo/", {"logo": upload}).status_code == 302
    organization.refresh_from_db()
    response = as_role(viewer).get("/settings/organization/logo/")

    assert response.content == bytes(organization.logo)
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert client.get("/settings/organization/logo/").status_code == 302


@pytest.mark.django_db
def test_a_refused_upload_says_why_on_the_page_and_stores_nothing(admin, as_role):
    set_up_organization(by=admin, legal_name="Kelpworks")
    upload = io.BytesIO(b"<svg/>")
    upload.name = "logo.svg"

    response = as_role(admin).post("/settings/organization/logo/", {"logo": upload})

    assert response.status_code == 422
    assert "must be a PNG or JPEG picture" in response.content.decode()
    assert Organization.objects.get().logo is None
