"""From timelines to the files that outlets take: which masters are rendered, and which packages made from them.

A picture is encoded once: profiles with the same timeline and the same format of picture share a master, and each has
its own sound, leader and container.

What belongs here: which recipe needs what. What does not: rendering, mixing, packaging (see the engines so called),
or where the files go (see `shelf`).
"""

from __future__ import annotations

from functools import partial

from forge_resources.editing.cutting_room import mix_sound, read_timeline, render_master
from forge_resources.editing.outlet import needs_package, package_parameters
from forge_resources.editing.packaging import packager_name
from forge_resources.editing.profiles import outlet
from forge_resources.editing.side_by_side import Joint, side_by_side
from forge_resources.editing.timeline_reading import picture_identity, timeline_note
from forge_resources.progress import OnStep
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.deliverables import Spot, Timelines
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.types import sha256_of
from forge_resources.store.tally import Tally
from forge_resources.studio import Studio


class Packing:
    """Makes what is missing for the profiles of a cell, and counts it in `tally`."""

    def __init__(
        self, studio: Studio, brief: CellBrief, timelines: Timelines, spot: Spot, tally: Tally, on_step: OnStep
    ) -> None:
        self._studio, self._brief, self._timelines = studio, brief, timelines
        self._tally, self._on_step = tally, on_step
        first = self.profile(spot.profile)
        self._masters: dict[str, tuple[DeliveryProfile, Artefact]] = {self._picture(first): (first, spot.master)}

    def profile(self, slug: str) -> DeliveryProfile:
        """A profile as it is for the market of the cell."""
        return outlet(self._studio.profiles, slug, self._brief.market_brief)

    def packages(self) -> dict[str, Artefact]:
        """The finished, unsigned files for every profile of the timelines, in their order.

        Pictures are rendered side by side; profiles that share one follow each other.
        """
        alike: dict[str, list[str]] = {}
        frames = 0
        for slug, timeline in self._timelines.by_profile.items():
            slugs = alike.setdefault(self._picture(self.profile(slug)), [])
            if not slugs:
                frames += timeline_note(read_timeline(self._studio.workshop, timeline)).frames
            slugs.append(slug)
        joint = Joint(self._on_step, frames)
        made: dict[str, Artefact] = {}
        for group, tally in side_by_side(
            [partial(self._packed, slugs, joint) for slugs in alike.values()], joint.stopped
        ):
            made |= group
            self._tally.take(tally)
        return {slug: made[slug] for slug in self._timelines.by_profile}

    def _packed(self, slugs: list[str], joint: Joint) -> tuple[dict[str, Artefact], Tally]:
        """The files of profiles that share a picture."""
        tally = Tally()
        return {slug: self._package(slug, tally, joint.part(slug)) for slug in slugs}, tally

    def master(self, slug: str) -> Artefact:
        """The rendered picture for a profile, which another with equal picture may have been rendered for."""
        return self._master(self.profile(slug), self._tally, self._on_step)[1]

    def _package(self, slug: str, tally: Tally, on_step: OnStep) -> Artefact:
        profile = self.profile(slug)
        rendered_for, master = self._master(profile, tally, on_step)
        if not needs_package(profile) and _same_file(rendered_for, profile):
            return master
        timeline = self._timelines.by_profile[slug]
        document = read_timeline(self._studio.workshop, timeline)
        workshop = self._studio.workshop
        sound = tally.add(mix_sound(workshop, profile, timeline))
        note = timeline_note(document)
        parameters = package_parameters(self._brief, profile, note, note.tier)
        engine = workshop.engine("edit", packager_name(profile.container))
        return tally.add(workshop.make(engine, parameters, {"master": master, "sound": sound}))

    def _master(self, profile: DeliveryProfile, tally: Tally, on_step: OnStep) -> tuple[DeliveryProfile, Artefact]:
        picture = self._picture(profile)
        if picture not in self._masters:
            timeline = self._timelines.by_profile[profile.slug]
            encoder = self._studio.settings.encoder
            made = render_master(self._studio.workshop, profile, timeline, on_step, encoder)
            self._masters[picture] = profile, tally.add(made)
        return self._masters[picture]

    def _picture(self, profile: DeliveryProfile) -> str:
        """What decides the encoded picture: timeline and format. Equal for two profiles that can share a master."""
        document = read_timeline(self._studio.workshop, self._timelines.by_profile[profile.slug])
        return sha256_of([picture_identity(document), profile.video.model_dump(mode="json")])


def _same_file(one: DeliveryProfile, other: DeliveryProfile) -> bool:
    """Whether the master rendered for `one` is, as it is, the file that `other` takes."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("container", "fast_start", "fps", "video", "audio", "loudness")
    )
