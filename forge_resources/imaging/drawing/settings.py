"""Every setting of the vocabulary and the function that builds it.

What belongs here: the register. What does not: the sets.
"""

from __future__ import annotations

from dataclasses import dataclass

from forge_resources.imaging.drawing import driving, outdoors, public_rooms, rooms, town, workplaces
from forge_resources.imaging.drawing.scene import Bed, SetFunction


@dataclass(frozen=True)
class Setting:
    """How a setting is built, and what one lies on there; `windows` and `skyline` say whether those details change what
    it shows."""

    build: SetFunction
    indoors: bool
    bed: Bed = "sofa"
    windows: bool = True
    skyline: bool = True


SETTINGS: dict[str, Setting] = {
    "bedroom": Setting(rooms.bedroom, True, "bed"),
    "kitchen": Setting(rooms.kitchen, True),
    "living-room": Setting(rooms.living_room, True),
    "bathroom": Setting(rooms.bathroom, True),
    "hallway": Setting(rooms.hallway, True),
    "home-office": Setting(rooms.home_office, True),
    "balcony": Setting(rooms.balcony, False, windows=False),
    "garden": Setting(outdoors.garden, False, "ground", windows=False),
    "street": Setting(town.street, False, "ground", windows=False),
    "cafe": Setting(public_rooms.cafe, True),
    "restaurant": Setting(public_rooms.restaurant, True),
    "office": Setting(workplaces.office, True),
    "classroom": Setting(workplaces.classroom, True),
    "library": Setting(public_rooms.library, True),
    "train": Setting(public_rooms.train, True),
    "car": Setting(driving.car, False, "ground", windows=False),
    "bus-stop": Setting(town.bus_stop, False, "bench", windows=False),
    "park": Setting(outdoors.park, False, "ground", windows=False),
    "gym": Setting(workplaces.gym, True, "ground"),
    "supermarket": Setting(public_rooms.supermarket, True, windows=False, skyline=False),
    "market-square": Setting(town.market_square, False, "ground", windows=False),
    "beach": Setting(outdoors.beach, False, "ground", windows=False),
    "mountain": Setting(outdoors.mountain, False, "ground", windows=False),
    "forest": Setting(outdoors.forest, False, "ground", windows=False, skyline=False),
    "rooftop": Setting(town.rooftop, False, windows=False),
    "workshop": Setting(workplaces.workshop, True),
    "studio": Setting(workplaces.studio, True, "ground", windows=False, skyline=False),
}
