"""Every command of the README that needs no person at a keyboard is run as it stands there, against the sandbox."""

import re
import shlex
from pathlib import Path

import pytest
from support import tiny
from support.cli import SCRIPT, Cli

from sales_consultant.sandbox.serving.server import Sandbox

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"<!-- tried: (\w+) -->\s*```console\n(.*?)```", re.DOTALL)


def commands(crm: str) -> list[list[str]]:
    """The lines of the blocks that are marked as tried on a CRM, without the prompt."""
    text = README.read_text(encoding="utf-8")
    lines = [line.strip() for c, body in BLOCK.findall(text) if c == crm for line in body.splitlines()]
    return [shlex.split(line.removeprefix("$ "))[1:] for line in lines if line]


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_the_readme_s_commands(tmp_path: Path, crm: str) -> None:
    data = tiny.write(tmp_path / "data")
    found = commands(crm)
    assert len(found) >= 5
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
        cli = Cli(tmp_path, script=SCRIPT)
        env = {"SALES_CONSULTANT_CONNECTIONS__MAIN__URL": sandbox.url}
        for words in found:
            # Also check, before the fields are made: that is a next step, and nothing is refused.
            result = cli.run(*words, env=env, code=0)
            assert result.out.strip(), words


def test_every_command_in_the_readme_is_tried_or_asks_a_person() -> None:
    text = README.read_text(encoding="utf-8")
    shown = set(re.findall(r"^\s*\$ (sales-consultant .*)$", text, re.MULTILINE))
    tried = {"sales-consultant " + " ".join(c) for crm in ("hubspot", "salesforce") for c in commands(crm)}
    assert shown - tried == {"sales-consultant login --connection main"}
