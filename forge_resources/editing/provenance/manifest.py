"""What is said about a deliverable's making: as a C2PA manifest, as XMP with IPTC fields, and as JSON.

What belongs here: the words, and the recipe of a signature. What does not: signing them (see `signing`), or where they
are put (see `hand_over`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from xml.sax.saxutils import escape

from forge_resources.editing.data_files import read_data
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.types import Document, Sha256, ShortLine, Tier

_RECIPE_LABEL = "org.forge-spots.recipe"


class SourceTypes(Document):
    """The contract of `data/source_types.yaml`."""

    address: ShortLine
    draft: ShortLine
    full: ShortLine
    mixed: ShortLine

    def of(self, tiers: Sequence[Tier]) -> str:
        """The address of the type of something made of parts of these tiers."""
        kinds = set(tiers)
        name = self.mixed if len(kinds) > 1 else self.full if kinds == {"full"} else self.draft
        return self.address + name


@lru_cache(maxsize=1)
def source_types() -> SourceTypes:
    """The types that come with Forge."""
    return read_data("source_types.yaml", SourceTypes)


@dataclass(frozen=True)
class Making:
    """What a deliverable is and what it was made of. `parts` are generated: plates, motion, voice, script."""

    title: str
    media_type: str
    cell: str
    profile: str
    tier: Tier
    engines: dict[str, str]
    seed: int
    parts: Sequence[tuple[str, Artefact]]
    recipe: str
    """The fingerprint of the file's own recipe."""
    content: str
    """SHA-256 of the unsigned file."""

    @property
    def source_type(self) -> str:
        return source_types().of([part.tier for _, part in self.parts])


def c2pa_definition(making: Making) -> dict[str, Any]:
    """The definition of a manifest, as the C2PA library takes it: actions, ingredients, and the recipe."""
    agent = {"name": "Forge", "version": version("forge-spots")}
    created = {
        "action": "c2pa.created",
        "digitalSourceType": making.source_type,
        "softwareAgent": agent,
        "description": f"Made by machine from a brief; tier {making.tier}.",
    }
    edited = {"action": "c2pa.edited", "softwareAgent": agent, "description": "Cut, typeset, mixed and packaged."}
    return {
        "claim_generator_info": [agent],
        "title": making.title,
        "format": making.media_type,
        "ingredients": [_ingredient(name, part) for name, part in making.parts],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created, edited]}},
            {"label": _RECIPE_LABEL, "data": _facts(making)},
        ],
    }


def _ingredient(name: str, part: Artefact) -> dict[str, Any]:
    return {
        "title": name,
        "format": part.media_type,
        "relationship": "componentOf",
        "instance_id": f"urn:forge:recipe:{part.fingerprint}",
        "description": f"{source_types().of([part.tier])}; sha256 {part.sha256}; recipe {part.fingerprint}",
    }


def _facts(making: Making) -> dict[str, Any]:
    return {
        "cell": making.cell,
        "profile": making.profile,
        "tier": making.tier,
        "engines": making.engines,
        "seed": making.seed,
        "recipe": making.recipe,
        "unsigned_sha256": making.content,
        "parts": {name: part.fingerprint for name, part in making.parts},
    }


def json_document(making: Making, signer: str, development: bool, manifest: str) -> str:
    """The JSON that lies beside a deliverable. `manifest` is the name of the file that holds the C2PA manifest."""
    said = {
        "title": making.title,
        "digital_source_type": making.source_type,
        "machine_made": True,
        **_facts(making),
        "c2pa": {"manifest": manifest, "signer": signer, "development_certificate": development},
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def xmp_document(making: Making) -> str:
    """An XMP packet with the IPTC fields that name a machine as the maker."""
    parts = "".join(f"<rdf:li>{escape(f'{name}: recipe {part.fingerprint}')}</rdf:li>" for name, part in making.parts)
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(making.title)}</rdf:li></rdf:Alt></dc:title>
<dc:format>{escape(making.media_type)}</dc:format>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(f"Made by machine; tier {making.tier}.")}</rdf:li>\
</rdf:Alt></dc:description>
<xmp:CreatorTool>Forge {escape(version("forge-spots"))}</xmp:CreatorTool>
<xmpMM:DocumentID>urn:forge:sha256:{making.content}</xmpMM:DocumentID>
<Iptc4xmpExt:DigitalSourceType>{escape(making.source_type)}</Iptc4xmpExt:DigitalSourceType>
<dc:source><rdf:Bag>{parts}</rdf:Bag></dc:source>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
"""


class SignParameters(Document):
    """The manifest as JSON text, and the certificates that it is signed with, by their SHA-256."""

    manifest: str
    media_type: str
    certificate: Sha256
    development: bool


def signer_name(container: str, provenance: str) -> str:
    """The name of the engine that signs files of a container."""
    if provenance == "sidecar":
        return "sign-beside"
    return "sign" if container == "mp4" else f"sign-{container}"
