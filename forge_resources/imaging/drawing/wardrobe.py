"""Casting and costume: which face, hair and clothes a role gets in a shot.

What belongs here: choices by role and seed. What does not: how they are drawn (heads, figures).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from forge_resources.imaging.drawing.anatomy import Body, body_for
from forge_resources.imaging.drawing.colour import HAIRS, RGB, SKINS, WHITE, Paints, luminance, mix, shade


@dataclass(frozen=True)
class Costume:
    """A figure's looks. `top` and `bottom` name garments that `figures` knows how to draw."""

    role: str
    body: Body
    skin: RGB
    hair: RGB
    style: str
    beard: bool
    glasses: bool
    lips: RGB
    iris: RGB
    top: str
    bottom: str
    top_colour: RGB
    layer_colour: RGB
    bottom_colour: RGB
    shoe_colour: RGB
    short_sleeves: bool = False
    apron: RGB | None = None
    hat: str = ""
    pack: RGB | None = None
    freckles: bool = False
    stripe: bool = False


ROLES: tuple[str, ...] = (
    "adult", "parent", "child", "teen", "student", "professional", "senior", "athlete", "cook", "traveller",
        "shopkeeper",
    "barista", "friend",
)  # fmt: skip
_TOPS: dict[str, tuple[str, ...]] = {
    "professional": ("blazer", "blazer", "shirt"), "athlete": ("sport",), "cook": ("chef",),
        "child": ("tee", "hoodie", "sweater"),
    "teen": ("hoodie", "tee", "sweater"), "student": ("hoodie", "shirt", "sweater", "jacket"),
        "senior": ("cardigan", "shirt", "sweater"),
    "traveller": ("jacket", "coat"), "shopkeeper": ("shirt",), "barista": ("tee", "shirt"),
}  # fmt: skip
_BOTTOMS: dict[str, tuple[str, ...]] = {
    "athlete": ("shorts", "leggings"), "child": ("trousers", "shorts", "skirt"), "professional": ("trousers", "pencil"),
}  # fmt: skip
_BROAD_HAIR = ("crop", "side", "quiff", "curls", "crop", "buzz")
_SLIGHT_HAIR = ("bob", "long", "ponytail", "bun", "curls", "waves", "pixie")


def cast(role: str, nth: int, paints: Paints, cast_seed: int) -> Costume:
    """The `nth` person of a role in the cast of that seed, the same in every shot, whoever else is in it."""
    family = random.Random(f"{cast_seed}:family")
    rng = random.Random(f"{cast_seed}:{role}:{nth}")
    # Roles start from different places of the rail, so that two persons of a shot are rarely dressed alike.
    hanger = family.randrange(12) + 5 * ROLES.index(role) + 7 * nth
    kin = family.randrange(len(SKINS))
    related = role in ("parent", "child", "senior") and nth == 0
    skin = SKINS[kin] if related else SKINS[(kin + rng.randrange(1, len(SKINS))) % len(SKINS)]
    broad = rng.random() < 0.5
    dark = luminance(skin) < 0.6
    hair = rng.choice(HAIRS[:3] if dark else HAIRS)
    style = rng.choice(_BROAD_HAIR if broad else _SLIGHT_HAIR)
    if role == "senior":
        hair = rng.choice([(206, 206, 210), (176, 176, 184), (226, 222, 214)])
        style = rng.choice(("balding", "side", "crop") if broad else ("bob", "bun", "pixie"))
    top_colour = paints.cloth[hanger % len(paints.cloth)]
    dark_bottoms: list[RGB] = [(58, 64, 84), (74, 84, 112), (48, 48, 58), (116, 102, 88), (88, 98, 92), (168, 150, 124)]
    bottom_colour = rng.choice(
        [c for c in dark_bottoms if abs(luminance(c) - luminance(top_colour)) > 0.10] or dark_bottoms
    )
    tops = _TOPS.get(role, ("sweater", "shirt", "tee", "cardigan", "jacket") + (() if broad else ("dress",)))
    top = rng.choice(tops)
    bottoms = _BOTTOMS.get(role, ("trousers", "jeans") if broad else ("trousers", "jeans", "skirt"))
    if top == "chef":
        top_colour, bottom_colour = WHITE, (64, 68, 82)
    if role == "professional" and top == "blazer":
        top_colour = rng.choice([(58, 66, 92), (92, 96, 108), (124, 104, 92), shade(paints.primary, 0.35)])
    apron = {
        "cook": mix(paints.primary, (60, 60, 70), 0.25), "shopkeeper": shade(paints.primary, 0.1),
            "barista": (70, 58, 54),
    }.get(role)  # fmt: skip
    return Costume(
        role=role, body=body_for(role, broad, rng), skin=skin, hair=hair, style=style,
        beard=broad and role not in ("child", "teen") and rng.random() < 0.34,
        glasses=rng.random() < (0.6 if role == "senior" else 0.16 if role not in ("child", "athlete") else 0.06),
        lips=mix(skin, (176, 62, 70), 0.34 if broad else 0.55),
        iris=rng.choice([(74, 52, 40), (96, 70, 48), (78, 104, 122), (84, 106, 78)]) if not dark else (62, 42, 34),
        top=top, bottom=rng.choice(bottoms), top_colour=top_colour,
        layer_colour=rng.choice([WHITE, (232, 224, 212), mix(top_colour, WHITE, 0.7), paints.accent]),
        bottom_colour=bottom_colour,
        shoe_colour=rng.choice([(240, 238, 234), (52, 46, 50), (132, 86, 58), paints.accent]),
        short_sleeves=top in ("tee", "sport") or (top == "dress" and rng.random() < 0.6),
        apron=apron, hat={"cook": "toque", "barista": "cap"}.get(role,
            "cap" if role == "athlete" and rng.random() < 0.3 else ""),
        pack=rng.choice([paints.accent, (96, 104, 84), paints.cloth[2]]) if role in ("traveller",
            "student") and rng.random() < 0.85 else None,
        freckles=not dark and rng.random() < 0.2, stripe=top in ("tee", "sweater") and rng.random() < 0.3,
    )  # fmt: skip
