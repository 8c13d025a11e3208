"""Findings on a finished spot: what its decoded file must be and is not.

What belongs here: comparing measured figures with brief and profile. What does not: measuring (see `probe`).
"""

from __future__ import annotations

from fractions import Fraction

from forge_resources.findings import Finding
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Figures
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import frames_at


def spot_findings(figures: Figures, brief: CellBrief, profile: DeliveryProfile) -> list[Finding]:
    """Wrong number of frames, rate, size, loudness or peak."""
    wanted = brief.market_brief
    size = profile.sizes[profile.ratio_for(wanted.aspect_ratio)]
    frames = frames_at(Fraction(wanted.duration_s), profile.fps)
    findings = []
    if figures.frames != frames:
        findings.append(Finding("frames", f"{figures.frames} frames, {frames} wanted"))
    if figures.fps != profile.fps:
        findings.append(Finding("fps", f"{figures.fps} frames a second, {profile.fps} wanted"))
    if (figures.width, figures.height) != (size.width, size.height):
        findings.append(Finding("size", f"{figures.width}×{figures.height} pixels, {size.width}×{size.height} wanted"))
    loudness = profile.loudness
    if figures.integrated_lufs is not None:
        # Measured in tenths: -14.6 is 1.4 from -16, and not a rounding error more.
        off = round(figures.integrated_lufs - loudness.integrated_lufs, 2)
        if abs(off) > loudness.tolerance_lu:
            findings.append(
                Finding("loudness", f"{figures.integrated_lufs:.1f} LUFS, {loudness.integrated_lufs:g} wanted")
            )
    if figures.true_peak_dbtp is not None and figures.true_peak_dbtp > loudness.true_peak_dbtp:
        findings.append(
            Finding("true peak", f"{figures.true_peak_dbtp:.1f} dBTP, at most {loudness.true_peak_dbtp:g} allowed")
        )
    return findings
