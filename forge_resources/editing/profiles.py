"""Delivery profiles: reads them from their files.

What belongs here: finding the files and saying what is wrong with them. What does not: what a profile holds (see
`schemas.delivery`), or the figures (see `data/profiles`: one file per profile, no code knows any of them by name).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from forge_resources.editing.data_files import DATA, read_document
from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.delivery import DeliveryProfile, FrameSize
from forge_resources.schemas.types import AspectRatio

PACKAGED = DATA / "profiles"


def load_profiles(overlay: Path | None = None) -> dict[str, DeliveryProfile]:
    """The profiles by slug, in the order of their slugs; those in the folder `overlay` are added or replace others.

    A profile is one YAML file named after its slug. Raises InvalidInput with the faults of all files at once, each at
    a place such as `web.yaml: safe_areas.9:16.top`, and NotFound where `overlay` is not a folder.
    """
    if overlay is not None and not overlay.is_dir():
        raise NotFound(
            f"There is no folder {overlay} for delivery profiles.", remedy="Name an existing folder, or none."
        )
    profiles: dict[str, DeliveryProfile] = {}
    faults: list[Fault] = []
    for path in [*_files(PACKAGED), *(_files(overlay) if overlay else ())]:
        try:
            profile = _read(path)
        except InvalidInput as error:
            faults += [
                fault if fault.place.startswith(path.name) else Fault(f"{path.name}: {fault.place}", fault.message)
                for fault in error.faults
            ]
        else:
            profiles[profile.slug] = profile
    if faults:
        raise InvalidInput("The delivery profiles have faults.", faults=faults)
    return dict(sorted(profiles.items()))


def outlet(profiles: Mapping[str, DeliveryProfile], slug: str, market_brief: MarketBrief) -> DeliveryProfile:
    """The profile `slug` as it is for a market: at the market's broadcast rate, where the outlet takes that."""
    return profiles[slug].at_rate(market_brief.market.market.broadcast_fps)


def other_ratios(profiles: Mapping[str, DeliveryProfile], market_brief: MarketBrief) -> dict[AspectRatio, FrameSize]:
    """The ratios beside the brief's that its outlets take, each with the largest size that is wanted in it."""
    found: dict[AspectRatio, FrameSize] = {}
    for slug in market_brief.delivery:
        profile = outlet(profiles, slug, market_brief)
        ratio = profile.ratio_for(market_brief.aspect_ratio)
        if ratio != market_brief.aspect_ratio:
            sizes = [size for size in (profile.sizes[ratio], found.get(ratio)) if size]
            found[ratio] = max(sizes, key=lambda size: size.height)
    return found


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})


def _read(path: Path) -> DeliveryProfile:
    profile = read_document(path, DeliveryProfile)
    if profile.slug != path.stem:
        fault = Fault(f"{path.name}: slug", f"is `{profile.slug}`; it must be the file's name, `{path.stem}`")
        raise InvalidInput(f"{path.name} does not hold what it must.", faults=[fault])
    return profile
