"""Settings, disks, ports and keyrings that are in the way: exit code 2, what to do, and nothing lost."""

import socket
from pathlib import Path

import pytest
from support import tiny
from support.cli import TOKEN, Cli, small_files
from support.office import Office


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[write]\nobjetcs = ['deals']", ("write.objetcs", '"objects"')),
        ("[gaurds]\nmax_share = 1", ("gaurds", '"guards"')),
        ("[guards]\nmax_share = 'half'", ("guards.max_share", "number")),
        ("[guards]\nmax_share = 3", ("guards.max_share", "from 0 to 1")),
        ("[write]\nset = 'everything'", ("write.set", "minimal")),
        ("[write]\nobjects = ['dealz']", ("write.objects", "deals")),
        ("[write.names]\nscoree = 'our_score'", ("scoree", '"score"')),
        ("[populations.p]\nobject = 'deal'\nevent = 'won'", ("populations.p.object", "deals")),
        ("[populations.q]\nobject = 'deals'\nevent = 'wonn'", ("populations.q.event", "won")),
        ("[schedule.n]\ncron = '0 5 * * 1'", ("schedule.n", "mon-fri")),
        ("[schedule.n]\nevery_minutes = 5\ntime_zone = 'Europe/Berlinn'", ("Europe/Berlinn",)),
        ("[guards\n", ("line", "TOML")),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, more: str, said: tuple[str, ...]) -> None:
    cli = Cli(tmp_path, "http://127.0.0.1:9")
    cli.configure("http://127.0.0.1:9", more)
    error = cli.json("schedule", "list", code=2)["error"]
    assert error["kind"] == "configuration"
    for part in said:
        assert part in error["message"] + error["action"], error
    assert not (cli.data / "main").exists()


def test_a_token_in_the_settings_is_refused_and_not_repeated(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.config.write_text(f'[connections.main]\ncrm = "hubspot"\ntoken = "{TOKEN}"\n', encoding="utf-8")
    done = cli.run("pull", "--json", code=2)
    assert "login" in done.error["message"]
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("pull", "--object", "dealz"), "deals"),
        (("backfill", "--object", "contact"), "contacts"),
        (("backfill", "--since", "2024-02-01", "--until", "2024-01-01"), "--since"),
        (("sync", "--as-of", "soon"), "--as-of"),
        (("sync", "--connection", "mian"), "main"),
        (("sync", "--config", "nowhere.toml"), "nowhere.toml"),
        (("rollback", "--yes", "20200101-000000-abcd"), "runs list"),
        (("rollback", "--yes"), "--since"),
        (("runs", "show", "20200101-000000-abcd"), "runs list"),
        (("models", "show", "ffff"), "models list"),
        (("explain", "deals/1"), "Nothing was pulled"),
        (("push", "nowhere.json"), "nowhere.json"),
        (("push", "sales-consultant.toml"), "not a plan"),
        (("sandbox", "serve", "--data", "nowhere"), "nowhere"),
        (("sandbox", "serve", "--limits", "none"), "professional"),
        (("sandbox", "serve", "--clock", "noon"), "--clock"),
        (("serve",), "schedule"),
        (("demo", "--crm", "zoho"), "salesforce"),
        (("init", "--crm", "zoho"), "salesforce"),
        (("init", "--crm", "hubspot", "--url", "http://evil.example", "--out", "x.toml"), "evil.example"),
        (("nosuch",), "nosuch"),
        (("sync", "--nosuch"), "--nosuch"),
    ],
)
def test_wrong_use(desk: Office, words: tuple[str, ...], part: str) -> None:
    error = desk.cli.json(*words, code=2)["error"]
    assert part in error["message"] + error["action"], error
    assert desk.held() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "part"),
    [
        ("[write.where]\nownr = 'rep1@seller.example'", "owner"),
        ("[write.where]\nowner = 'nobody@seller.example'", "nobody@seller.example"),
        ("[populations.p]\nobject = 'deals'\nevent = 'won'\nwhere = {pipelin = 'sales'}", "pipeline"),
        ("[features]\nomit = ['deals.regionn']", "deals.regionn"),
        ("[features]\nfixed = ['dealz.region']", "dealz"),
    ],
)
def test_columns_that_do_not_exist(synced: Office, more: str, part: str) -> None:
    """Only the CRM can tell which columns there are; what it does not have is said before anything is written."""
    before = synced.held()
    synced.cli.configure(synced.sandbox.url, more)
    words = ("train",) if "features" in more else ("sync", "--yes")
    error = synced.cli.json(*words, code=2)["error"]
    assert error["kind"] == "configuration"
    assert part in error["message"] + error["action"], error
    assert synced.held() == before == synced.written()


def test_a_field_to_roll_back_that_does_not_exist(synced: Office) -> None:
    run = synced.cli.json("runs", "list")["runs"][0]["id"]
    before = synced.held()
    error = synced.cli.json("rollback", run, "--yes", "--field", "scoer", code=2)["error"]
    assert "score" in error["action"]
    assert synced.held() == before


@pytest.mark.slow
def test_a_full_disk_at_any_moment(desk: Office) -> None:
    """No file may grow beyond a size, as on a full disk: said, and the next run goes on from there."""
    desk.cli.json("provision")
    for limit in (1_000, 60_000, 130_000, 400_000, 1_500_000):
        done = desk.cli.run("sync", "--yes", "--json", code=None, before=small_files(limit))
        assert done.code in (0, 2), done
        if done.code:
            assert done.error["kind"] == "machine", done.error
    assert desk.cli.json("sync", "--yes")["dead"] == 0
    assert desk.held() == desk.written()
    assert desk.unsettled() == 0
    assert len({(o, i) for o, i, _ in desk.held()}) == 44
    assert desk.cli.json("sync", "--yes")["written"] == 0


@pytest.mark.slow
def test_a_disk_that_fills_while_we_write(synced: Office) -> None:
    """The journal may be cut off between what was sent and its answer: the CRM is asked, and no change is lost."""
    run = next(r["id"] for r in synced.cli.json("runs", "list")["runs"] if r["job"] == "sync")
    size = (synced.cli.data / "main" / "state.db").stat().st_size
    codes = []
    for limit in range(size // 4, 2 * size, size // 8):
        done = synced.cli.run("rollback", run, "--yes", "--json", code=None, before=small_files(limit))
        codes.append(done.code)
        if done.code:
            assert (done.code, done.error["kind"]) == (2, "machine"), done.error
        else:
            break
    assert codes[0] == 2 and codes[-1] == 0
    assert synced.held() == synced.written() == {}
    assert synced.unsettled() == 0


def test_a_data_directory_that_cannot_be_one(desk: Office) -> None:
    desk.cli.data.write_text("a file, not a folder", encoding="utf-8")
    error = desk.cli.json("pull", code=2)["error"]
    assert error["kind"] == "machine" and "--data-dir" in error["action"]


@pytest.mark.slow
def test_stores_that_are_broken(synced: Office) -> None:
    """A broken warehouse is made anew from the CRM; a broken state is precious: it is named and left alone."""
    place = synced.cli.data / "main"
    (place / "warehouse.duckdb").write_bytes(b"not a database" * 100)
    assert synced.cli.json("sync", "--yes")["written"] == 0
    assert synced.held() == synced.written()
    (place / "state.db").write_bytes(b"not a database" * 100)
    for wal in place.glob("state.db-*"):
        wal.unlink()
    before = synced.held()
    error = synced.cli.json("sync", "--yes", code=2)["error"]
    assert error["kind"] == "machine" and "state.db" in error["message"]
    assert (place / "state.db").read_bytes().startswith(b"not a database")
    assert synced.held() == before


def test_a_port_that_is_taken(tmp_path: Path, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        error = Cli(tmp_path).json("sandbox", "serve", "--data", str(folder), "--port", port, code=2)["error"]
    assert error["kind"] == "machine" and port in error["message"] and "--port" in error["action"]


def test_a_crm_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    cli = Cli(tmp_path)
    cli.configure(f"http://127.0.0.1:{port}", connection="patience_seconds = 1")
    error = cli.json("pull", code=4)["error"]
    assert error["kind"] == "crm_unavailable" and str(port) in error["message"]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_no_keyring(tmp_path: Path, backend: str) -> None:
    """A headless machine: login says so before it asks for anything, and lists the other ways."""
    cli = Cli(tmp_path, "http://127.0.0.1:9")
    env = {"PYTHON_KEYRING_BACKEND": backend, "SALES_CONSULTANT_MAIN_TOKEN": ""}
    done = cli.run("login", "--token-stdin", "--json", code=2, env=env, stdin=TOKEN + "\n")
    assert done.error["kind"] == "machine"
    for way in ("SALES_CONSULTANT_MAIN_TOKEN", "_FILE", "systemd credential"):
        assert way in done.error["action"]
    assert cli.run("logout", "--json", code=2, env=env).error["kind"] == "machine"


def test_a_token_in_a_file(desk: Office) -> None:
    """The way of a headless machine works."""
    secret = desk.cli.folder.parent / "token"
    secret.write_text(TOKEN + "\n", encoding="utf-8")
    env = {"SALES_CONSULTANT_MAIN_TOKEN": "", "SALES_CONSULTANT_MAIN_TOKEN_FILE": str(secret)}
    assert desk.cli.json("pull", env=env)["pulled"]["deals"] == 30
    assert tiny.CLOCK[:10] in desk.cli.json("runs", "list")["runs"][0]["as_of"]
