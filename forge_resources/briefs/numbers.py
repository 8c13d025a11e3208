"""Whether a brief gives every spot the number that its outlet wants: clock numbers, Ad-IDs.

What belongs here: rules between `identifiers`, cells and delivery profiles. What does not: whether a number was used by
another brief (see `editing.identifiers`, at the hand-over).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forge_resources.errors import Fault
from forge_resources.library.catalogue import Library
from forge_resources.schemas.brief import Brief, OutletNumber
from forge_resources.schemas.delivery import DeliveryProfile, IdentifierRule


def number_faults(brief: Brief, library: Library, profiles: Mapping[str, DeliveryProfile]) -> Iterator[Fault]:
    """Numbers that belong to nothing, have the wrong form or length, stand for two spots, or are missing."""
    wanted = {
        market: [profiles[slug] for slug in brief.delivery or library.markets[market].delivery]
        for market in brief.markets
    }
    cells: dict[tuple[str, str], int] = {}
    owners: dict[str, int] = {}
    for index, entry in enumerate(brief.identifiers):
        place = f"identifiers[{index}]"
        yield from _entry_faults(place, entry, brief, wanted.get(entry.market), owners)
        owners.setdefault(entry.id, index)
        for cell in brief.cells():
            if cell.market == entry.market and entry.persona in (None, cell.persona):
                key = (f"{cell.market} × {cell.persona}", entry.profile)
                if key in cells:
                    yield Fault(place, f"gives {key[0]} a second number for {entry.profile}")
                cells.setdefault(key, index)
    yield from _shared(brief)
    for cell in brief.cells():
        for profile in wanted[cell.market]:
            if profile.identifier and (f"{cell.market} × {cell.persona}", profile.slug) not in cells:
                rule = profile.identifier
                yield Fault(
                    "identifiers",
                    f"{profile.slug} needs an identifier ({rule.name}) for {cell.market} × {cell.persona}, "
                    f"such as {rule.example}",
                )


def _entry_faults(
    place: str,
    entry: OutletNumber,
    brief: Brief,
    profiles: list[DeliveryProfile] | None,
    owners: Mapping[str, int],
) -> Iterator[Fault]:
    if profiles is None:
        yield Fault(f"{place}.market", f"{entry.market} is not among the brief's markets")
        return
    if entry.persona is not None and entry.persona not in brief.personas:
        yield Fault(f"{place}.persona", f"{entry.persona} is not among the brief's personas")
    profile = next((profile for profile in profiles if profile.slug == entry.profile), None)
    if profile is None:
        named = ", ".join(profile.slug for profile in profiles)
        yield Fault(f"{place}.profile", f"{entry.profile} is not delivered for {entry.market}; that has {named}")
    elif profile.identifier is None:
        yield Fault(f"{place}.profile", f"{entry.profile} takes no number")
    else:
        yield from _form_faults(f"{place}.id", entry.id, profile.identifier, brief.duration_s)
    if entry.id in owners:
        yield Fault(f"{place}.id", f"{entry.id} is the number of identifiers[{owners[entry.id]}] already")


def _form_faults(place: str, number: str, rule: IdentifierRule, duration_s: int) -> Iterator[Fault]:
    match = re.fullmatch(rule.pattern, number)
    if match is None:
        yield Fault(place, f"`{number}` is no {rule.name}; one looks like {rule.example}")
    elif rule.seconds and int(match[rule.seconds]) != duration_s:
        yield Fault(place, f"`{number}` says {int(match[rule.seconds])} seconds; the spot has {duration_s}")


def _shared(brief: Brief) -> Iterator[Fault]:
    """A number without a persona stands for one spot only where the market has one."""
    for index, entry in enumerate(brief.identifiers):
        personas = [cell.persona for cell in brief.cells() if cell.market == entry.market]
        if entry.persona is None and len(personas) > 1:
            named = ", ".join(personas)
            yield Fault(f"identifiers[{index}]", f"must name one of the personas of {entry.market}: {named}")
