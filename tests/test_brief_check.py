"""What a brief names must exist: every unknown name and unusable picture with its exact place."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from upath import UPath

from forge_resources.briefs import reference_pictures
from forge_resources.briefs.check import CheckedBrief, brand_of, check_file
from forge_resources.editing.profiles import load_profiles
from forge_resources.errors import InvalidInput
from forge_resources.library.loader import load_library
from tests.sample_briefs import SHORT, write_brief
from tests.stores import open_store

LIBRARY = load_library()
PROFILES = load_profiles()


def checked(place: Path) -> CheckedBrief:
    return check_file(UPath(place), LIBRARY, PROFILES)


def refusal(place: Path | UPath) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check_file(UPath(place), LIBRARY, PROFILES)
    return caught.value


def faults(folder: Path, **changes: Any) -> list[str]:
    return [str(fault) for fault in refusal(write_brief(folder, **changes)).faults]


def with_images(*images: str) -> dict[str, Any]:
    return {**SHORT["product"], "images": list(images)}


def picture(folder: Path, name: str = "box.png", kind: str = "PNG") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), "#f2a03d").save(path, kind)
    return path


# --- files


def test_a_brief_without_faults_is_checked(tmp_path: Path) -> None:
    place = write_brief(tmp_path)
    found = checked(place)
    assert found.brief.brief == "night-tea"
    assert found.pictures == {}
    assert found.data == place.read_bytes()


def test_every_example_is_without_faults() -> None:
    examples = Path(__file__).parent.parent / "examples" / "briefs"
    assert "aurora-launch" in [checked(place).brief.brief for place in sorted(examples.glob("*.[jy]*"))]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "a.yaml does not exist" in str(refusal(tmp_path / "a.yaml"))
    assert "is a folder, not a brief" in str(refusal(tmp_path))
    assert "cannot be read: File name too long" in str(refusal(tmp_path / ("a" * 300)))
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert "loop.yaml cannot be read: Too many levels of symbolic links" in str(refusal(tmp_path / "loop.yaml"))


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert [str(fault) for fault in refusal(Path("/dev/zero")).faults] == [
        "the file is too large; a brief has at most 1,048,576 bytes"
    ]


def test_bytes_at_hand_are_not_read_again(tmp_path: Path) -> None:
    data = write_brief(tmp_path).read_bytes()
    assert check_file(UPath(tmp_path / "gone.yaml"), LIBRARY, PROFILES, data).brief.brief == "night-tea"


def test_json_is_a_brief_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(SHORT), encoding="utf-8")
    assert checked(tmp_path / "a.json").brief == checked(write_brief(tmp_path)).brief


# --- names


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"brand": "lumn"}, "brand: unknown brand `lumn`; did you mean lumen?"),
        ({"markets": ["en-GB", "de-DD"]}, "markets[1]: unknown market `de-DD`; did you mean de-DE"),
        ({"personas": ["busy-parents"]}, "personas[0]: unknown persona `busy-parents`; did you mean busy-parent"),
        ({"language": "xx"}, "language: unknown language `xx`; known: "),
        ({"copy": {"dee": {"message": "x"}}}, "copy.dee: unknown language or market `dee`"),
        ({"copy": {"de-XX": {"message": "x"}}}, "copy.de-XX: unknown language or market `de-XX`"),
        ({"must_say": {"de": ["x"]}}, "must_say.de: unknown market (or `all`) `de`"),
        (
            {"engines": {"text": "gpt"}},
            "engines.text: unknown text engine `gpt`; known: anthropic, draft, local, openai",
        ),
        ({"engines": {"image": "espeak"}}, "engines.image: unknown image engine `espeak`"),
        ({"engines": {"voice": "sketch"}}, "engines.voice: unknown voice engine `sketch`"),
        ({"engines": {"motion": "moving"}}, "engines.motion: unknown motion engine `moving`"),
        ({"delivery": ["web", "cinema"]}, "delivery[1]: unknown delivery profile `cinema`"),
    ],
)
def test_an_unknown_name_has_its_place(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    (told,) = faults(tmp_path, **changes)
    assert told.startswith(fault)


def test_a_very_long_name_is_cut_short(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, copy={"x" * 5000: {"message": "x"}})
    assert len(told) < 400


def test_the_library_of_the_deployment_counts(tmp_path: Path) -> None:
    overlay = tmp_path / "library"
    overlay.mkdir()
    (overlay / "personas.yaml").write_text(
        "tea-lover:\n  name: Tea lover\n  portrait: Drinks tea.\n"
        "  segments: [parents-of-young-children, early-risers, time-starved]\n"
    )
    place = UPath(write_brief(tmp_path, personas=["tea-lover"]))
    assert "unknown persona `tea-lover`" in str(refusal(place))
    assert check_file(place, load_library(overlay), PROFILES).brief.personas == ["tea-lover"]


def test_several_faults_of_every_sort_are_told_at_once(tmp_path: Path) -> None:
    told = faults(
        tmp_path,
        brief="night|tea",
        brand="nobody-at-all",
        product={**with_images("../box.png", "none.png"), "name": ""},
        mesage="x",
        duration_s=-15,
        markets=["xx-XX", "german", "en-GB"],
        personas=["busy-parent", "nobody"],
        copy={"xx": {"message": "y" * 121}},
        engines={"text": "gpt", "image": "Sketch"},
        delivery=["cinema"],
        exclude=[{"market": "fr-FR", "persona": "busy-parent"}],
    )
    assert sorted(fault.partition(": ")[0] for fault in told) == sorted(
        [
            "brief", "brand", "product.name", "product.images[0]", "product.images[1]", "mesage", "duration_s",
            "markets[0]", "markets[1]", "personas[1]", "copy.xx", "copy.xx.message", "engines.text", "engines.image",
            "delivery[0]",
        ]
    )  # fmt: skip


def test_the_number_of_faults_is_in_the_message(tmp_path: Path) -> None:
    assert str(refusal(write_brief(tmp_path, seed=-1))).startswith("night-tea.yaml has 1 fault.\n  seed: ")
    assert str(refusal(write_brief(tmp_path, seed=-1, tone=[]))).startswith("night-tea.yaml has 2 faults.\n")


# --- pictures


@pytest.mark.parametrize(("name", "kind"), [("box.png", "PNG"), ("deep/er/box.jpeg", "JPEG"), ("box.webp", "WEBP")])
def test_a_picture_beside_the_brief_is_taken(tmp_path: Path, name: str, kind: str) -> None:
    path = picture(tmp_path, name, kind)
    found = checked(write_brief(tmp_path, product=with_images(name))).pictures[name]
    assert found.data == path.read_bytes()
    assert found.suffix == {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[kind]


def test_the_format_counts_and_not_the_name(tmp_path: Path) -> None:
    picture(tmp_path, "box.png", "JPEG")
    assert checked(write_brief(tmp_path, product=with_images("box.png"))).pictures["box.png"].suffix == ".jpg"


@pytest.mark.parametrize(
    "path",
    [
        "../box.png",
        "a/../../box.png",
        "/etc/hostname",
        "..\\box.png",
        "C:\\box.png",
        "s3://bucket/box.png",
        "file:///a",
    ],
)
def test_a_path_that_leaves_the_folder_is_a_fault(tmp_path: Path, path: str) -> None:
    picture(tmp_path, "box.png")
    (tmp_path / "inbox" / "a").mkdir(parents=True)
    (told,) = faults(tmp_path / "inbox", product=with_images(path))
    assert told == f"product.images[0]: `{path}` leaves the brief's folder"


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_link_that_leaves_the_folder_is_a_fault(tmp_path: Path, scheme: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    picture(tmp_path, "secret.png")
    (inbox / "box.png").symlink_to(tmp_path / "secret.png")
    (inbox / "up").symlink_to(tmp_path)
    place = write_brief(inbox, product=with_images("box.png", "up/secret.png"))
    assert [str(fault) for fault in refusal(UPath(f"{scheme}{place}")).faults] == [
        "product.images[0]: `box.png` leaves the brief's folder through a link",
        "product.images[1]: `up/secret.png` leaves the brief's folder through a link",
    ]


def test_a_link_inside_the_folder_is_taken(tmp_path: Path) -> None:
    picture(tmp_path, "real.png")
    (tmp_path / "box.png").symlink_to("real.png")
    assert "box.png" in checked(write_brief(tmp_path, product=with_images("box.png"))).pictures


def test_what_is_no_readable_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    long = "a" * 300
    told = faults(tmp_path, product=with_images("gone.png", "folder", "pipe", "night-tea.yaml/a", "loop", long, "."))
    assert told[:4] == [
        "product.images[0]: `gone.png` does not exist beside the brief",
        "product.images[1]: `folder` is not a file",
        "product.images[2]: `pipe` is not a file",
        "product.images[3]: `night-tea.yaml/a` does not exist beside the brief",
    ]
    assert told[4].startswith("product.images[4]: `loop` cannot be read (")
    assert told[5] == f"product.images[5]: `{long[:60]}` cannot be read (File name too long)"
    assert told[6] == "product.images[6]: `.` is not a file"


def test_what_is_no_picture_is_a_fault(tmp_path: Path) -> None:
    Image.effect_noise((256, 256), 90).save(tmp_path / "box.jpg")
    whole = (tmp_path / "box.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    whole = picture(tmp_path, "box.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    picture(tmp_path, "box.bmp", "BMP")
    told = faults(tmp_path, product=with_images("half.jpg", "half.png", "text.png", "box.bmp"))
    assert told == [
        "product.images[0]: `half.jpg` is not a picture that can be read",
        "product.images[1]: `half.png` is not a picture that can be read",
        "product.images[2]: `text.png` is not a picture that can be read",
        "product.images[3]: `box.bmp` is BMP; pictures are PNG, JPEG or WebP",
    ]


def claim_size(path: Path, width: int, height: int) -> None:
    """Has a PNG say that it is larger than it is."""
    data = path.read_bytes()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    path.write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])


def test_a_picture_has_limits(tmp_path: Path) -> None:
    claim_size(picture(tmp_path, "wide.png"), 8001, 8000)
    claim_size(picture(tmp_path, "bomb.png"), 60_000, 60_000)
    (tmp_path / "heavy.png").write_bytes(b"")
    os.truncate(tmp_path / "heavy.png", reference_pictures.LARGEST_PICTURE_BYTES + 1)
    assert faults(tmp_path, product=with_images("wide.png", "bomb.png", "heavy.png")) == [
        "product.images[0]: `wide.png` has more than 64,000,000 pixels",
        "product.images[1]: `bomb.png` has more than 64,000,000 pixels",
        "product.images[2]: `heavy.png` is larger than 32 MiB",
    ]


# --- pictures in the store


def test_a_picture_in_the_store_is_taken(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    data = picture(tmp_path, "box.png").read_bytes()
    address = f"store:{store.take_in(data, '.png')}.png"
    place = UPath(write_brief(tmp_path, product=with_images(address)))
    assert check_file(place, LIBRARY, PROFILES, store=store).pictures[address].data == data


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        (f"store:{'0' * 64}.png", "The artefact 000000000000.png is not in the store."),
        ("store:box.png", "`store:box.png` is not of the form store:<SHA-256>.png"),
        (f"store:../{'0' * 64}.png", f"`store:../{'0' * 64}.png` is not of the form store:<SHA-256>.png"),
    ],
)
def test_a_store_address_that_leads_nowhere_is_a_fault(tmp_path: Path, address: str, fault: str) -> None:
    place = UPath(write_brief(tmp_path, product=with_images(address)))
    with pytest.raises(InvalidInput) as caught:
        check_file(place, LIBRARY, PROFILES, store=open_store(tmp_path))
    assert [str(told) for told in caught.value.faults] == [f"product.images[0]: {fault}"]


# --- a brand of one's own


OWN = {"slug": "nightfall", "name": "Nightfall", "voice": ["calm"], "logo": "logo.png"} | {
    "palette": {"primary": "#102030", "accent": "#f0e0d0"}
}


def test_a_brand_of_ones_own_brings_its_logo(tmp_path: Path) -> None:
    picture(tmp_path, "logo.png")
    found = checked(write_brief(tmp_path, brand=OWN))
    assert list(found.pictures) == ["logo.png"]
    assert brand_of(found.brief, LIBRARY).name == "Nightfall"
    assert brand_of(checked(write_brief(tmp_path)).brief, LIBRARY) == LIBRARY.brand("lumen")


def test_a_logo_is_a_png_beside_the_brief(tmp_path: Path) -> None:
    assert faults(tmp_path, brand=OWN) == ["brand.logo: `logo.png` does not exist beside the brief"]
    picture(tmp_path, "logo.jpg", "JPEG")
    assert faults(tmp_path, brand={**OWN, "logo": "logo.jpg"}) == [
        "brand.logo: `logo.jpg` is no PNG; a logo is a PNG with alpha"
    ]
    assert faults(tmp_path, brand={**OWN, "logo": "../logo.png"}) == [
        "brand.logo: `../logo.png` leaves the brief's folder"
    ]
