"""What is in keys and certificates: reading and checking them, and making a development certificate.

What belongs here: everything that needs `cryptography`, which only a step that signs loads. What does not: where keys
and certificates are kept (see `credentials`).
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from forge_resources.editing.provenance.credentials import CERTIFICATE, KEY
from forge_resources.errors import InvalidInput

_YEARS = 10
_BEFORE = datetime.timedelta(days=1)
"""How long before it was made a certificate is valid: a clock that was ahead then may be set back."""
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def subject_of(chain: bytes) -> str:
    """The name in the first certificate of a chain (PEM)."""
    return x509.load_pem_x509_certificate(chain).subject.rfc4514_string()


def checked(key_pem: bytes, chain: bytes) -> tuple[bytes, str]:
    """The key (PEM, PKCS 8) and its algorithm as C2PA names it. Raises InvalidInput for a key that cannot sign, and for
    a chain (PEM, the signer's certificate first) that is not its own or has expired."""
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
    return plain, algorithm


def make_development() -> tuple[bytes, bytes]:
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
