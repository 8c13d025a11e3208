"""Who signs: the key and certificates of the deployment, or a development certificate that Forge makes itself.

What belongs here: finding, making and reading them. What does not: what is signed (see `manifest`, `signing`).

A key is named in the environment, as a file or as PEM text: `FORGE_C2PA_KEY`, with its certificate chain (the signer's
first) in `FORGE_C2PA_CERTIFICATE`, and a time stamp service in `FORGE_C2PA_TIMESTAMP_URL` if there is one. Without them
a development certificate is made once and kept in `FORGE_HOME`; whoever verifies is told that nobody vouches for it.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from forge_resources.errors import InvalidInput, Unavailable
from forge_resources.store.files import disk_trouble_told

KEY, CERTIFICATE, TIMESTAMP = "FORGE_C2PA_KEY", "FORGE_C2PA_CERTIFICATE", "FORGE_C2PA_TIMESTAMP_URL"
_YEARS = 10
_BEFORE = datetime.timedelta(days=1)
"""How long before it was made a certificate is valid: a clock that was ahead then may be set back."""
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Identity:
    """A key (PEM, PKCS 8), its certificate chain (PEM) and algorithm as C2PA names it; never shown or logged."""

    key: bytes = field(repr=False)
    chain: bytes
    algorithm: str
    development: bool
    timestamp_url: str | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the chain."""
        return hashlib.sha256(self.chain).hexdigest()

    @property
    def subject(self) -> str:
        """The signer's name, as its certificate says."""
        return x509.load_pem_x509_certificate(self.chain).subject.rfc4514_string()


def identity(home: Path, environment: Mapping[str, str] = os.environ) -> Identity:
    """Who signs in this deployment. Raises InvalidInput for a key or certificate that cannot be used."""
    named = {name: environment.get(name, "").strip() for name in (KEY, CERTIFICATE)}
    if not any(named.values()):
        return _development(home / "credentials")
    if missing := [name for name, value in named.items() if not value]:
        raise InvalidInput(
            f"{' and '.join(missing)} is not set, and a signature needs both a key and its certificate.",
            remedy=f"Set {KEY} and {CERTIFICATE}, or neither for a development certificate.",
        )
    key, chain = _pem(KEY, named[KEY]), _pem(CERTIFICATE, named[CERTIFICATE])
    return _checked(key, chain, environment.get(TIMESTAMP) or None)


def _pem(name: str, value: str) -> bytes:
    """PEM text, from the variable itself or the file that it names."""
    if value.startswith("-----BEGIN"):
        return value.encode() + b"\n"
    try:
        return Path(value).expanduser().read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{name} names {value}, which cannot be read: {error.strerror}.", remedy="Name a PEM file, or its text."
        ) from None


def _checked(key_pem: bytes, chain: bytes, timestamp_url: str | None) -> Identity:
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
        certificates = x509.load_pem_x509_certificates(chain)
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"The key or certificate for signing cannot be read: {error}",
            remedy=f"{KEY} is a PEM key without a password, {CERTIFICATE} PEM certificates, the signer's first.",
        ) from None
    public = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if certificates[0].public_key().public_bytes(*public) != key.public_key().public_bytes(*public):
        raise InvalidInput(
            "The key for signing does not belong to the first certificate.", remedy="Put the signer's first."
        )
    if certificates[0].not_valid_after_utc < datetime.datetime.now(datetime.UTC):
        raise InvalidInput("The certificate for signing has expired.", remedy=f"Renew what {CERTIFICATE} names.")
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    match key:
        case ed25519.Ed25519PrivateKey():
            algorithm = "ed25519"
        case ec.EllipticCurvePrivateKey() if key.curve.name in _CURVES:
            algorithm = _CURVES[key.curve.name]
        case rsa.RSAPrivateKey():
            algorithm = "ps256"
        case _:
            raise InvalidInput(
                "C2PA takes no key of this kind for signing.", remedy="Use ES256, ES384, ES512, PS256 or Ed25519."
            )
    return Identity(plain, chain, algorithm, False, timestamp_url)


def _development(folder: Path) -> Identity:
    """The development certificate of this home; made when first needed. Raises Unavailable for a full disk."""
    key_file, chain_file = folder / "development-key.pem", folder / "development-certificate.pem"
    with disk_trouble_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not (key_file.is_file() and chain_file.is_file()):
                key, chain = _make_development()
                _write_secret(key_file, key)
                chain_file.write_bytes(chain)
    try:
        made = _checked(key_file.read_bytes(), chain_file.read_bytes(), None)
    except InvalidInput as damaged:
        raise Unavailable(
            f"The development certificate in {folder} is damaged: {damaged.message}", remedy=f"Remove {folder}."
        ) from None
    return Identity(made.key, made.chain, made.algorithm, True)


def _write_secret(path: Path, data: bytes) -> None:
    """Readable by its owner only, from the first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _make_development() -> tuple[bytes, bytes]:
    """A key and a chain of two certificates in the form that C2PA asks of a signer."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Forge development root", "Forge development root", root_key.public_key(), root_key, True)
    leaf = _certificate("Forge development signer", "Forge development root", key.public_key(), root_key, False)
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return plain, leaf.public_bytes(pem) + root.public_bytes(pem)


def _certificate(
    subject: str,
    issuer: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC) - _BEFORE
    usage = x509.KeyUsage(
        digital_signature=not authority, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    if not authority:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        ).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Forge development, not trusted"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
