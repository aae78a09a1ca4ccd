"""Tables that are exported right after a sync hold what that sync wrote, though it wrote after it had read."""

from pathlib import Path

import pandas as pd
import pytest
from support import tiny
from support.office import Office, office


def test_scores_of_the_sync_before_are_there(synced: Office, tmp_path: Path) -> None:
    shown = synced.query("SELECT count(*) FROM exposures WHERE value IS NOT NULL AND visible_to IS NULL")
    out = tmp_path / "out"
    done = synced.cli.json("export", "scores", "--out", str(out))
    assert done["files"]["scores.parquet"] == shown[0][0] > 0
    assert len(pd.read_parquet(out / "scores.parquet")) == shown[0][0]


def test_before_the_sync_nothing_was_shown(synced: Office, tmp_path: Path) -> None:
    out = tmp_path / "x"
    done = synced.cli.run("export", "scores", "--out", str(out), "--as-of", "2024-11-01", "--json", code=2)
    assert "no record showed anything of ours at 2024-11-01" in done.error["message"]
    assert "--as-of" in done.error["action"] and "sync" in done.error["action"]
    assert not out.exists()


def test_a_value_that_was_taken_away_is_not_shown(synced: Office, tmp_path: Path) -> None:
    [[run]] = synced.query("SELECT id FROM runs WHERE job = 'sync'")
    synced.cli.json("rollback", run, "--yes")
    [[gone]] = synced.query("SELECT count(*) FROM exposures WHERE visible_to IS NOT NULL")
    assert gone > 0
    # Nothing of ours is shown any more.
    error = synced.cli.run("export", "scores", "--out", str(tmp_path / "x"), "--json", code=2).error
    assert "no record showed anything" in error["message"]


@pytest.mark.parametrize(
    ("kind", "why", "todo"),
    [
        ("features", "no model is in force", "train"),
        ("training", "no model is in force", "train"),
        ("scores", "no record showed anything", "sync"),
        ("funnel", "no deal had been in a stage", "pull"),
    ],
)
def test_where_there_is_nothing_it_says_why_and_writes_nothing(
    tmp_path: Path, kind: str, why: str, todo: str
) -> None:
    data, out = tmp_path / "tables", tmp_path / "out"
    data.mkdir()
    with office(tmp_path / "admin", data=data, store=tmp_path / "portal.db", clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url, scored=True)
        made.cli.json("pull")
        error = made.cli.run("export", kind, "--out", str(out), "--json", code=2).error
        assert why in error["message"] and todo in error["action"]
        assert not out.exists()


def test_without_a_population_it_says_so(synced: Office, tmp_path: Path) -> None:
    for kind in ("features", "training"):
        error = synced.cli.run("export", kind, "--out", str(tmp_path / "x"), "--json", code=2).error
        assert "no population" in error["message"] and "[populations]" in error["action"]
