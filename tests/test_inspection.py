"""Quality control: a good file passes, and each thing that is wrong with one is found, where it is."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forge_resources.editing import ffmpeg
from forge_resources.editing.cut import Lettering
from forge_resources.editing.inspection.caption_findings import caption_findings
from forge_resources.editing.inspection.expectation import InspectionParameters, ReadingRules
from forge_resources.editing.inspection.inspector import inspect
from forge_resources.editing.inspection.limits import quality_limits
from forge_resources.editing.inspection.motion import black_runs, cuts, flashing, frozen_runs
from forge_resources.editing.inspection.page import InspectionPage, PageParameters
from forge_resources.editing.inspection.reader import reader_version
from forge_resources.editing.inspection.type_findings import look, still_frames, type_findings
from forge_resources.editing.inspection.viewing import view
from forge_resources.editing.provenance.credentials import identity
from forge_resources.editing.provenance.manifest import SignParameters, c2pa_definition
from forge_resources.editing.provenance.signing import Signer
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.schemas.edit import TypeNote
from forge_resources.schemas.quality import QualityReport
from tests.sample_spot import PAN, PUSH, SAFE, SMALL, Spot, painted, profile, spoken
from tests.test_provenance import making

LIMITS = quality_limits()
FPS = Fraction(25)


def noise(count: int, *, seed: int = 1, moving: float = 2.0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Luma of a picture that moves a little from frame to frame."""
    chance = np.random.default_rng(seed)
    base = chance.uniform(40, 200, (36, 64)).astype(np.float32)
    drift = np.cumsum(chance.normal(0, moving, (count, 36, 64)), axis=0)
    return np.clip(base + drift, 16, 235).astype(np.float32)


def screen(values: list[float]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """RGB frames of one grey each."""
    return np.stack([np.full((36, 64, 3), value, np.uint8) for value in values])


def test_cuts_are_found_and_movement_is_none() -> None:
    film = np.concatenate([noise(30, seed=1), noise(30, seed=2), noise(30, seed=3)])
    assert cuts(film, LIMITS) == [30, 60]
    assert cuts(noise(60, moving=6), LIMITS) == []


def test_black_and_frozen_stretches_are_found() -> None:
    film = noise(75)
    film[20:25] = 16
    assert black_runs(film, LIMITS) == [(20, 25)]
    film[40:75] = film[40]
    assert frozen_runs(film, FPS, LIMITS) == [(40, 75)]
    assert frozen_runs(noise(75, moving=0.5), FPS, LIMITS) == []


@pytest.mark.parametrize(("every", "expected"), [(1, 12.5), (5, 2.5), (4, 3.0), (3, 4.0)])
def test_flashes_are_counted_by_the_second(every: int, expected: float) -> None:
    film = screen([30 if (frame // every) % 2 else 200 for frame in range(75)])
    assert flashing(film, FPS, LIMITS).most == pytest.approx(expected, abs=0.5)


def test_what_is_no_flash_is_not_counted() -> None:
    small_area = screen([100.0] * 50)
    small_area[::2, :8, :8] = 250
    bright = screen([240 if frame % 2 else 255 for frame in range(50)])
    slight = screen([100 if frame % 2 else 106 for frame in range(50)])
    fade = screen(list(np.linspace(10, 250, 75)))
    assert flashing(small_area, FPS, LIMITS).most == 0
    assert flashing(bright, FPS, LIMITS).most == 0, "the darker state is above 160 cd/m²"
    assert flashing(slight, FPS, LIMITS).most == 0
    assert flashing(fade, FPS, LIMITS).most <= 0.5


def test_saturated_red_is_counted_by_itself() -> None:
    film = screen([0.0] * 50)
    film[::4, :, :, 0] = film[1::4, :, :, 0] = 150
    found = flashing(film, FPS, LIMITS)
    assert found.most_red > 3


@pytest.fixture(scope="module")
def spot(tmp_path_factory: pytest.TempPathFactory) -> Spot:
    folder = tmp_path_factory.mktemp("spot")
    made = Spot(folder, FPS).show(painted(folder / "a.png"), 40, PUSH).show(painted(folder / "b.png", seed=5), 60, PAN)
    line, samples = spoken(folder, "Wake up early.")
    made.say(line, 11025, min(samples, 44100), 22050)
    made.letter(TypeNote(role="super", text=["Wake up"], fade_in=4, fade_out=4), 45, 50)
    made.render(folder / "master.mp4")
    return made


@pytest.fixture
def signed(spot: Spot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return sign(spot.folder / "master.mp4", tmp_path / "signed.mp4", monkeypatch)


def sign(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORGE_HOME", str(target.parent / "home"))
    who = identity(target.parent / "home")
    parameters = SignParameters(
        manifest=json.dumps(c2pa_definition(making())),
        media_type="video/mp4",
        certificate=who.fingerprint,
        development=True,
    )
    Signer().make(parameters, {"file": source}, target)
    return target


def wanted(**changes: Any) -> InspectionParameters:
    outlet = profile(FPS, SMALL)
    fields: dict[str, Any] = {
        "file": "spot.mp4", "profile": "web", "cell": "a cell", "content": "a" * 64, "media_type": "video/mp4",
        "container": "mp4", "size": SMALL, "fps": FPS, "spot_frames": 100, "leader": [], "tail": [], "timecode": None,
        "edge_silence_frames": 0, "video": outlet.video, "audio": outlet.audio, "loudness": outlet.loudness,
        "captions": [], "reading": ReadingRules(language="en", line_length=42, max_lines=2, reading_speed_cps=20),
        "safe_area": SAFE, "limits": LIMITS, "ffmpeg": ffmpeg.version(), "reader": reader_version(),
    }  # fmt: skip
    return InspectionParameters.model_validate({**fields, **changes})


def inspected(spot: Spot, file: Path, **changes: Any) -> QualityReport:
    return inspect(wanted(**changes), {"file": file, "timeline": spot.folder / "spot.otio"}, spot.folder)


def told(report: QualityReport, check: Any) -> str:
    return "; ".join(str(finding) for finding in report.of(check) if finding.severity == "fault")


def altered(spot: Spot, target: Path, *options: str) -> Path:
    """The master with something done to it."""
    ffmpeg.run(["-i", ffmpeg.address(spot.folder / "master.mp4"), *options, ffmpeg.address(target)])
    return target


def test_a_good_file_passes_and_its_figures_are_measured(spot: Spot, signed: Path) -> None:
    report = inspected(spot, signed)
    assert report.passed, [str(finding) for finding in report.findings]
    assert report.picture.cuts_s == [1.6]
    assert report.sound is not None
    assert report.sound.integrated_lufs == pytest.approx(-16, abs=1)
    assert len(report.loudness) > 15
    (letters,) = report.type
    assert letters.contrast is not None
    assert letters.contrast > 4
    assert report.signer
    assert [finding.severity for finding in report.findings] == ["remark"], "a development certificate"


def test_every_wrong_figure_of_the_form_is_found(spot: Spot, signed: Path) -> None:
    other = wanted().size.model_copy(update={"width": 640})
    report = inspected(spot, signed, spot_frames=101, size=other, fps=Fraction(30), timecode="10:00:00:00")
    found = told(report, "file")
    for place in ("frames: 100", "size: 320×180", "frame rate: 25", "time code: None", "independent reader, frames"):
        assert place in found


def test_a_file_that_is_too_loud_is_found(spot: Spot, tmp_path: Path) -> None:
    loud = altered(spot, tmp_path / "loud.mp4", "-c:v", "copy", "-af", "volume=9dB")
    report = inspected(spot, loud)
    assert "loudness: -" in told(report, "sound")
    assert "true peak" in told(report, "sound")
    assert "no C2PA manifest" in told(report, "provenance")


def test_a_line_that_is_gone_is_found(spot: Spot, tmp_path: Path) -> None:
    silent = altered(spot, tmp_path / "silent.mp4", "-c:v", "copy", "-af", "volume=0")
    found = told(inspected(spot, silent), "sound")
    assert "nothing is heard" in found
    assert "voice at 0.50 s: line 1 is not heard" in found


def test_black_freeze_and_cuts_that_are_not_meant_are_found(spot: Spot, tmp_path: Path) -> None:
    black = altered(spot, tmp_path / "black.mp4", "-vf", "drawbox=t=fill:c=black:enable='between(n,10,14)'")
    found = told(inspected(spot, black), "picture")
    assert "black at 0.40 s: 5 frames of black" in found
    assert "the timeline has no cut here" in found
    still = altered(spot, tmp_path / "still.mp4", "-vf", "loop=loop=59:size=1:start=40,trim=end_frame=100")
    assert "stands still" in told(inspected(spot, still), "picture")
    gone = altered(spot, tmp_path / "gone.mp4", "-vf", "loop=loop=99:size=1:start=0,trim=end_frame=100")
    assert "cut at 1.60 s: the timeline has a cut here" in told(inspected(spot, gone), "picture")


def test_flashes_are_found(spot: Spot, tmp_path: Path) -> None:
    chain = "eq=brightness='if(mod(floor(n/2),2),0.45,-0.45)':eval=frame"
    found = told(inspected(spot, altered(spot, tmp_path / "flash.mp4", "-vf", chain)), "flashing")
    assert "flashes within a second; at most 3 are safe" in found


def test_type_that_cannot_be_read_is_found(spot: Spot, tmp_path: Path) -> None:
    grey = altered(spot, tmp_path / "grey.mp4", "-vf", "eq=contrast=0.12")
    assert "contrast of 1." in told(inspected(spot, grey), "type")


def test_type_outside_of_the_outlets_safe_area_is_found(spot: Spot, signed: Path) -> None:
    high = SAFE.model_copy(update={"bottom": 0.35})
    assert "pixels outside the safe area, bottom" in told(inspected(spot, signed, safe_area=high), "type")


def test_legal_lines_that_are_small_or_gone_too_soon_are_found(spot: Spot, signed: Path) -> None:
    cut = read_cut(open_timeline(spot.folder / "spot.otio"))
    legal = TypeNote(role="legal", text=["Battery life depends on use."], fade_in=4, fade_out=4)
    cut = replace(cut, lettering=(Lettering(legal, 20, 60),))
    seen = view(signed, list(still_frames(cut, wanted())), spot.folder)
    found = "; ".join(map(str, type_findings(look(seen, cut, wanted()), cut, wanted())))
    assert "held for 2.08 s; its words need 3.00 s" in found
    assert "contrast of 1." in found, "the line is not in the picture"
    strict = LIMITS.model_copy(update={"type": LIMITS.type.model_copy(update={"legal_height": 0.2})})
    small = wanted(limits=strict)
    assert "of the picture's height; 20% is the least" in str(
        list(map(str, type_findings(look(seen, cut, small), cut, small)))
    )


def test_a_damaged_manifest_is_found(spot: Spot, signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[data.index(b"moov") + 60] ^= 1
    (tmp_path / "broken.mp4").write_bytes(data)
    assert "assertion.bmffHash.mismatch" in told(inspected(spot, tmp_path / "broken.mp4"), "provenance")


CUES = {
    "good": ("00:00:00,500 --> 00:00:02,000\nWake up early.", "00:00:02,080 --> 00:00:03,500\nAnd rise."),
    "overlaps": ("00:00:00,500 --> 00:00:02,400\nWake up early.", "00:00:02,000 --> 00:00:03,500\nAnd rise."),
    "comes 0 ms after": ("00:00:00,500 --> 00:00:02,000\nWake up early.", "00:00:02,000 --> 00:00:03,500\nAnd rise."),
    "is on screen for 0.30 s": ("00:00:00,500 --> 00:00:00,800\nWake.",),
    "outside of the spot": ("00:00:03,000 --> 00:00:05,000\nWake up early.",),
    "has 3 lines": ("00:00:00,500 --> 00:00:02,000\nWake\nup\nearly.",),
    "has a line of 50": ("00:00:00,500 --> 00:00:03,900\n" + "x" * 50,),
    "characters a second": ("00:00:00,500 --> 00:00:01,500\n" + "word " * 8,),
    "is empty": (),
}


@pytest.mark.parametrize("name", CUES)
def test_captions_are_read_again_and_judged(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.srt"
    path.write_text("\n\n".join(f"{i}\n{cue}" for i, cue in enumerate(CUES[name], 1)) + "\n")
    found = list(caption_findings({"srt": path}, True, wanted()))
    if name == "good":
        assert found == []
    else:
        assert any(name in str(finding) for finding in found)
        assert {finding.severity for finding in found} == ({"remark"} if "second" in name else {"fault"})


def test_the_page_has_thumbnails_and_a_plot(spot: Spot, signed: Path, tmp_path: Path) -> None:
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    report.write_text(inspected(spot, signed).model_dump_json())
    parameters = PageParameters(ffmpeg="9", pillow="11", integrated_lufs=-16, true_peak_dbtp=-1)
    facts = InspectionPage().make(parameters, {"report": report, "file": signed}, page)
    written = page.read_text()
    assert facts["thumbnails"] == written.count("<img src=") == 12
    assert written.count("<polyline") == 3
    assert "passed" in written
    assert "<script" not in written


def test_a_file_of_another_kind_is_a_fault_and_no_crash(spot: Spot, tmp_path: Path) -> None:
    target = altered(spot, tmp_path / "spot.mxf", "-c:v", "mpeg2video", "-c:a", "pcm_s16le")
    found = told(inspected(spot, target), "provenance")
    assert "no C2PA manifest" in found
    assert found.isprintable()
