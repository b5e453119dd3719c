"""Pictures that people send: what is kept is ours, whatever was sent."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from marketplace.uploads import LONGEST_SIDE, MAX_BYTES, clean_picture


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("../../etc/passwd.php", data)


def drawn(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "red").save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_webp_under_a_name_of_ours(kind: str) -> None:
    kept = clean_picture(upload(drawn(kind)))
    assert kept.name.endswith(".webp")
    assert "passwd" not in kept.name
    assert Image.open(kept).size == (60, 40)
    assert Image.open(kept).format == "WEBP"


def test_where_it_was_taken_is_not_kept_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "Karrada, Baghdad"
    kept = clean_picture(upload(drawn(exif=exif.tobytes())))
    picture = Image.open(kept)
    assert picture.size == (40, 60)
    assert not picture.getexif()
    assert b"Karrada" not in kept.read()


def test_a_large_picture_becomes_smaller() -> None:
    assert max(Image.open(clean_picture(upload(drawn(size=(4_000, 100))))).size) == LONGEST_SIDE


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than anyone should decode."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (bomb(6_000, 6_000), "too_many_pixels"),
        (bomb(30_000, 30_000), "no_picture"),
        (bomb(100, 100), "no_picture"),
        (b"GIF89a" + b"\0" * 50, "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_picture"),
        (drawn()[:200], "no_picture"),
        (b"", "no_picture"),
    ],
)
def test_what_is_no_picture_for_us_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_picture(upload(data))
    assert refused.value.code == code
