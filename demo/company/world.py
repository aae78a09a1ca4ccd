"""A demo company on disk: a data folder, the moment its clock stands at, and a cache so that it is made once."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

Progress = Callable[[str, float], None]
"""Told what is being done and how much of the whole is done, 0 to 1."""


class DemoError(RuntimeError):
    """The demo company cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class World:
    """A demo company.

    `folder` holds its tables in the sandbox's format; `clock_iso` is "now" for them (ISO 8601, UTC): no row is later.
    `notice` says what the data are and is to be shown with them. `counts` are rows a table, and what was left out.
    """

    folder: Path
    clock_iso: str
    notice: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Made:
    """What a maker knows of the world it has written, kept in the cache beside the tables."""

    clock_iso: str
    notice: str
    counts: dict[str, int]


def key_of(name: str, *parts: object, sources: tuple[Path, ...]) -> str:
    """A name for the cache: the same for the same parts and the same source code, another otherwise."""
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode())
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return f"{name}-{digest.hexdigest()[:16]}"


def cached(folder: Path, *, cache: Path, key: str, make: Callable[[Path], Made]) -> World:
    """Fill `folder` with the world called `key`, from the cache or by `make(directory)`.

    The cache only ever holds whole worlds: one is made under another name and then renamed.

    Raises:
        DemoError: the folder holds something already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoError(
            f"{folder} is not empty. Name an empty or a new folder for the demo company's tables."
        )
    kept = cache / key
    if not (kept / "world.json").is_file():
        _fill(cache, kept, make)
    shutil.copytree(kept / "tables", folder, dirs_exist_ok=True)
    made = Made(**json.loads((kept / "world.json").read_text(encoding="utf-8")))
    return World(folder, made.clock_iso, made.notice, made.counts)


def _fill(cache: Path, kept: Path, make: Callable[[Path], Made]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{kept.name}-", dir=cache, ignore_cleanup_errors=True
    ) as scratch:
        part = Path(scratch) / "world"
        (part / "tables").mkdir(parents=True)
        made = make(part / "tables")
        (part / "world.json").write_text(json.dumps(asdict(made), indent=1), encoding="utf-8")
        try:
            os.rename(part, kept)
        except OSError:
            # Another process was faster; its world is the same, byte for byte.
            if not (kept / "world.json").is_file():
                raise
