"""What is in deploy/: a user without rights, data in one place, no secret, and commands that exist."""

import configparser
import re
import shutil
from pathlib import Path

import pytest
from support import cli_page, programs

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNIT = DEPLOY / "sales-consultant.service"


def test_the_unit_runs_our_command_without_rights() -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # configparser documents it so
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    service = unit["Service"]
    words = service["ExecStart"].split()
    assert words[1] == "serve" and ("serve",) in cli_page.commands()
    assert words[words.index("--data-dir") + 1] == f"/var/lib/{service['StateDirectory']}"
    assert (service["DynamicUser"], service["NoNewPrivileges"], service["ProtectSystem"]) == (
        "yes",
        "yes",
        "strict",
    )
    assert (service["KillSignal"], service["StateDirectoryMode"]) == ("SIGTERM", "0700")
    assert "TOKEN" not in UNIT.read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    # The program is not installed here: another one that is stands for it.
    text = UNIT.read_text(encoding="utf-8").replace("/opt/sales-consultant/bin/sales-consultant", "/bin/true")
    (tmp_path / UNIT.name).write_text(text, encoding="utf-8")
    done = programs.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)],
    )
    assert done.returncode == 0 and UNIT.name not in done.stderr, done.stderr


def test_the_image_has_a_user_without_rights_and_its_data_in_a_volume() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    last = [i for i, (word, _) in enumerate(lines) if word == "FROM"][-1]
    final = lines[last:]
    kinds = [word for word, _ in final]
    user = next(rest for word, rest in final if word == "USER")
    assert user.isdigit() and int(user) >= 10_000
    assert kinds.index("USER") < kinds.index("ENTRYPOINT") and ["VOLUME", "/data"] in final
    assert all(
        word in {"FROM", "COPY", "RUN", "USER", "ENV", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD", "WORKDIR"}
        for word, _ in lines
    )
    assert "--require-hashes" in text and not re.search(r"ENV[^\n]*(TOKEN|SECRET|PASSWORD)", text)
    assert ["ENTRYPOINT", '["/opt/venv/bin/sales-consultant"]'] in final and ["CMD", '["serve"]'] in final
