"""A secret comes from the first place that has it, is never shown, and is only stored where it is kept."""

from pathlib import Path

import pytest

from sales_consultant.config.errors import AccessError, ConfigError, MachineError
from sales_consultant.config.secrets import Secret, remove, resolve, store


class MemoryKeyring:
    """A keyring in memory; `drops` loses what it is given, as the null backend does."""

    def __init__(self, *, drops: bool = False) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.drops = drops

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self.drops:
            self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        from keyring.errors import PasswordDeleteError

        if (service, username) not in self.held:
            raise PasswordDeleteError("not found")
        del self.held[service, username]


def test_order_of_places(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    store("main", "keyring:main", "from-ring", keyring=ring)
    (tmp_path / "main").write_text("from-systemd\n", encoding="utf-8")
    (tmp_path / "token").write_text("from-file\n", encoding="utf-8")
    environ: dict[str, str] = {}
    assert resolve("main", "keyring:main", keyring=ring, environ=environ).value == "from-ring"
    environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    assert resolve("main", "keyring:main", keyring=ring, environ=environ).value == "from-systemd"
    environ["SALES_CONSULTANT_MAIN_TOKEN_FILE"] = str(tmp_path / "token")
    assert resolve("main", "keyring:main", keyring=ring, environ=environ).value == "from-file"
    environ["SALES_CONSULTANT_MAIN_TOKEN"] = "from-variable"
    with pytest.raises(ConfigError, match="both set"):
        resolve("main", "keyring:main", keyring=ring, environ=environ)
    del environ["SALES_CONSULTANT_MAIN_TOKEN_FILE"]
    assert resolve("main", "keyring:main", keyring=ring, environ=environ).value == "from-variable"


def test_no_secret_lists_the_ways_of_a_headless_machine() -> None:
    with pytest.raises(AccessError) as e:
        resolve("main", "keyring:main", keyring=None, environ={})
    assert e.value.code == 3
    for way in ("SALES_CONSULTANT_MAIN_TOKEN", "_FILE", "systemd", "login"):
        assert way in e.value.action


@pytest.mark.parametrize("ring", [None, MemoryKeyring()])
@pytest.mark.parametrize(
    ("name", "entry", "of"),
    [
        ("sales-channel", "sales-channel", "the address of the webhook"),
        ("mail", "office-mail", "the password of the mail server"),
        ("alerts", "alerts", "the address of the webhook for alerts"),
    ],
)
def test_what_is_no_connection_s_is_told_as_what_it_is(
    ring: MemoryKeyring | None, name: str, entry: str, of: str
) -> None:
    with pytest.raises(AccessError) as e:
        resolve(name, f"keyring:{entry}", keyring=ring, environ={}, of=of)
    assert e.value.message.lower().startswith(f'{of} ("{entry}") is not there')
    assert "connection" not in e.value.message
    # login stores tokens of connections alone.
    assert "login" not in e.value.action and f"keyring set sales-consultant {entry}" in e.value.action


@pytest.mark.parametrize("ring", [None, MemoryKeyring(drops=True)])
def test_a_keyring_that_does_not_keep_is_refused(ring: MemoryKeyring | None) -> None:
    with pytest.raises(MachineError, match="no OS keyring"):
        store("main", "keyring:main", "secret-value", keyring=ring)


def test_removing() -> None:
    ring = MemoryKeyring()
    store("main", "keyring:main", "x", keyring=ring)
    assert remove("main", "keyring:main", keyring=ring)
    assert not remove("main", "keyring:main", keyring=ring)


def test_a_secret_shows_its_source_only() -> None:
    assert "hush" not in f"{Secret('hush', 'somewhere')!r} {Secret('hush', 'somewhere')}"


def test_an_unreadable_or_empty_file_is_said(tmp_path: Path) -> None:
    environ = {"SALES_CONSULTANT_MAIN_TOKEN_FILE": str(tmp_path / "no")}
    with pytest.raises(MachineError, match="cannot be read"):
        resolve("main", "", keyring=None, environ=environ)
    (tmp_path / "no").write_text("\n", encoding="utf-8")
    with pytest.raises(MachineError, match="is empty"):
        resolve("main", "", keyring=None, environ=environ)
