"""Certificates for the sandbox's https: an authority made for one folder, and a certificate that it signed.

The authority's key is thrown away: nobody can sign anything more with it. Whoever trusts `ca.pem` trusts the certificate of
this sandbox, for 30 days.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_pem_x509_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A judgement: long enough for any test, short enough that a forgotten certificate is soon worth nothing.
DAYS = 30
# The vendors' names are there for a proxy on this machine that answers in their place; nothing else leads here under them.
HOSTS = (
    "localhost", "127.0.0.1", "api.hubapi.com", "api.hubspot.com", "app.hubspot.com", "login.salesforce.com",
    "test.salesforce.com", "acme.my.salesforce.com",
)  # fmt: skip


@dataclass(frozen=True)
class Certificates:
    """The files: `ca` to be trusted by clients, `server` with the server's key and certificate."""

    ca: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to speak https."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.server)
        made.set_alpn_protocols(["http/1.1"])
        return made


def certificates(folder: Path, hosts: Sequence[str] = HOSTS) -> Certificates:
    """Those of a folder, made anew where they are missing or end within a day. Raises OSError for a folder that
    cannot be used."""
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    if _good(found):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    _write(found, hosts)
    return found


def _good(found: Certificates) -> bool:
    if not (found.ca.exists() and found.server.exists()):
        return False
    try:
        pem = found.server.read_bytes()
        ends = load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :]).not_valid_after_utc
    except ValueError:
        return False
    return ends > datetime.now(UTC) + timedelta(days=1)


def _write(found: Certificates, hosts: Sequence[str]) -> None:
    above, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _signed("Sales Consultant sandbox", above, above, None, [_authority()])
    names: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts
    ]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    leaf = _signed("sandbox", key, above, ca, [(x509.SubjectAlternativeName(names), False), (usage, False)])
    found.ca.write_bytes(ca.public_bytes(Encoding.PEM))
    found.server.touch(mode=0o600)
    found.server.chmod(0o600)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found.server.write_bytes(private + leaf.public_bytes(Encoding.PEM))


def _authority() -> tuple[x509.ExtensionType, bool]:
    return x509.BasicConstraints(ca=True, path_length=0), True


def _signed(
    name: str,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(authority=issuer is None), critical=True)
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical=critical)
    return made.sign(signer, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
