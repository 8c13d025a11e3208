"""What a deployment adds to the reference library or replaces in it, and how its faults are told."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library.catalogue import compose_audience
from forge_resources.library.loader import load_library

LIBRARY = load_library()


def overlay(folder: Path, **files: str) -> Path:
    """Writes `name="content"` as name.yaml into `folder`."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(dedent(content), encoding="utf-8")
    return folder


def faults_of(folder: Path) -> dict[str, str]:
    """The faults of the library with this overlay: place without the folder → message."""
    with pytest.raises(InvalidInput) as caught:
        load_library(folder)
    return {fault.place.replace(f"{folder}/", ""): fault.message for fault in caught.value.faults}


def test_the_later_trait_counts(tmp_path: Path) -> None:
    insights = "insights: [{topic: pace, text: Said for the test.}]"
    library = load_library(
        overlay(
            tmp_path / "own",
            regions=f"nordics: {{name: Nordics, traits: {{pace: slow, humour: dry, address: formal, "
            f"skyline: skyline-de, window: window-tilt}}, {insights}}}",
            countries=f"SE: {{region: nordics, traits: {{humour: warm, address: informal}}, {insights}}}",
            languages=f"sv: {{speech_rate_cps: 14, reading_speed_cps: 17, line_length: 42, "
            f"traits: {{address: formal}}, {insights}}}",
            markets="sv-SE: {country: SE, language: sv, voice: sv, delivery: [web]}",
            segments=f"one-more: {{name: One, kind: behavioural, traits: {{pace: brisk}}, {insights}}}\n"
            f"and-another: {{name: Two, kind: behavioural, traits: {{pace: steady}}, {insights}}}",
            personas="tester: {name: Tester, portrait: Tests., "
            "segments: [one-more, students, and-another, curious-minds]}",
        )
    )
    market = library.resolve_market("sv-SE")
    assert market.traits["pace"] == "slow"
    assert market.traits["humour"] == "warm"
    assert market.traits["address"] == "formal"
    audience = compose_audience(market, library.resolve_persona("tester"))
    assert audience.traits["pace"] == "steady"
    assert audience.traits["humour"] == "warm"


# A deployment's own entries


def test_an_overlay_adds_and_replaces(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        brands="""
            lumen: {name: Lumen Two, palette: {primary: "#112233", accent: "#445566"}, voice: [new]}
            halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain]}
        """,
    )
    library = load_library(folder)
    assert library.brands["lumen"].name == "Lumen Two"
    assert library.brands["halde"].voice == ["plain"]
    assert set(library.brands) == set(LIBRARY.brands) | {"halde"}
    assert library.personas == LIBRARY.personas
    assert LIBRARY.brands["lumen"].name == "Lumen"


def test_equal_content_is_one_library_and_changed_content_another(tmp_path: Path) -> None:
    assert load_library() is LIBRARY
    brand = 'halde: {{name: {}, palette: {{primary: "#112233", accent: "#445566"}}, voice: [plain]}}'
    folder = overlay(tmp_path / "own", brands=brand.format("Halde"))
    first = load_library(folder)
    assert load_library(folder) is first
    assert first.content_hash() != LIBRARY.content_hash()
    overlay(folder, brands=brand.format("Halda"))
    assert load_library(folder).brands["halde"].name == "Halda"
    assert load_library(folder).content_hash() != first.content_hash()


def test_the_content_hash_does_not_depend_on_order(tmp_path: Path) -> None:
    brands = [
        'halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain]}',
        'agora: {name: Agora, palette: {accent: "#445566", primary: "#112233"}, voice: [plain]}',
    ]
    one = load_library(overlay(tmp_path / "one", brands="\n".join(brands)))
    other = load_library(overlay(tmp_path / "other", brands="\n".join(reversed(brands))))
    assert one.content_hash() == other.content_hash()


def test_an_empty_overlay_and_foreign_files_change_nothing(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", personas="# nothing yet\n")
    (folder / "README.md").write_text("ours", encoding="utf-8")
    assert load_library(folder).content_hash() == LIBRARY.content_hash()


def test_a_folder_of_data_files_that_nothing_reads_is_a_fault(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", personas="# nothing yet\n")
    (folder / "marks").mkdir()
    (folder / "marks" / "h.png").write_bytes(b"")
    load_library(folder)
    (folder / "profile").mkdir()
    (folder / "profile" / "tv.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_library(folder)
    (fault,) = caught.value.faults
    assert fault.place == str(folder / "profile")
    assert "known: profiles" in fault.message


def test_a_missing_overlay_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        load_library(tmp_path / "nowhere")


def test_a_logo_lies_beside_its_brand(tmp_path: Path) -> None:
    brand = 'halde: {name: Halde, palette: {primary: "#112233", accent: "#445566"}, voice: [plain], logo: marks/h.png}'
    folder = overlay(tmp_path / "own", brands=brand)
    assert faults_of(folder) == {"brands.yaml: halde.logo": "there is no file `marks/h.png` beside this one"}
    (folder / "marks").mkdir()
    (folder / "marks" / "h.png").write_bytes(b"\x89PNG")
    assert load_library(folder).logo_file("halde") == folder / "marks" / "h.png"
    assert load_library(folder).logo_file("lumen") is None
    for outside in ("../h.png", "/etc/h.png", "..\\\\h.png"):
        overlay(folder, brands=brand.replace("marks/h.png", f'"{outside}"'))
        assert faults_of(folder) == {"brands.yaml: halde.logo": "must be a path inside the folder of this file"}


# Faults


GOOD_SEGMENT = "{name: Good, kind: behavioural, insights: [{topic: work, text: Works.}]}"


@pytest.mark.parametrize(
    ("file", "content", "place", "message"),
    [
        ("personas", "tester: {name: T, portrait: T., segments: [students, runners, achiever]}",
         "tester.segments[2]", "there is no segment `achiever`; did you mean `achievers`"),
        ("personas", "tester: {name: T, portrait: T., segments: [students, runners, runners, achievers]}",
         "tester.segments[2]", "named twice"),
        ("personas", "tester: {name: T, portrait: T., segments: [students, teenagers, achievers]}",
         "tester.segments", "has no behavioural segment"),
        ("personas", "tester: {name: T, portrait: T., segments: [students]}", "tester.segments", "at least 3"),
        ("personas", "tester: {name: T, portrait: T., segements: [students]}",
         "tester.segements", "unknown key; did you mean `segments`?"),
        ("personas", "tester: {name: T, portrait: T.}", "tester.segments", "is missing"),
        ("personas", "tester: {slug: tester, name: T, portrait: T., segments: []}", "tester.slug", "leave this out"),
        ("personas", "tester: busy", "tester", "must be a mapping"),
        ("personas", "a|b: {name: T, portrait: T., segments: [students, runners, achievers]}",
         "a|b", "`a|b` is not written as it must be"),
        ("personas", "- tester", "", "must be a mapping from slug to entry"),
        ("segments", f"tester: {GOOD_SEGMENT[:-1]}, traits: {{role: parrot}}}}",
         "tester.traits.role", "`parrot` is not in the vocabulary; known: parent"),
        ("segments", f"tester: {GOOD_SEGMENT[:-1]}, traits: {{roll: parent}}}}",
         "tester.traits.roll", "there is no trait `roll`; known: role"),
        ("segments", "tester: {name: T, kind: geographic, insights: [{topic: work, text: Works.}]}",
         "tester.kind", "'demographic', 'behavioural' or 'psychographic'"),
        ("segments", "tester: {name: T, kind: behavioural, insights: [{topic: wurk, text: Works.}]}",
         "tester.insights[0].topic", "should be"),
        ("segments", "tester: {name: T, kind: behavioural, insights: [{topic: work, txt: Works., text: W.}]}",
         "tester.insights[0].txt", "unknown key; did you mean `text`?"),
        ("countries", "NO: {region: nordix, insights: [{topic: work, text: Works.}]}",
         "NO.region", "there is no region `nordix`"),
        ("countries", "QX: {region: british-isles, insights: [{topic: work, text: Works.}]}",
         "QX", "not a country that the Unicode locale data know"),
        ("markets", "de-AT: {country: AT, language: de, voice: de, delivery: [web]}",
         "de-AT.country", "there is no country `AT`"),
        ("markets", "de-FR: {country: FR, language: fr, voice: de, delivery: [web]}",
         "de-FR.language", "must be `de`, as the code says"),
        ("markets", "de-FR: {country: DE, language: de, voice: de, delivery: [web]}",
         "de-FR.country", "must be `FR`, as the code says"),
        ("languages", "qq: {speech_rate_cps: fast, reading_speed_cps: 17, line_length: 42,"
         " insights: [{topic: work, text: W.}]}", "qq.speech_rate_cps", "must be a number"),
        ("brands", 'halde: {name: Halde, palette: {primary: teal, accent: "#445566"}, voice: [plain]}',
         "halde.palette.primary", "`teal` is not written as it must be"),
        ("brands", "halde: {name: 1984, palette: {}, voice: [plain]}", "halde.name", "put quotes round it"),
    ],
)  # fmt: skip
def test_a_fault_names_file_entry_and_field(tmp_path: Path, file: str, content: str, place: str, message: str) -> None:
    found = faults_of(overlay(tmp_path / "own", **{file: content}))
    key = f"{file}.yaml: {place}" if place else f"{file}.yaml"
    assert key in found
    assert message in found[key]


def test_an_entry_named_twice_is_a_fault_with_its_line(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own", segments=f"tester: {GOOD_SEGMENT}\nother: {GOOD_SEGMENT}\ntester: {GOOD_SEGMENT}\n"
    )
    assert faults_of(folder) == {"segments.yaml: line 3, column 1": "the key `tester` is written twice"}


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        regions="nordics: [",
        countries="SE: {region: nordics, insights: [{topic: work, text: W.}]}",
        segments="tester: {name: T, kind: behavioural}",
        personas="one: {name: O, portrait: O., segments: [tester, students, achievers]}\n"
        "two: {name: T, portrait: T., segments: [nobody, students, achievers], colour: red}\n"
        "three: {name: T, portrait: T., segments: [nobody, students, achievers]}",
        brands="halde: {name: Halde, voice: [plain]}",
    )
    (folder / "markets.yaml").write_bytes(b"de-CH: \xff\xfe")
    found = faults_of(folder)
    # SE and `one` refer to entries that are faulty themselves; that is said once, where it is wrong.
    assert {place.split(": line")[0] for place in found} == {
        "regions.yaml",
        "segments.yaml: tester.insights",
        "personas.yaml: two.colour",
        "personas.yaml: two.segments[0]",
        "personas.yaml: three.segments[0]",
        "brands.yaml: halde.palette",
        "markets.yaml",
    }
    assert found["markets.yaml"] == "not UTF-8 at byte 7"


@pytest.mark.parametrize(
    ("name", "message"),
    [("persona.yaml", "personas.yaml"), ("brands.yml", "brands.yaml"), ("vocabulary.yaml", "the vocabulary is closed")],
)
def test_a_file_that_would_be_ignored_is_a_fault(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text("", encoding="utf-8")
    found = faults_of(tmp_path)
    assert list(found) == [name]
    assert message in found[name]


def test_what_is_odd_is_a_warning(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path / "own",
        segments=f"lonely: {GOOD_SEGMENT}\ndreamers: {GOOD_SEGMENT.replace('behavioural', 'psychographic')}",
        personas="thin: {name: Thin, portrait: Thin., segments: [students, night-owls, dreamers]}",
        brands='faint: {name: Faint, palette: {primary: "#112233", accent: "#445566", ink: "#aaaaaa"}, voice: [plain]}',
    )
    assert [str(warning).replace(f"{folder}/", "") for warning in load_library(folder).warnings] == [
        "segments.yaml: lonely: nothing uses this entry",
        "personas.yaml: thin.segments: none of them sets `worry`, which is left to chance",
        "personas.yaml: thin.segments: none of them sets `wish`, which is left to chance",
        "brands.yaml: faint.palette.ink: contrast 2.3 : 1 on paper; text needs 4.5 : 1",
    ]
