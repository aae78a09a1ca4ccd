"""Every command of the documentation that needs no person at a keyboard is run as it stands there, on the sandbox."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support import cli_page, documents, tiny
from support.cli import TOKEN, Cli
from support.documents import Block, Reader, Story, merged, pages, settings_text, shown, stories

from sales_consultant.config import playbook
from sales_consultant.config.settings import Settings
from sales_consultant.sandbox.serving.server import Sandbox

STORIES = documents.distinct([s for page in pages() for s in stories(page)])
SCOPE = re.compile(r"`((?:crm|settings|marketing)\.[a-z_.]+)`")
# Those that begin with a first sync share it, so they belong to one process.
PARAMS = [
    pytest.param(s, marks=pytest.mark.xdist_group("synced")) if s.name == "synced" else s for s in STORIES
]
# Shown with a prompt and not tried, with the reason.
_DRAWN = (
    "the company of these pages has no scored records; tests/cli/test_experiments.py goes through them all"
)
NOT_TRIED = {
    "sales-consultant experiment design --share 0.2": _DRAWN,
    "sales-consultant experiment start --share 0.2": _DRAWN,
    "sales-consultant experiment status": _DRAWN,
    "sales-consultant experiment stop": _DRAWN,
    "sales-consultant login --connection main": "it asks for a secret, and there is no keyring in a test",
    "sales-consultant sandbox serve": "it runs until it is stopped; tests/cli starts it",
    "sales-consultant serve": "it runs until it is stopped; tests/cli starts it",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny company's data folder."""
    return tiny.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A portal's store and an admin's folder after `init`, `provision` and a first `sync`."""
    place = tmp_path_factory.mktemp("synced")
    with Sandbox(data=folder, clock=tiny.CLOCK, crms=("hubspot",), store=place / "crm.db") as sandbox:
        reader = Reader(Cli(place / "admin"), sandbox.url)
        text = "$ sales-consultant init --crm hubspot\n$ sales-consultant provision\n$ sales-consultant sync --yes"
        assert reader.follow(Story(place, "hubspot", "", [Block("console", text)])) == 3
    return place


@pytest.fixture
def reader(request: pytest.FixtureRequest, tmp_path: Path, folder: Path) -> Iterator[tuple[Reader, Story]]:
    """A story and the desk that it begins on."""
    story: Story = request.param
    begun = story.name == "synced"
    if begun:
        shutil.copytree(request.getfixturevalue("synced"), tmp_path, dirs_exist_ok=True)
    store = tmp_path / "crm.db" if begun else None
    data = None if begun else folder
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(story.crm,), store=store) as sandbox:
        if story.name == "account" and story.crm == "hubspot":
            # The key that the page tells to make: its scopes must be enough for what follows.
            scopes = sorted(set(SCOPE.findall(story.page.read_text(encoding="utf-8"))))
            assert len(scopes) > 15
            user = {"crm": "hubspot", "token": TOKEN, "scopes": scopes}
            requests.post(f"{sandbox.url}/_sandbox/users", json=user, timeout=10).raise_for_status()
        yield Reader(Cli(tmp_path / "admin", crm=story.crm), sandbox.url), story


@pytest.mark.slow
@pytest.mark.parametrize("reader", PARAMS, ids=str, indirect=True)
def test_the_commands_of_a_page(reader: tuple[Reader, Story]) -> None:
    desk, story = reader
    assert desk.follow(story) == sum(line.startswith("sales-consultant") for line in story.lines)


def test_every_command_with_a_prompt_is_tried_or_says_why_not() -> None:
    tried = {line for s in STORIES for line in s.lines}
    found = {line for page in pages() for line in shown(page)}
    assert found - tried == set(NOT_TRIED)
    assert len(tried) > 30


def test_every_command_that_a_page_names_is_there() -> None:
    """Also those in a sentence: `sales-consultant WORDS` begins with a command that is registered."""
    known = {" ".join(c) for c in cli_page.commands() if c not in cli_page.groups()}
    unknown = [
        f"{page.name}: {words}"
        for page in pages()
        for words in map(str.strip, documents.NAMED.findall(page.read_text(encoding="utf-8")))
        if words and not any(f"{words} ".startswith(f"{k} ") for k in known)
    ]
    assert unknown == []


@pytest.mark.parametrize(
    "page", [p for p in pages() if "```toml" in p.read_text(encoding="utf-8")], ids=lambda p: p.name
)
def test_settings_and_playbooks_on_pages_are_valid(page: Path) -> None:
    blocks = list(documents.toml_blocks(page))
    assert blocks
    for title, text in blocks:
        if title == "playbook.toml":
            assert playbook.parse(text).rules
        else:
            needed = {"connections": {"main": {"crm": "hubspot"}}}
            assert Settings(**merged(needed, tomllib.loads(text))).connections


def test_settings_are_written_as_they_were_read() -> None:
    text = '[populations.a]\nobject = "deals"\nevent = "won"\nwhere = { pipeline = "x" }\n[write]\nteams = { n = ["a"] }'
    values = tomllib.loads(text)
    assert tomllib.loads(settings_text(values)) == values
