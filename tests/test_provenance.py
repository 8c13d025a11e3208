"""Provenance: signed, verified, broken by one flipped byte; keys of the deployment, and a development key."""

from __future__ import annotations

import datetime
import json
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from forge_resources.editing import ffmpeg
from forge_resources.editing.provenance.credentials import CERTIFICATE, KEY, Identity, identity
from forge_resources.editing.provenance.manifest import (
    Making,
    SignParameters,
    c2pa_definition,
    json_document,
    signer_name,
    xmp_document,
)
from forge_resources.editing.provenance.signing import MovSigner, SidecarSigner, Signer, verify
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.schemas.recipe import Artefact

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MIXED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
DRAWN = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"


def part(tier: str, mark: str = "a") -> Artefact:
    return Artefact.model_validate(
        {"sha256": mark * 64, "size": 9, "suffix": ".png", "media_type": "image/png", "fingerprint": mark * 64,
         "tier": tier}
    )  # fmt: skip


def making(*tiers: str, media_type: str = "video/mp4") -> Making:
    parts = [(f"shot {i} plate", part(tier, "abc"[i])) for i, tier in enumerate(tiers or ("full", "full"))]
    return Making(
        title="aurora_en-GB_busy-parent_web.mp4", media_type=media_type, cell="aurora en-GB", profile="web",
        tier="full", engines={"image": "diffusers"}, seed=7, parts=parts, recipe="d" * 64, content="e" * 64,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (KEY, CERTIFICATE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def clip(path: Path, *options: str) -> Path:
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=0.4", *options, ffmpeg.address(path)])
    return path


def parameters(who: Identity, said: Making) -> SignParameters:
    return SignParameters(
        manifest=json.dumps(c2pa_definition(said)),
        media_type=said.media_type,
        certificate=who.fingerprint,
        development=who.development,
    )


@pytest.mark.parametrize(
    ("signer", "suffix", "media_type"), [(Signer(), ".mp4", "video/mp4"), (MovSigner(), ".mov", "video/quicktime")]
)
def test_a_signed_file_verifies_and_says_who_and_what(
    home: Path, tmp_path: Path, signer: Signer, suffix: str, media_type: str
) -> None:
    source, target = clip(tmp_path / f"a{suffix}", "-c:v", "libx264"), tmp_path / f"b{suffix}"
    who = identity(home)
    facts = signer.make(parameters(who, making(media_type=media_type)), {"file": source}, target)
    assert facts["development"] is True
    assert "not trusted" in facts["signer"]
    found = verify(target, media_type)
    assert found.valid
    assert not found.trusted
    labels = {entry["label"]: entry["data"] for entry in found.manifest["assertions"]}
    created, edited = labels["c2pa.actions.v2"]["actions"]
    assert (created["action"], edited["action"]) == ("c2pa.created", "c2pa.edited")
    assert created["digitalSourceType"] == TRAINED
    assert labels["org.forge-spots.recipe"]["tier"] == "full"
    assert [entry["title"] for entry in found.manifest["ingredients"]] == ["shot 0 plate", "shot 1 plate"]
    assert all("recipe" in entry["description"] for entry in found.manifest["ingredients"])


def test_one_flipped_byte_breaks_it(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.mp4"
    Signer().make(parameters(identity(home), making()), {"file": clip(tmp_path / "a.mp4", "-c:v", "libx264")}, target)
    data = bytearray(target.read_bytes())
    for place in (data.index(b"mdat") + 200, data.index(b"moov") + 60):
        broken = bytearray(data)
        broken[place] ^= 1
        (tmp_path / "broken.mp4").write_bytes(broken)
        assert not verify(tmp_path / "broken.mp4", "video/mp4").valid


def test_a_sidecar_belongs_to_its_file_and_to_no_other(home: Path, tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mxf", "-c:v", "mpeg2video")
    before, sidecar = source.read_bytes(), tmp_path / "a.c2pa"
    SidecarSigner().make(parameters(identity(home), making(media_type="application/mxf")), {"file": source}, sidecar)
    assert source.read_bytes() == before
    assert verify(source, "application/mxf", sidecar).valid
    source.write_bytes(before[:900] + bytes([before[900] ^ 1]) + before[901:])
    assert not verify(source, "application/mxf", sidecar).valid
    assert list(tmp_path.glob("*.unused")) == []


def test_a_file_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no C2PA manifest"):
        verify(clip(tmp_path / "a.mp4", "-c:v", "libx264"), "video/mp4")


def test_the_source_type_is_that_of_the_parts() -> None:
    assert making("full", "full").source_type == TRAINED
    assert making("draft", "full").source_type == MIXED
    assert making("draft", "draft").source_type == DRAWN


def test_the_development_certificate_is_made_once_and_kept_to_its_owner(home: Path) -> None:
    one, other = identity(home), identity(home)
    assert one == other
    assert one.development
    key = home / "credentials" / "development-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert one.key.decode() not in repr(one)


def test_the_development_certificate_is_valid_when_the_clock_is_set_back(home: Path) -> None:
    made = datetime.datetime.now(datetime.UTC)
    for certificate in x509.load_pem_x509_certificates(identity(home).chain):
        assert certificate.not_valid_before_utc < made - datetime.timedelta(hours=12)


def test_a_key_of_the_deployment_comes_from_file_or_text(home: Path, tmp_path: Path) -> None:
    made = identity(tmp_path / "other")
    (tmp_path / "key.pem").write_bytes(made.key)
    (tmp_path / "chain.pem").write_bytes(made.chain)
    by_file = identity(home, {KEY: str(tmp_path / "key.pem"), CERTIFICATE: str(tmp_path / "chain.pem")})
    by_text = identity(home, {KEY: made.key.decode(), CERTIFICATE: made.chain.decode()})
    assert (by_file.algorithm, by_file.development) == ("es256", False)
    assert by_text.key == by_file.key
    assert not (home / "credentials").exists()


def test_a_key_that_cannot_sign_is_told(home: Path, tmp_path: Path) -> None:
    made = identity(tmp_path / "other")
    stranger = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for environment, told in (
        ({KEY: made.key.decode()}, f"{CERTIFICATE} is not set"),
        ({KEY: "/nowhere.pem", CERTIFICATE: made.chain.decode()}, "cannot be read"),
        ({KEY: "-----BEGIN NONSENSE", CERTIFICATE: made.chain.decode()}, "cannot be read"),
        ({KEY: stranger.decode(), CERTIFICATE: made.chain.decode()}, "does not belong to the first certificate"),
    ):
        with pytest.raises(InvalidInput, match=told):
            identity(home, environment)


def test_another_certificate_than_the_recipe_says_is_a_conflict(home: Path, tmp_path: Path) -> None:
    wanted = parameters(identity(home), making()).model_copy(update={"certificate": "f" * 64})
    with pytest.raises(Conflict, match="another than the one"):
        Signer().make(wanted, {"file": clip(tmp_path / "a.mp4", "-c:v", "libx264")}, tmp_path / "b.mp4")


def test_xmp_and_json_say_the_same() -> None:
    said = making("draft", "full")
    root = ET.fromstring(xmp_document(said).strip())
    (found,) = root.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert found.text == MIXED
    beside = json.loads(json_document(said, "somebody", True, "a.c2pa"))
    assert beside["digital_source_type"] == MIXED
    assert beside["c2pa"] == {"manifest": "a.c2pa", "signer": "somebody", "development_certificate": True}
    assert beside["parts"] == {"shot 0 plate": "a" * 64, "shot 1 plate": "b" * 64}


def test_every_container_has_a_signer() -> None:
    assert [signer_name(*pair) for pair in (("mp4", "embedded"), ("mov", "embedded"), ("mxf", "sidecar"))] == [
        "sign", "sign-mov", "sign-beside",
    ]  # fmt: skip
