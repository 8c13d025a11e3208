"""Which font sets which text: the packaged family, the user's folders, the system's fonts by preference.

What belongs here: finding font files, choosing a face for every character, and saying which package is missing. What
does not: measuring or drawing text (see `shaping`), or the preference list itself (see `data/fonts.yaml`).

The choice is the same wherever the same files are present: the packaged family comes first, `FORGE_FONTS` second, and
of the system's fonts only those that the list names are used, in its order.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import PIL
from fontTools import unicodedata as scripts_of_unicode
from fontTools.ttLib import TTFont, TTLibError
from PIL import features

from forge_resources.editing.font_catalogue import FontCatalogue, FontFamily, ScriptFonts, Weight, font_catalogue
from forge_resources.errors import Unavailable

WEIGHT_CLASS: Mapping[Weight, int] = {"regular": 400, "semibold": 600, "bold": 700, "black": 900}
"""Weights as OpenType's `usWeightClass`."""

_FONT_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_JOINS_THE_LAST = frozenset({"Mn", "Mc", "Me", "Cf"})


@dataclass(frozen=True)
class Face:
    """One face of a font file. `wght` is where to set the weight axis of a variable font, None for a static one."""

    path: Path
    index: int = 0
    wght: int | None = None

    @property
    def name(self) -> str:
        """`File.ttc#2@700`: the file, its face where it is not the first, and the weight of a variable font."""
        index = f"#{self.index}" if self.index else ""
        return f"{self.path.name}{index}" + (f"@{self.wght}" if self.wght else "")

    @property
    def characters(self) -> Mapping[int, str]:
        """Code point → glyph name."""
        return _characters(self.path, self.index)

    def covers(self, text: str) -> bool:
        return all(ord(char) in self.characters or _needs_no_glyph(char) for char in text)

    @property
    def sha256(self) -> str:
        return _sha256_of_file(self.path)


@dataclass(frozen=True)
class FaceRun:
    """A stretch of text that one face sets; `shaped` says that its letters join, stack or change order."""

    text: str
    face: Face
    shaped: bool


@dataclass(frozen=True)
class ScriptCoverage:
    """What this machine has for a script: the font's file name, or how to get one."""

    script: str
    languages: tuple[str, ...]
    font: str | None
    remedy: str


def script_of(char: str) -> str:
    """ISO 15924 code such as `Latn`; marks that take the script of their letter, and punctuation, are `Zyyy`."""
    code = str(scripts_of_unicode.script(char))
    return "Zyyy" if code in {"Zinh", "Zzzz"} else code


def shaping_available() -> bool:
    """Whether Pillow can join, reorder and stack letters here: raqm is in its wheel, FriBiDi is the system's."""
    return bool(features.check("raqm") and features.check("fribidi"))


class FontBook:
    """Finds faces for text. `own_folders` are the user's (any font there counts), `folders` the system's.

    Folders that do not exist are passed over; each is read once, when it is first needed.
    """

    def __init__(
        self,
        own_folders: Sequence[Path] = (),
        folders: Sequence[Path] | None = None,
        catalogue: FontCatalogue | None = None,
    ) -> None:
        self._catalogue = catalogue or font_catalogue()
        self._own_folders = tuple(own_folders)
        self._folders = tuple(folders) if folders is not None else self._catalogue.system_folders()

    @cached_property
    def _own_files(self) -> dict[str, Path]:
        return _font_files(self._own_folders)

    @cached_property
    def _system_files(self) -> dict[str, Path]:
        return _font_files(self._folders)

    def packaged(self, weight: Weight) -> Face:
        """The face of the packaged Latin family. Raises Unavailable where its wheel is not installed."""
        if weight not in self._packaged:
            self._packaged[weight] = self._find_packaged(weight)
        return self._packaged[weight]

    @cached_property
    def _packaged(self) -> dict[Weight, Face]:
        return {}

    def _find_packaged(self, weight: Weight) -> Face:
        packaged = self._catalogue.packaged
        spec = find_spec(packaged.package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location) / packaged.folder / packaged.faces[weight]
            if path.is_file():
                return Face(path)
        raise Unavailable(
            "The Latin font family of Forge is not installed.",
            remedy=f"Install it: pip install {packaged.package.replace('_', '-')}",
        )

    def faces_for(self, text: str, weight: Weight, language: str = "") -> list[FaceRun]:
        """Cuts `text` into runs, each with the face that sets it, in the order of the text.

        `language` (a code such as `ja`) decides how Han characters are drawn. Raises Unavailable, with the missing
        characters, their script and the package to install, where no face has a character, and where a script needs
        shaping that this machine's Pillow cannot do.
        """
        self._check_shaping(text)
        clusters = _clusters(text)
        faces = self._choose(clusters, weight, language)
        runs: list[FaceRun] = []
        for cluster, face in zip(clusters, faces, strict=True):
            shaped = self._needs_shaping(cluster)
            last = runs[-1] if runs else None
            # Spaces and punctuation go with the letters before them, shaped or not.
            if last and last.face == face and (last.shaped == shaped or _is_common(cluster)):
                runs[-1] = FaceRun(last.text + cluster, face, last.shaped)
            else:
                runs.append(FaceRun(cluster, face, shaped))
        return runs

    def font_fingerprint(
        self, texts: Iterable[str], language: str = "", weights: Iterable[Weight] = ("regular", "semibold", "bold")
    ) -> dict[str, str]:
        """Everything about fonts that changes how `texts` look: face name → SHA-256 of its file, and the typesetter."""
        found: dict[str, str] = {}
        shaped = False
        weights = tuple(weights)
        for text in sorted(set(texts)):
            for weight in weights:
                for run in self.faces_for(text, weight, language):
                    found[run.face.name] = run.face.sha256
                    shaped = shaped or run.shaped
        raqm = f" raqm {features.version('raqm')}" if shaped else ""
        found["typesetter"] = f"pillow {PIL.__version__} freetype {features.version('freetype2')}{raqm}"
        return dict(sorted(found.items()))

    def coverage_report(self) -> list[ScriptCoverage]:
        """Per script of the catalogue: the font that would set it here, or the remedy."""
        report = []
        for entry in (entry for entry in self._catalogue.scripts if "Zyyy" not in entry.scripts):
            name = " and ".join(_script_name(code) for code in entry.scripts)
            remedy = _remedy(entry)
            font: str | None = None
            if entry.sample is None:
                font = self.packaged("regular").name
            elif all(code in self._catalogue.unshaped for code in entry.scripts) or shaping_available():
                letters = [char for char in entry.sample if not _is_common(char)]
                face = next(
                    (face for face in self._candidates(entry, "", "bold") if face.covers("".join(letters))), None
                )
                font = face.name if face else None
            else:
                remedy = _SHAPING_REMEDY
            report.append(ScriptCoverage(name, tuple(entry.languages), font, "" if font else remedy))
        return report

    def _needs_shaping(self, cluster: str) -> bool:
        marked = len(cluster) > 1 and any(unicodedata.combining(char) for char in cluster)
        return marked or any(script_of(char) not in self._catalogue.unshaped for char in cluster)

    def _check_shaping(self, text: str) -> None:
        if shaping_available():
            return
        shaped = [cluster for cluster in _clusters(text) if self._needs_shaping(cluster)]
        if shaped:
            names = ", ".join(sorted({_script_name(script_of(cluster[0])) for cluster in shaped}))
            raise Unavailable(
                f"{names} text (“{''.join(shaped)[:20]}”) needs shaping, which Pillow does with FriBiDi, and FriBiDi "
                "is not on this machine.",
                remedy=_SHAPING_REMEDY,
            )

    def _choose(self, clusters: Sequence[str], weight: Weight, language: str) -> list[Face]:
        speaks = language or _language_of_scripts({script_of(char) for cluster in clusters for char in cluster})
        chosen: list[Face | None] = []
        for cluster in clusters:
            last = next((face for face in reversed(chosen) if face is not None), None)
            if _is_common(cluster) and last and last.covers(cluster):
                chosen.append(last)
            else:
                chosen.append(self._face_for(cluster, weight, speaks))
        if missing := [cluster for cluster, face in zip(clusters, chosen, strict=True) if face is None]:
            raise self._unavailable(missing, speaks)
        faces = [face for face in chosen if face is not None]
        # What opens a text (a quotation mark, a number) takes the face of the first letter, where that has it.
        first = next((i for i, cluster in enumerate(clusters) if not _is_common(cluster)), None)
        for i in range(first or 0):
            if first is not None and faces[first].covers(clusters[i]):
                faces[i] = faces[first]
        return faces

    def _face_for(self, cluster: str, weight: Weight, language: str) -> Face | None:
        packaged = self.packaged(weight)
        if packaged.covers(cluster):
            return packaged
        script = script_of(cluster[0])
        # Common characters of a script (such as 。) are drawn by the fonts of the language's script.
        codes = [script, *_SCRIPTS_OF_LANGUAGE.get(language, ()), "Zyyy"] if script == "Zyyy" else [script]
        for code in codes:
            for face in self._candidates(self._catalogue.fonts_for(code, language), code, weight):
                if face.covers(cluster):
                    return face
        return None

    def _candidates(self, entry: ScriptFonts, script: str, weight: Weight) -> Iterable[Face]:
        name = _script_name(script or entry.scripts[0]).replace(" ", "")
        families = [family.named(name) for family in entry.families]
        for files in (self._own_files, self._system_files):
            for family in families:
                if face := _face_of_family(family, files, weight):
                    yield face
        for path in self._own_files.values():
            yield Face(path)

    def _unavailable(self, missing: Sequence[str], language: str) -> Unavailable:
        by_script: dict[str, list[str]] = {}
        for cluster in missing:
            code = script_of(cluster[0])
            if code == "Zyyy":
                # Punctuation such as 。 comes with the font of the language's script, not with one for symbols.
                code = _SCRIPTS_OF_LANGUAGE.get(language, (code,))[0]
            by_script.setdefault(code, []).append(cluster)
        named = [
            f"{_script_name(code)} “{''.join(dict.fromkeys(clusters))[:40]}”" for code, clusters in by_script.items()
        ]
        remedies = dict.fromkeys(_remedy(self._catalogue.fonts_for(code, language), code) for code in by_script)
        return Unavailable(f"No font on this machine has: {'; '.join(named)}.", remedy=" ".join(remedies))


_SHAPING_REMEDY = (
    "Install it (Debian, Ubuntu: apt-get install libfribidi0; macOS: brew install fribidi), or without root put "
    "libfribidi.so.0 in a folder named in LD_LIBRARY_PATH."
)
_SCRIPTS_OF_LANGUAGE: Mapping[str, tuple[str, ...]] = {
    "ja": ("Hira",),
    "ko": ("Hang",),
    "zh": ("Hani",),
    "ar": ("Arab",),
    "fa": ("Arab",),
    "ur": ("Arab",),
    "hi": ("Deva",),
    "mr": ("Deva",),
    "ne": ("Deva",),
    "he": ("Hebr",),
    "th": ("Thai",),
}


@lru_cache(maxsize=8)
def _font_book(own_folders: tuple[Path, ...]) -> FontBook:
    return FontBook(own_folders)


def font_book() -> FontBook:
    """The fonts of this machine, with the folders that `FORGE_FONTS` names now."""
    named = os.environ.get("FORGE_FONTS", "")
    return _font_book(tuple(Path(folder).expanduser() for folder in named.split(os.pathsep) if folder))


def faces_for(text: str, weight: Weight, language: str = "") -> list[FaceRun]:
    """`FontBook.faces_for` with the fonts of this machine."""
    return font_book().faces_for(text, weight, language)


def font_fingerprint(texts: Iterable[str], language: str = "") -> dict[str, str]:
    """`FontBook.font_fingerprint` with the fonts of this machine."""
    return font_book().font_fingerprint(texts, language)


def coverage_report() -> list[ScriptCoverage]:
    """`FontBook.coverage_report` with the fonts of this machine."""
    return font_book().coverage_report()


def open_font(path: Path, index: int) -> Any:
    """The font's tables, read when they are asked for."""
    return TTFont(path, fontNumber=index, lazy=True)


def _font_files(folders: Iterable[Path]) -> dict[str, Path]:
    """File name → path; where a name occurs twice the earlier folder wins, and within it the first by path."""
    found: dict[str, Path] = {}
    for folder in folders:
        for top, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in _FONT_SUFFIXES:
                    # macOS hands out decomposed names.
                    found.setdefault(unicodedata.normalize("NFC", name), Path(top) / name)
    return found


def _face_of_family(family: FontFamily, files: Mapping[str, Path], weight: Weight) -> Face | None:
    wanted = WEIGHT_CLASS[weight]
    if family.variable:
        path = files.get(family.variable)
        return Face(path, family.index, wanted) if path else None
    # The nearest weight that is there; of two equally near, the bolder.
    order = sorted(family.statics(), key=lambda pair: (abs(WEIGHT_CLASS[pair[0]] - wanted), -WEIGHT_CLASS[pair[0]]))
    return next((Face(files[name], family.index) for _, name in order if name in files), None)


@lru_cache(maxsize=64)
def _characters(path: Path, index: int) -> Mapping[int, str]:
    try:
        with open_font(path, index) as font:
            return dict(font.getBestCmap() or {})
    except (TTLibError, OSError) as error:
        raise Unavailable(f"{path} cannot be read as a font: {error}.", remedy="Replace or remove it.") from error


@lru_cache(maxsize=64)
def _sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clusters(text: str) -> list[str]:
    """Letters with the marks and joiners that follow them."""
    found: list[str] = []
    for char in text:
        if found and unicodedata.category(char) in _JOINS_THE_LAST:
            found[-1] += char
        else:
            found.append(char)
    return found


def _is_common(cluster: str) -> bool:
    return all(script_of(char) == "Zyyy" for char in cluster)


def _needs_no_glyph(char: str) -> bool:
    """Joiners and direction marks are instructions to the shaper, and a space that a font lacks is set as a space."""
    return unicodedata.category(char) == "Cf" or char in "\u00a0\u202f\u2011"


def _language_of_scripts(codes: set[str]) -> str:
    if codes & {"Hira", "Kana"}:
        return "ja"
    if "Hang" in codes:
        return "ko"
    return "zh" if codes & {"Hani", "Bopo"} else ""


def _script_name(code: str) -> str:
    return "symbols" if code == "Zyyy" else str(scripts_of_unicode.script_name(code))


def _remedy(entry: ScriptFonts, code: str = "") -> str:
    family = entry.download.replace("{name}", _script_name(code or entry.scripts[0]) if "{" in entry.download else "")
    return (
        f"Install a font (Debian, Ubuntu: apt-get install {entry.debian}), or without root put {family} "
        "(fonts.google.com/noto) in ~/.fonts or in a folder named in FORGE_FONTS."
    )
