"""What is shipped: a wheel and a source archive with all they need and nothing else, and the wheel's command works."""

import os
import re
import signal
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support import programs
from support.cli import Cli
from support.office import wait_for

ROOT = Path(__file__).parents[2]
ROOMS = ("commands", "config", "connectors", "demo", "engine", "insight", "sandbox", "scoring", "sync")
# Sources are Python; all else that lies in a room must be named as package data, or an installed copy breaks.
IGNORED = {".pyc", ".pyo"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source archive, built from a copy of what is tracked or new."""
    place = tmp_path_factory.mktemp("build")
    source = place / "source"
    for file in _files():
        target = source / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / file).read_bytes())
    done = programs.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place / "dist"), str(source)],
        env={**os.environ, "PIP_NO_INDEX": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return place / "dist"


def _files() -> list[Path]:
    """The files of the project: an archive or a checkout, without what was built or is only this machine's."""
    kept = [
        "cli.py",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "MANIFEST.in",
        "Makefile",
        "mkdocs.yml",
    ]
    found = [Path(name) for name in kept]
    for room in (*ROOMS, "tests", "docs"):
        for file in sorted((ROOT / room).rglob("*")):
            if file.is_file() and file.suffix not in IGNORED and "__pycache__" not in file.parts:
                found.append(file.relative_to(ROOT))
    return found


def _wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


def test_the_wheel_holds_all_of_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(_wheel(built)) as archive:
        names = {n for n in archive.namelist() if not n.endswith("/")}
    shipped = {n.removeprefix("sales_consultant/") for n in names if n.startswith("sales_consultant/")}
    wanted = {str(f) for f in _files() if f.parts[0] in (*ROOMS, "cli.py")}
    assert wanted - shipped == set()
    assert shipped - wanted == set()
    rest = {n for n in names if not n.startswith("sales_consultant/")}
    assert all(re.match(r"sales_consultant-[^/]+\.dist-info/", n) for n in rest)
    assert any(n.endswith("LICENSE") for n in rest)
    for kind in (".html", ".toml", ".lark", "py.typed"):
        assert any(n.endswith(kind) for n in shipped), kind
    assert any(n.startswith("demo/data/") for n in shipped)


def test_the_source_archive_can_be_tested(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as held:
        names = {n.split("/", 1)[1] for n in held.getnames() if "/" in n}
    assert {
        "tests/cli/test_wheel.py",
        "docs/reference/commands.md",
        "pyproject.toml",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
    } <= names
    assert {str(f) for f in _files() if f.parts[0] in ROOMS} <= names
    assert not [n for n in names if n.endswith(".pyc")]


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own: the package from the wheel only, the dependencies lent by this one."""
    place = tmp_path_factory.mktemp("installed") / "env"
    programs.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin" / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    done = programs.run([*pip, "--disable-pip-version-check", str(_wheel(built))])
    assert done.returncode == 0, done.stderr
    (site,) = place.glob("lib/python3*/site-packages")
    # Only a path: the .pth files of that folder, which would bring the checkout in, are not read.
    lent = next(p for p in sys.path if p.endswith("site-packages"))
    (site / "lent.pth").write_text(lent + "\n", encoding="utf-8")
    return place


@pytest.mark.slow
def test_the_wheels_command(installed: Path, tmp_path: Path, folder: Path) -> None:
    """Help, a sandbox and a check, in an empty folder; the code that runs is the wheel's."""
    code = "import sales_consultant.cli as c, sales_consultant.sandbox as s; print(c.__file__, s.__file__)"
    where = programs.run(
        [str(installed / "bin" / "python"), "-I", "-c", code],
        cwd=tmp_path,
        check=True,
    ).stdout.split()
    assert all(Path(w).is_relative_to(installed) for w in where), where

    cli = Cli(tmp_path / "admin", script=installed / "bin" / "sales-consultant")
    assert "sandbox" in cli.run("--help").out
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as out:
        process = cli.start("sandbox", "serve", "--data", str(folder), "--port", "0", stdout=out)
        wait_for(lambda: log.read_text(encoding="utf-8").count("\n"))
        cli.configure(log.read_text(encoding="utf-8").split()[1])
        cli.json("provision")
        assert cli.json("sync", "--yes")["written"] == 44
        os.kill(process.pid, signal.SIGTERM)
        assert cli.finish(process).code == 0
