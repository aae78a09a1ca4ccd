"""The steps of the Dockerfile on this machine: the same venv, and the command in it with the image's environment.

`python -m pytest -o python_files='check_*.py' tests/deploy` (or `make check-install`); it fetches all that is locked.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import programs

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def ignored(folder: str, names: list[str]) -> set[str]:
    """What the build does not see, as deploy/Dockerfile.dockerignore says."""
    lines = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    known = {line.removeprefix("**/") for line in lines if "*." not in line}
    return {n for n in names if n in known or n.endswith(".egg-info") or n.startswith(".typing")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The venv that the first stage makes, by its own RUN line; only its place is another."""
    place = tmp_path_factory.mktemp("image")
    shutil.copytree(ROOT, place / "src", ignore=ignored, symlinks=True)
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    (step,) = re.findall(r"^RUN (python -m venv .*)$", text, re.MULTILINE)
    step = re.sub(r"(?<!/)python -m venv", f"{sys.executable} -m venv", step.replace("/opt/", f"{place}/"))
    done = programs.run(step, shell=True, cwd=place / "src")
    assert done.returncode == 0, done.stderr[-3000:]
    shutil.rmtree(place / "src")
    return place / "venv"


def test_the_image_holds_no_development_tools(installed: Path) -> None:
    found = {p.name.lower() for p in installed.glob("lib/python3*/site-packages/*")}
    assert "duckdb" in found
    assert not found & {"pytest", "mypy", "hypothesis", "ruff", "leadforge", "mkdocs"}


def as_the_image(installed: Path, home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The image's entry point with its environment; as this user, for another may not see this one's Python."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    (line,) = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    given = dict(pair.split("=", 1) for pair in line.split())
    env = {k: v.replace("/data", str(home)) for k, v in given.items()}
    if "--help" in words:
        env.pop("SALES_CONSULTANT_CONFIG")
    return programs.run(
        [str(installed / "bin" / "sales-consultant"), *words],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", **env},
    )


def test_the_command_of_the_image_runs(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("data")
    shown = as_the_image(installed, home, "--help")
    assert shown.returncode == 0 and "serve" in shown.stdout, shown.stderr
    # The settings are mounted; without them it says so, and that is all that it does.
    told = as_the_image(installed, home, "serve")
    assert told.returncode == 2 and "sales-consultant.toml" in told.stderr, told.stderr
    # Our own code is the installed one, not this checkout.
    where = programs.run(
        [str(installed / "bin" / "python"), "-c", "import sales_consultant.cli as c; print(c.__file__)"], check=True, cwd=home,
    )  # fmt: skip
    assert where.stdout.startswith(str(installed))
