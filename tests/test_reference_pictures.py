"""Pictures that users hand in: checked, upright, without metadata; phones' MPO by its first frame."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

from forge_resources.briefs.reference_pictures import LARGEST_PICTURE_PIXELS, checked_picture
from forge_resources.errors import InvalidInput

SECRET = b"Anna's kitchen, 48.2N"


def scene(size: tuple[int, int] = (64, 40)) -> Image.Image:
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    ImageDraw.Draw(picture).rectangle((4, 4, 20, 12), fill="#cc2222")
    return picture


def exif(orientation: int = 1) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = SECRET.decode()
    return data.tobytes()


def written(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")])
def test_a_plain_picture_is_kept_byte_for_byte(kind: str, suffix: str) -> None:
    data = written(scene(), kind)
    found = checked_picture("box", data)
    assert (found.data, found.suffix) == (data, suffix)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_cut_out_and_the_picture_stays(kind: str) -> None:
    data = written(scene(), kind, exif=exif())
    assert SECRET in data
    found = checked_picture("box", data)
    assert SECRET not in found.data
    assert np.array_equal(np.asarray(opened(found.data).convert("RGB")), np.asarray(opened(data).convert("RGB")))
    assert not dict(opened(found.data).getexif())


def test_texts_and_trailing_bytes_of_a_png_go() -> None:
    texts = PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    found = checked_picture("box", written(scene(), "PNG", pnginfo=texts) + SECRET)
    assert SECRET not in found.data
    assert opened(found.data).size == (64, 40)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright(kind: str, orientation: int) -> None:
    data = written(scene(), kind, exif=exif(orientation), **({"quality": 95} if kind == "JPEG" else {"lossless": True}))
    found = opened(checked_picture("box", data).data)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    upright = opened(data).convert("RGB").transpose(turns[orientation])
    assert found.size == upright.size
    assert np.array_equal(np.asarray(found.convert("RGB")), np.asarray(upright))
    assert not dict(found.getexif())


def test_an_mpo_of_a_phone_is_taken_by_its_first_frame() -> None:
    first, second = scene(), Image.new("RGB", (64, 40), "#00ff00")
    data = written(first, "MPO", save_all=True, append_images=[second], exif=exif())
    assert opened(data).format == "MPO"
    found = checked_picture("phone", data)
    assert found.suffix == ".jpg"
    picture = opened(found.data)
    assert (picture.format, getattr(picture, "n_frames", 1)) == ("JPEG", 1)
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(first)).mean() < 8
    assert SECRET not in found.data


def test_progressive_and_cmyk_jpegs_survive() -> None:
    progressive = written(scene((200, 120)), "JPEG", progressive=True, exif=exif())
    found = checked_picture("box", progressive)
    assert np.array_equal(np.asarray(opened(found.data)), np.asarray(opened(progressive)))
    assert opened(checked_picture("box", written(scene().convert("CMYK"), "JPEG")).data).mode == "RGB"


def test_colours_of_another_profile_are_brought_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert opened(checked_picture("box", written(scene(), "PNG", icc_profile=profile)).data).mode == "RGB"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = written(scene(), "JPEG", icc_profile=srgb)
    found = checked_picture("box", data)
    assert found.suffix == ".jpg"
    assert "icc_profile" not in opened(found.data).info


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")):
        body += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return body


def test_bombs_are_refused_without_unpacking_them() -> None:
    with pytest.raises(InvalidInput, match="pixels"):
        checked_picture("bomb", png(60_000, 60_000))
    side = int(LARGEST_PICTURE_PIXELS**0.5) + 1
    with pytest.raises(InvalidInput, match="pixels"):
        checked_picture("bomb", png(side, side))
    swelling = b"Comment\0\0" + zlib.compress(b"a" * 80_000_000, 9)
    with pytest.raises(InvalidInput, match="not a picture that can be read"):
        checked_picture("bomb", png(4, 4, (b"zTXt", swelling)))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_half_a_picture_is_refused(kind: str, cut: float) -> None:
    data = written(scene((300, 200)), kind)
    with pytest.raises(InvalidInput, match="not a picture that can be read"):
        checked_picture("half", data[: int(len(data) * cut)])


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is GIF"):
        checked_picture("box.png", written(scene(), "GIF"))
    for nonsense in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP", b"<svg/>", bytes(range(256))):
        with pytest.raises(InvalidInput):
            checked_picture("box.png", nonsense)
