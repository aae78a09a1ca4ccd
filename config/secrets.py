"""Where secrets come from, in a fixed order, and how they are stored (docs/explanation/architecture.md, section 11)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sales_consultant.config.errors import AccessError, ConfigError, MachineError, Remedies

SERVICE = "sales-consultant"
_PROBE = "sales-consultant-probe"


@dataclass(frozen=True)
class Secret:
    """A secret and where it came from; neither `repr` nor `str` shows the value.

    `entry` is the keyring's entry, `file` the file, where it came from one of these.
    """

    value: str
    source: str
    entry: str = ""
    file: Path | None = None

    def __repr__(self) -> str:
        return f"Secret(source={self.source!r})"

    __str__ = __repr__


class Keyring(Protocol):
    """What we need of a keyring; the real one is the `keyring` package's backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret that is kept under a name, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret under a name."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove the secret of a name."""
        ...


def os_keyring() -> Keyring | None:
    """The machine's keyring, or None where it has none that keeps secrets (a headless machine)."""
    import keyring

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    # The null backend drops what it is given without a word, "fail" refuses, and plain text is no place for a token.
    if any(bad in name for bad in (".fail.", ".null.", "PlaintextKeyring")):
        return None
    found: Keyring = backend
    return found


def variable(connection: str) -> str:
    """The environment variable that may hold a connection's secret.

    >>> variable("acme-eu")
    'SALES_CONSULTANT_ACME_EU_TOKEN'
    """
    return f"SALES_CONSULTANT_{connection.upper().replace('-', '_')}_TOKEN"


def ways(connection: str, entry: str = "") -> Remedies:
    """The ways to give a secret to a machine, with or without a keyring.

    `entry`: it is no connection's, and this is its name in the keyring.
    """
    name = variable(connection)
    into = f"keyring set {SERVICE} {entry}" if entry else f"sales-consultant login --connection {connection}"
    return Remedies(
        "Give it in one of these ways",
        f"{into} (needs an OS keyring)",
        f"the environment variable {name}",
        f"{name}_FILE with the path of a file that only you can read",
        f'a systemd credential called "{connection}"',
    )


def resolve(
    connection: str,
    reference: str,
    *,
    keyring: Keyring | None,
    environ: Mapping[str, str] = os.environ,
    of: str = "",
) -> Secret:
    """The secret of a connection, from the first place that has one. `of` says what it is where it is no connection's, as
    "the password of the mail server".

    Environment variable, file named by one, systemd credential, OS keyring. Raises AccessError listing the ways where
    no place has one or where it holds what cannot be a secret, and ConfigError where the variable and the file variable
    are both set.
    """
    name = variable(connection)
    plain, file = environ.get(name), environ.get(f"{name}_FILE")
    if plain and file:
        raise ConfigError(f"{name} and {name}_FILE are both set.", action="Unset one of them.")
    if plain:
        return _whole(plain.strip(), f"environment variable {name}")
    if file:
        return replace(_whole(_read(Path(file)), f"file named by {name}_FILE"), file=Path(file))
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory and (Path(directory) / connection).is_file():
        return _whole(_read(Path(directory) / connection), f'systemd credential "{connection}"')
    user = reference.removeprefix("keyring:") or connection
    remedies = ways(connection, user if of else "")
    if keyring is not None:
        from keyring.errors import KeyringError

        try:
            value = keyring.get_password(SERVICE, user)
        except KeyringError as e:
            raise MachineError(f"The keyring does not answer: {type(e).__name__}.", action=remedies) from e
        if value:
            return replace(_whole(value, f'OS keyring, entry "{user}"'), entry=user)
    where = "the OS keyring" if keyring is not None else "an OS keyring (this machine has none)"
    sought = (
        f'{of[0].upper()}{of[1:]} ("{user}") is not there'
        if of
        else f'No secret for the connection "{connection}"'
    )
    raise AccessError(
        f"{sought}: looked at {name}, {name}_FILE, systemd credentials and {where}.", action=remedies
    )


def _whole(value: str, source: str) -> Secret:
    """The secret, unless a stray character got in with it: a header cannot carry one, a private key has line breaks."""
    if not value.startswith("-----BEGIN") and not (
        value.isascii() and value.isprintable() and " " not in value
    ):
        raise AccessError(
            f"The secret from the {source} holds a space, a line break or a letter that no token has.",
            action="Copy it again, alone and whole.",
        )
    return Secret(value, source)


def _read(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise MachineError(
            f"The secret's file {path} cannot be read: {e.strerror}.", action="Check the path."
        ) from e
    if not value:
        raise MachineError(f"The secret's file {path} is empty.", action="Put the token into it.")
    return value


def probe(connection: str, *, keyring: Keyring | None) -> Keyring:
    """The keyring, if it keeps what it is given; MachineError with the other ways where it does not.

    A backend may drop secrets silently: only a round trip proves that it keeps them.
    """
    from keyring.errors import KeyringError

    refusal = MachineError("This machine has no OS keyring that keeps secrets.", action=ways(connection))
    if keyring is None:
        raise refusal
    try:
        keyring.set_password(SERVICE, _PROBE, "probe")
        kept = keyring.get_password(SERVICE, _PROBE) == "probe"
        if kept:
            keyring.delete_password(SERVICE, _PROBE)
    except KeyringError as e:
        raise refusal from e
    if not kept:
        raise refusal
    return keyring


def store(connection: str, reference: str, secret: str, *, keyring: Keyring | None) -> str:
    """Put a secret into the OS keyring and say where it is now; raises MachineError where it would not be kept."""
    user = reference.removeprefix("keyring:") or connection
    probe(connection, keyring=keyring).set_password(SERVICE, user, secret)
    return f'OS keyring, entry "{user}"'


def rewrite(secret: Secret, value: str, *, keyring: Keyring | None) -> None:
    """Put a secret that the CRM exchanged for another where the old one was.

    MachineError where that place cannot be written: an environment variable, a systemd credential.
    """
    from keyring.errors import KeyringError

    if secret.entry and keyring is not None:
        try:
            keyring.set_password(SERVICE, secret.entry, value)
        except KeyringError as e:
            raise MachineError(
                f"The keyring does not take a new secret: {type(e).__name__}.", action="Unlock the keyring."
            ) from e
    elif secret.file is not None:
        new = secret.file.with_name(f".{secret.file.name}.new")
        try:
            with open(
                os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, secret.file)
        except OSError as e:
            raise MachineError(
                f"The secret's file {secret.file} cannot be written: {e.strerror}.",
                action="Let this user write it, or keep the secret in an OS keyring.",
            ) from e
    else:
        raise MachineError(
            f"A new secret cannot be stored in the {secret.source}.",
            action="Keep the secret in an OS keyring, or in a file that this user may write.",
        )


def remove(connection: str, reference: str, *, keyring: Keyring | None) -> bool:
    """Take a secret out of the OS keyring; False where there was none."""
    from keyring.errors import KeyringError

    if keyring is None:
        raise MachineError("This machine has no OS keyring that keeps secrets.", action=ways(connection))
    try:
        keyring.delete_password(SERVICE, reference.removeprefix("keyring:") or connection)
    except KeyringError:
        return False
    return True
