"""The gate on a finished spot: each figure that is off is a finding, and one that is within its limits is none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.quality import spot_findings
from forge_resources.schemas.deliverables import Figures
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import AspectRatio
from tests.cells import cell_brief

WEB = load_profiles()["web"]
SIZE = WEB.sizes["16:9"]
GOOD = Figures(
    duration_s=Fraction(15),
    frames=int(15 * WEB.fps),
    fps=WEB.fps,
    width=SIZE.width,
    height=SIZE.height,
    bitrate_kbps=1800.0,
    integrated_lufs=WEB.loudness.integrated_lufs,
    true_peak_dbtp=WEB.loudness.true_peak_dbtp,
)


def findings(profile: DeliveryProfile = WEB, aspect_ratio: AspectRatio = "16:9", **figures: Any) -> list[str]:
    """The findings on a spot of 15 seconds that is as it should be but for some figures."""
    measured = GOOD.model_copy(update=figures)
    return [str(finding) for finding in spot_findings(measured, cell_brief(aspect_ratio=aspect_ratio), profile)]


def with_loudness(**figures: float) -> DeliveryProfile:
    return WEB.model_copy(update={"loudness": WEB.loudness.model_copy(update=figures)})


def test_a_spot_as_it_should_be_has_no_findings() -> None:
    assert findings() == []


@pytest.mark.parametrize("off", [-1, 1])
def test_one_frame_too_few_or_too_many_is_found(off: int) -> None:
    assert findings(frames=GOOD.frames + off) == [f"frames: {GOOD.frames + off} frames, {GOOD.frames} wanted"]


def test_the_number_of_frames_is_exact_at_a_broken_rate() -> None:
    broken = WEB.model_copy(update={"fps": Fraction(30000, 1001)})
    # 15 s × 29.97… = 449.55, and a frame is whole
    assert findings(broken, frames=450, fps=Fraction(30000, 1001)) == []
    assert findings(broken, frames=449, fps=Fraction(2997, 100)) == [
        "frames: 449 frames, 450 wanted",
        "fps: 2997/100 frames a second, 30000/1001 wanted",
    ]


def test_the_size_is_that_of_the_ratio() -> None:
    upright = WEB.sizes["9:16"]
    wrong = f"size: {SIZE.width}×{SIZE.height} pixels, {upright.width}×{upright.height} wanted"
    assert findings(aspect_ratio="9:16") == [wrong]
    assert findings(aspect_ratio="9:16", width=upright.width, height=upright.height) == []


def test_loudness_has_a_tolerance() -> None:
    profile = with_loudness(integrated_lufs=-16, tolerance_lu=1.5)
    for measured in (-17.5, -16, -14.5):
        assert findings(profile, integrated_lufs=measured) == []
    assert findings(profile, integrated_lufs=-14.4) == ["loudness: -14.4 LUFS, -16 wanted"]
    assert findings(profile, integrated_lufs=-17.6) == ["loudness: -17.6 LUFS, -16 wanted"]


@given(wanted=st.integers(-300, -80), tolerance=st.integers(1, 40), side=st.sampled_from([-1, 1]))
def test_the_edge_of_the_tolerance_is_within_it(wanted: int, tolerance: int, side: int) -> None:
    profile = with_loudness(integrated_lufs=wanted / 10, tolerance_lu=tolerance / 10)
    assert findings(profile, integrated_lufs=(wanted + side * tolerance) / 10) == []
    assert len(findings(profile, integrated_lufs=(wanted + side * (tolerance + 1)) / 10)) == 1


def test_the_true_peak_has_a_limit() -> None:
    profile = with_loudness(true_peak_dbtp=-1)
    assert findings(profile, true_peak_dbtp=-1.0) == []
    assert findings(profile, true_peak_dbtp=-0.9) == ["true peak: -0.9 dBTP, at most -1 allowed"]


def test_a_silent_spot_is_not_measured() -> None:
    assert findings(integrated_lufs=None, true_peak_dbtp=None) == []


def test_every_finding_is_told_at_once() -> None:
    told = findings(frames=1, fps=Fraction(12), width=64, integrated_lufs=-40.0, true_peak_dbtp=3.0)
    assert [finding.split(":")[0] for finding in told] == ["frames", "fps", "size", "loudness", "true peak"]
