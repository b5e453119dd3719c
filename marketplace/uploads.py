"""Pictures that people send: checked before they are decoded, then written anew.

A file of 20 KB can decode to 800 MB, can carry where it was taken, and can be something else than its name
says. So: at most 5 MB and 25 megapixels, JPEG, PNG or WebP by what is in it, and what is kept is a new WebP
without any of the old file's other contents, under a name of our own.
"""

from __future__ import annotations

import io
import secrets
import warnings

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
#: Enough to see a scratch, little enough for a slow line.
LONGEST_SIDE = 1_600
QUALITY = 80


def clean_picture(upload: UploadedFile) -> ContentFile[bytes]:
    """The picture as we keep it: WebP, upright, at most ``LONGEST_SIDE`` pixels long.

    Raises:
        ValidationError: too big, too many pixels, or no picture of the three kinds.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise ValidationError(_("A picture may have 5 MB at most."), code="too_large")
    data = upload.read()
    try:
        # Opening reads the header alone; Pillow warns of many pixels, and here that is our own limit's work.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise ValidationError(_("A picture may have 25 megapixels at most."), code="too_many_pixels")
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        target = io.BytesIO()
        upright.convert("RGB").save(target, "WEBP", quality=QUALITY)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValidationError(
            _("This is no picture that we can read. Send a JPEG, PNG or WebP."), code="no_picture"
        ) from None
    return ContentFile(target.getvalue(), name=f"{secrets.token_hex(16)}.webp")
