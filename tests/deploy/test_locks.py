"""The locks: what runs and what only develops are apart, every package is pinned with its hashes, no host is named."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)(?: ; .*?)? \\$", re.MULTILINE)


def lock(name: str) -> set[tuple[str, str]]:
    """Names and versions of a lock."""
    return set(PINNED.findall((ROOT / name).read_text(encoding="utf-8")))


def names(requirements: list[object]) -> set[str]:
    """Names of requirements as the project declares them; included groups are left out."""
    found = [re.split(r"[\[<>=!~; ]", r, maxsplit=1)[0] for r in requirements if isinstance(r, str)]
    return {re.sub(r"[-_.]+", "-", n).lower() for n in found}


def test_each_lock_holds_what_is_declared_for_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    run, develop = ({n for n, _ in lock(f"requirements{part}.lock")} for part in ("", "-dev"))
    assert names(project["project"]["dependencies"]) <= run
    assert (
        names(groups["dev"] + groups["build"] + project["project"]["optional-dependencies"]["demo"])
        <= develop
    )
    assert names(groups["build"]) == {n for n, _ in lock("requirements-build.lock")}
    documents = {n for n, _ in lock("requirements-docs.lock")}
    assert names(groups["docs"]) <= documents
    assert not (names(groups["dev"]) | names(groups["docs"])) & run


def test_what_is_in_two_locks_is_the_same_in_both() -> None:
    # lifelines holds an older pandas: it stands in an environment of its own, and only there.
    shared = sorted(p for p in ROOT.glob("requirements*.lock") if p.name != "requirements-lifelines.lock")
    found = [lock(p.name) for p in shared]
    versions: dict[str, set[frozenset[str]]] = {}
    for one in found:
        for name in {n for n, _ in one}:
            versions.setdefault(name, set()).add(frozenset(v for n, v in one if n == name))
    assert {n: v for n, v in versions.items() if len(v) > 1} == {}


def test_every_package_has_hashes_and_no_host_is_named() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text(encoding="utf-8")
        entries = [e for e in re.split(r"\n(?=\S)", text) if e.strip()]
        assert entries and all(re.search(r"--hash=sha256:[0-9a-f]{64}", e) for e in entries), path.name
        assert "://" not in text and "index-url" not in text, path.name
