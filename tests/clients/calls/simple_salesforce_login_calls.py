"""simple-salesforce signs in where everybody does, at the login host, and goes where the answer leads."""

import json
import sys
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce


def main(given: dict[str, Any]) -> dict[str, Any]:
    """Twice: by SOAP with a password, and by a signed JWT. The client goes through the proxy of its environment."""
    found: dict[str, Any] = {}
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ways: dict[str, dict[str, Any]] = {
        "soap": {"username": given["user"], "password": "a-long-fake-password", "security_token": ""},
        "jwt": {"username": given["user"], "consumer_key": "a-consumer-key", "privatekey": key},
    }
    for way, how in ways.items():
        sf: Any = Salesforce(domain="login", version="62.0", **how)
        rows = len(list(sf.query_all_iter("SELECT Id FROM Contact")))
        found[way] = [sf.sf_instance, rows, sf.base_url]
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
