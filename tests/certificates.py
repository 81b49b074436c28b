"""Certificates for servers on this machine, good and bad ones."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Certificates:
    """Certificates of an authority that the command trusts, good and bad ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = self._issue("the authority", authority=True)
        self.authority_file = folder / "authority.pem"
        self.authority_file.write_bytes(self._authority[0].public_bytes(serialization.Encoding.PEM))

    def context(self, kind: str) -> ssl.SSLContext:
        """Return what a server needs: `good`, `expired`, `wrong host` or `self-signed`."""
        here = x509.IPAddress(ip_address("127.0.0.1"))
        pair = {
            "good": lambda: self._issue(kind, here),
            "expired": lambda: self._issue(kind, here, ends=-1),
            "wrong host": lambda: self._issue(kind, x509.DNSName("blog.invalid")),
            "self-signed": lambda: self._issue(kind, here, own=True),
        }[kind]()
        file = self._folder / f"{kind}.pem"
        secret = pair[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(pair[0].public_bytes(serialization.Encoding.PEM) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _issue(
        self,
        name: str,
        subject: x509.GeneralName | None = None,
        *,
        ends: int = 2,
        own: bool = False,
        authority: bool = False,
    ) -> Pair:
        """Return a certificate that ends in so many days, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        names = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(names)
            .issuer_name(names if own or authority else self._authority[0].subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        signing = key if own or authority else self._authority[1]
        # Python 3.13 and later want what RFC 5280 does: whose key it is, which one signed it, what an authority may do.
        for extension in (
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
        ):
            builder = builder.add_extension(extension, critical=False)
        if authority:
            builder = builder.add_extension(_SIGNING, critical=True)
        if subject:
            builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        return builder.sign(signing, hashes.SHA256()), key


_SIGNING = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip
