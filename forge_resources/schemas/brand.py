"""Brand and product: whose spot it is and what it sells."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forge_resources.schemas.types import Colour, Document, Line, ShortLine, Slug


class Palette(Document):
    """Colours as `#rrggbb`. `ink` is set on `paper`; `primary` and `accent` carry the brand."""

    primary: Colour
    accent: Colour
    paper: Colour = "#ffffff"
    ink: Colour = "#1a1a1a"


class Brand(Document):
    """A brand as the library or a brief describes it."""

    slug: Slug
    name: ShortLine
    palette: Palette
    voice: Annotated[list[ShortLine], Field(min_length=1, max_length=8)]
    must_not_say: Annotated[list[ShortLine], Field(max_length=100)] = []
    logo: Line | None = Field(None, description="Path of a PNG with alpha, beside the document that names it.")
    description: Line | None = None


class Product(Document):
    """What is sold. `images` are optional reference pictures."""

    name: ShortLine
    description: Line
    selling_points: Annotated[list[ShortLine], Field(min_length=1, max_length=8)]
    images: Annotated[list[Line], Field(max_length=8)] = []
