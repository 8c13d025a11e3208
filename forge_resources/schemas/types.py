"""The small types that several contracts share: slugs, lines of text, exact seconds, colours.

What belongs here: types with validation and no meaning of their own. What does not: any document.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from forge_resources.schemas.timecode import TIMECODE_PATTERN, exact_rate

AspectRatio = Literal["16:9", "9:16", "1:1", "4:5"]
EngineKind = Literal["text", "image", "voice", "motion", "edit"]
Tier = Literal["draft", "full"]


class Document(BaseModel):
    """Base of every contract: unknown keys are errors, values never change, NaN and infinity are refused."""

    # Validators are built when they are first used: most processes use a few of the three hundred contracts, and
    # building all of them is a tenth of the time in which one starts.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON form; equal content has an equal hash."""
        return sha256_of(self.model_dump(mode="json", by_alias=True))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spare space, so that equal values are equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha256_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def control_characters(text: str) -> list[str]:
    """The control, format-override, surrogate and private characters in `text`, as code points such as `U+0007`.

    Joiners that scripts need (ZWJ, ZWNJ) and the marks of right-to-left text are not counted.
    """
    allowed = {"\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u00ad"}
    return [
        f"U+{ord(char):04X}"
        for char in text
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and char not in allowed
    ]


def _single_line(text: str) -> str:
    if found := control_characters(text):
        raise ValueError(f"control characters are not allowed ({', '.join(found[:3])})")
    if not text.strip():
        raise ValueError("must not be blank")
    if text != text.strip():
        raise ValueError("must not begin or end with a space")
    return unicodedata.normalize("NFC", text)


_RATIONAL = re.compile(r"[-+]?[0-9]{1,40}(?:/[0-9]{1,40}|\.[0-9]{1,40})?")


def _fraction(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise ValueError("must be a number of seconds")
    # An exponent such as 1e999999999 would be written out in full.
    if isinstance(value, str) and not _RATIONAL.fullmatch(value):
        raise ValueError("must be a number of seconds")
    try:
        # str() first: 0.1 means one tenth, not the nearest binary fraction.
        return Fraction(value if isinstance(value, Fraction) else str(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError("must be a number of seconds") from None


def _fraction_out(value: Fraction) -> int | float | str:
    if value.denominator == 1:
        return value.numerator
    decimal = float(value)
    return decimal if Fraction(str(decimal)) == value else f"{value.numerator}/{value.denominator}"


SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
LANGUAGE_PATTERN = r"^[a-z]{2,3}$"
MARKET_PATTERN = r"^[a-z]{2,3}-[A-Z]{2}$"
COLOUR_PATTERN = r"^#[0-9a-fA-F]{6}$"
COUNTRY_PATTERN = r"^[A-Z]{2}$"
TRAIT_PATTERN = r"^[a-z][a-z_]*$"
VOICE_PATTERN = r"^[a-z0-9-]+$"
PICTURE_MODEL_PATTERN = r"^[a-z0-9][a-z0-9._-]+$"
TEXT_MODEL_PATTERN = r"^[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?$"

SPELLINGS = {
    SLUG_PATTERN: "small letters a-z, digits and hyphens, such as `busy-parent`",
    LANGUAGE_PATTERN: "the code of a language in small letters, such as `de`",
    MARKET_PATTERN: "language and country, such as `de-DE`",
    COLOUR_PATTERN: "a colour by six hexadecimal digits, such as `#1f2a44`",
    COUNTRY_PATTERN: "the code of a country in two capitals, such as `DE`",
    TRAIT_PATTERN: "small letters a-z and underscores, such as `prop`",
    VOICE_PATTERN: "small letters a-z, digits and hyphens, such as `en-gb`",
    TIMECODE_PATTERN: "hours, minutes, seconds and frames, such as `10:00:00:00`",
    PICTURE_MODEL_PATTERN: "small letters a-z, digits, dots, hyphens and underscores, such as `sdxl-base`",
    TEXT_MODEL_PATTERN: "one line, with no space at its ends",
}
"""What people are told who wrote something else; a test sees to it that each pattern they may meet is here."""
Slug = Annotated[str, Field(pattern=SLUG_PATTERN, min_length=2, max_length=40)]
Line = Annotated[str, AfterValidator(_single_line), Field(min_length=1, max_length=400)]
ShortLine = Annotated[str, AfterValidator(_single_line), Field(min_length=1, max_length=120)]
LanguageCode = Annotated[str, Field(pattern=LANGUAGE_PATTERN)]
CountryCode = Annotated[str, Field(pattern=COUNTRY_PATTERN)]
MarketCode = Annotated[str, Field(pattern=MARKET_PATTERN)]
Colour = Annotated[str, Field(pattern=COLOUR_PATTERN)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

ExactRational = Annotated[
    Fraction,
    BeforeValidator(_fraction),
    PlainSerializer(_fraction_out),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+/\d+$"}]}),
]
Seconds = Annotated[ExactRational, Field(gt=0, le=90)]
FrameRate = Annotated[ExactRational, AfterValidator(exact_rate)]
"""One of `timecode.RATES`; 29.97 is read as 30000/1001."""


def frames_at(seconds: Fraction, fps: Fraction) -> int:
    """The frame on which a moment `seconds` from the start falls at `fps`, rounded half up; never accumulated."""
    exact = seconds * fps
    return int(exact + Fraction(1, 2))
