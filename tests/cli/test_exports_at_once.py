"""Tables that are exported right after a sync hold what that sync wrote, though it wrote after it had read."""

from pathlib import Path

import pandas as pd
from support.office import Office


def test_scores_of_the_sync_before_are_there(synced: Office, tmp_path: Path) -> None:
    shown = synced.query("SELECT count(*) FROM exposures WHERE value IS NOT NULL AND visible_to IS NULL")
    out = tmp_path / "out"
    done = synced.cli.json("export", "scores", "--out", str(out))
    assert done["files"]["scores.parquet"] == shown[0][0] > 0
    assert len(pd.read_parquet(out / "scores.parquet")) == shown[0][0]


def test_before_the_sync_nothing_was_shown(synced: Office, tmp_path: Path) -> None:
    earlier = synced.cli.json("export", "scores", "--out", str(tmp_path / "x"), "--as-of", "2024-11-01")
    assert earlier["files"]["scores.parquet"] == 0


def test_a_value_that_was_taken_away_is_not_shown(synced: Office, tmp_path: Path) -> None:
    [[run]] = synced.query("SELECT id FROM runs WHERE job = 'sync'")
    synced.cli.json("rollback", run, "--yes")
    [[gone]] = synced.query("SELECT count(*) FROM exposures WHERE visible_to IS NOT NULL")
    [[shown]] = synced.query("SELECT count(*) FROM exposures WHERE value IS NOT NULL AND visible_to IS NULL")
    done = synced.cli.json("export", "scores", "--out", str(tmp_path / "x"))
    assert done["files"]["scores.parquet"] == shown < gone
