"""Signals of texts that were read before, by an HMAC of the text: who has the file and not the key learns no text from it.

Without a key a short text could be found by trying texts; the key is 32 random bytes in a file of its own, which leaves the
machine in no backup of ours. Both files can be deleted at any time: what is missing is read again.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from pathlib import Path

FILE, KEY = "text-signals.db", "text-signals.key"
KEY_BYTES = 32


class TextCache:
    """A file of signals by key; `folder` None keeps them in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._secret: bytes | None = None
        self._con: sqlite3.Connection | None = None

    def key(self, how: str, text: str) -> str:
        """The key of a text that is read in some way (rules and lists of names)."""
        if self._secret is None:
            self._secret = (
                secrets.token_bytes(KEY_BYTES) if self._folder is None else _secret(self._folder / KEY)
            )
        # A lone surrogate is no text that UTF-8 has; it is still a text that came.
        said = f"{len(how)}:{how}{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()

    def get(self, key: str) -> str | None:
        """What was kept under a key."""
        row = self._open().execute("SELECT value FROM signals WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, value: str, how: str) -> None:
        """Keep a value that was read in some way; `commit` makes it last."""
        self._open().execute("INSERT OR REPLACE INTO signals VALUES (?, ?, ?)", (key, value, _mark(how)))

    def keep_only(self, how: str) -> None:
        """What was read in another way is of no use any more."""
        self._open().execute("DELETE FROM signals WHERE how <> ?", (_mark(how),))

    def commit(self) -> None:
        """What was put outlives this process."""
        if self._con is not None:
            self._con.commit()

    def close(self) -> None:
        """Let go of the file."""
        if self._con is not None:
            self._con.commit()
            self._con.close()
            self._con = None
        self._secret = None if self._folder else self._secret

    def _open(self) -> sqlite3.Connection:
        if self._con is None:
            self._con = self._connect()
            self._con.execute(
                "CREATE TABLE IF NOT EXISTS signals (key TEXT PRIMARY KEY, value TEXT, how TEXT) WITHOUT ROWID"
            )
        return self._con

    def _connect(self) -> sqlite3.Connection:
        if self._folder is None:
            return sqlite3.connect(":memory:")
        path = self._folder / FILE
        path.touch(mode=0o600, exist_ok=True)
        con = sqlite3.connect(path)
        try:
            con.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError:
            # Damaged: nothing in it is precious.
            con.close()
            path.unlink()
            path.touch(mode=0o600)
            con = sqlite3.connect(path)
        return con


def _mark(how: str) -> str:
    return hashlib.sha256(how.encode()).hexdigest()[:16]


def remove(folder: Path) -> bool:
    """Delete the cache and its key, as when a person is erased: which of them were theirs nobody can tell."""
    there = [p for p in (folder / FILE, folder / f"{FILE}-journal", folder / KEY) if p.exists()]
    for path in there:
        path.unlink()
    return bool(there)


def _secret(path: Path) -> bytes:
    """The key in a file that only its owner reads, made where there is none or where it was cut off."""
    if path.exists() and len(kept := path.read_bytes()) == KEY_BYTES:
        return kept
    new = secrets.token_bytes(KEY_BYTES)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(new)
    os.replace(part, path)
    return new
