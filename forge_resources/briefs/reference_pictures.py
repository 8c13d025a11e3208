"""Pictures that users hand in: checked by content, turned upright, and freed of all that is not picture.

What belongs here: limits, formats, metadata, and reading a picture beside a brief or from the store. What does not:
what a picture is used for.

A picture that needs nothing is kept byte for byte. Metadata is cut out of JPEG and PNG without touching the picture;
what has to be turned, or has colours of another profile than sRGB, is written anew as PNG. Of pictures with several
frames (the MPO of phones, animations) the first counts.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from upath import UPath

from forge_resources.errors import InvalidInput, NotFound
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.files import is_local

STORE_ADDRESS = "store:"
"""Begins the address of something in the store: `store:<SHA-256><suffix>`."""

LARGEST_PICTURE_BYTES = 32 * 1024 * 1024
LARGEST_PICTURE_PIXELS = 64_000_000
_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp"}
_UPRIGHT = 1
_ORIENTATION = 0x0112

# PNG chunks that are picture: everything else is metadata, an animation, or a colour profile.
_PNG_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
# JPEG segments that are metadata: all application data but JFIF's (0) and Adobe's (14, how colours are stored).
_JPEG_METADATA = {*range(0xE1, 0xF0), 0xFE} - {0xEE}


@dataclass(frozen=True)
class ReferencePicture:
    """A checked picture: its bytes and the suffix of its format."""

    data: bytes
    suffix: str


def read_picture(path: str, folder: UPath) -> ReferencePicture:
    """A picture beside a brief. Raises InvalidInput where the path leaves `folder` or the file is no usable picture."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "://" in path:
        raise InvalidInput(f"`{path}` leaves the brief's folder")
    place = folder / path
    try:
        if is_local(place) and not Path(place.path).resolve().is_relative_to(Path(folder.path).resolve()):
            raise InvalidInput(f"`{path}` leaves the brief's folder through a link")
        if not place.exists():
            raise InvalidInput(f"`{path}` does not exist beside the brief")
        if not place.is_file():
            raise InvalidInput(f"`{path}` is not a file")
        if place.stat().st_size > LARGEST_PICTURE_BYTES:
            raise InvalidInput(f"`{path}` is larger than {LARGEST_PICTURE_BYTES // 2**20} MiB")
        data = place.read_bytes()
    except (OSError, RuntimeError) as error:
        # RuntimeError: links that lead to each other, before Python 3.13.
        raise InvalidInput(f"`{path[:60]}` cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return checked_picture(path, data)


def picture_in_store(address: str, store: ArtefactStore | None) -> ReferencePicture:
    """A picture named by its content, such as `store:<SHA-256>.png`. Raises InvalidInput."""
    return checked_picture(address, bytes_in_store(address, store))


def bytes_in_store(address: str, store: ArtefactStore | None) -> bytes:
    """What lies at a store address. Raises InvalidInput."""
    name = PurePosixPath(address.removeprefix(STORE_ADDRESS))
    if store is None or not re.fullmatch(r"[0-9a-f]{64}\.[a-z0-9]+", name.name) or len(name.parts) != 1:
        raise InvalidInput(f"`{address[:90]}` is not of the form {STORE_ADDRESS}<SHA-256>.png")
    try:
        return store.path_of(name.stem, name.suffix).read_bytes()
    except NotFound as lost:
        raise InvalidInput(lost.message) from None


def checked_picture(name: str, data: bytes) -> ReferencePicture:
    """The picture in `data`, upright and without metadata. Raises InvalidInput, naming it `name`."""
    try:
        with warnings.catch_warnings():
            # Sizes are looked at here; Pillow's own warning begins at more pixels.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                if picture.width * picture.height > LARGEST_PICTURE_PIXELS:
                    raise InvalidInput(f"`{name}` has more than {LARGEST_PICTURE_PIXELS:,} pixels")
                kind = picture.format or ""
                if kind not in _SUFFIXES:
                    raise InvalidInput(f"`{name}` is {kind}; pictures are PNG, JPEG or WebP")
                # Not `verify`, which takes half a JPEG for a whole one.
                picture.load()
                return _plain(picture, kind, data)
    except Image.DecompressionBombError:
        raise InvalidInput(f"`{name}` has more than {LARGEST_PICTURE_PIXELS:,} pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error):
        # ValueError: compressed text that swells beyond what Pillow lets it.
        raise InvalidInput(f"`{name}` is not a picture that can be read") from None


def _plain(picture: Image.Image, kind: str, data: bytes) -> ReferencePicture:
    turned = picture.getexif().get(_ORIENTATION, _UPRIGHT) not in (_UPRIGHT, 0)
    profile = picture.info.get("icc_profile")
    if turned or (profile and not _is_srgb(profile)) or picture.mode == "CMYK":
        return _anew(picture, profile)
    if kind in ("JPEG", "MPO"):
        return ReferencePicture(_jpeg_without_metadata(data), ".jpg")
    if kind == "PNG":
        return ReferencePicture(_png_without_metadata(data), ".png")
    if profile or {"exif", "xmp"} & set(picture.info) or getattr(picture, "n_frames", 1) > 1:
        return _anew(picture, profile)
    return ReferencePicture(data, ".webp")


def _anew(picture: Image.Image, profile: bytes | None) -> ReferencePicture:
    """Upright, in sRGB, as PNG without anything else."""
    upright = ImageOps.exif_transpose(picture)
    if profile and not _is_srgb(profile):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            alpha = upright.getchannel("A") if "A" in upright.getbands() else None
            ground = upright if upright.mode in ("RGB", "L", "CMYK") else upright.convert("RGB")
            converted = ImageCms.profileToProfile(ground, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                upright = converted
            if alpha is not None:
                upright.putalpha(alpha)
        except (ImageCms.PyCMSError, OSError):
            pass  # A damaged profile says nothing of the colours: they are taken as they are.
    mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
    bare = Image.new(mode, upright.size)
    bare.paste(upright.convert(mode))
    out = io.BytesIO()
    bare.save(out, format="PNG")
    return ReferencePicture(out.getvalue(), ".png")


def _is_srgb(profile: bytes) -> bool:
    try:
        described = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return True
    return "srgb" in described.lower()


def _png_without_metadata(data: bytes) -> bytes:
    kept, position = [data[:8]], 8
    while position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind = data[position + 4 : position + 8]
        if kind in _PNG_PICTURE:
            kept.append(data[position : position + 12 + length])
        position += 12 + length
        if kind == b"IEND":
            break
    return b"".join(kept)


def _jpeg_without_metadata(data: bytes) -> bytes:
    """The first picture of a JPEG, up to its end marker: what follows is another picture, or nothing of it."""
    kept, position = [data[:2]], 2
    while position + 4 <= len(data):
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1  # Markers may be padded.
        marker = data[position + 1]
        if marker == 0xD9:
            kept.append(data[position : position + 2])
            return b"".join(kept)
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        end = position + 2 + length
        if marker == 0xDA:
            end = _end_of_scan(data, end)
        if marker not in _JPEG_METADATA:
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, b"\xff\xd9"])


def _end_of_scan(data: bytes, position: int) -> int:
    """Where the compressed data of a scan ends: at a marker that is no restart and no stuffed byte."""
    while (position := data.find(b"\xff", position)) >= 0 and position + 1 < len(data):
        following = data[position + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return position
        position += 1 if following == 0xFF else 2
    return len(data)
