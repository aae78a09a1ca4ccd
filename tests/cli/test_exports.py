"""Tables for a data scientist: a published model's forward test is done again from them alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score
from support.cli import Cli
from support.demo_desk import demo_desk
from support.office import Office

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with demo_desk(tmp_path_factory.mktemp("trained")) as cli:
        yield cli


def tables(cli: Cli, kind: str, out: Path) -> dict[str, pd.DataFrame]:
    cli.json("export", kind, "--out", str(out))
    told = json.loads((out / "dictionary.json").read_text(encoding="utf-8"))
    found = {p.stem: pd.read_parquet(p) for p in out.glob("*.parquet")}
    # Every file and column is in the dictionary, and each says what it means.
    assert {f"{name}.parquet" for name in found} == set(told["files"])
    for name, table in found.items():
        columns = told["files"][f"{name}.parquet"]["columns"]
        assert [c["name"] for c in columns] == list(table.columns)
        assert all(c["means"] for c in columns)
    return found


def test_the_forward_test_is_done_again(trained: Cli, tmp_path: Path) -> None:
    [(name, rows)] = tables(trained, "training", tmp_path / "training").items()
    test = rows[rows["part"] == "judge"]
    reports = {t["name"]: t for t in trained.json("evaluate")["forward_tests"]}
    report = reports[name.removeprefix("training-")]
    assert len(test) == report["n"]
    # The card keeps probabilities with five digits.
    assert roc_auc_score(test["label"], test["p_test"]) == pytest.approx(report["auc"], abs=1e-4)
    assert log_loss(test["label"], test["p_test"]) == pytest.approx(report["log_loss"], abs=1e-4)
    # No row to learn from had its label later than the test began.
    learnt = rows[rows["part"] == "learn"]
    gap = test["cut"].min() - learnt["cut"].max()
    assert gap > pd.Timedelta(0)
    weights = learnt.groupby("record_id")["weight"].first()
    assert np.isfinite(weights).all()


def test_features_of_the_past_do_not_know_what_came_later(trained: Cli, tmp_path: Path) -> None:
    now = tables(trained, "features", tmp_path / "now")
    cli_then = trained.json("export", "features", "--out", str(tmp_path / "then"), "--as-of", "2024-10-01")
    assert cli_then["as_of"]
    then = pd.read_parquet(next((tmp_path / "then").glob("*.parquet")))
    assert set(then["cut"]) == {pd.Timestamp("2024-10-01", tz="UTC")}
    assert len(next(iter(now.values()))) != len(then)


def test_a_folder_that_is_there_is_left_alone(desk: Office, tmp_path: Path) -> None:
    desk.cli.json("pull")
    out = tmp_path / "there"
    out.mkdir()
    refused = desk.cli.run("export", "funnel", "--out", str(out), "--json", code=2)
    assert "is there already" in refused.error["message"]
    assert list(out.iterdir()) == []
    late = desk.cli.run(
        "export", "funnel", "--out", str(tmp_path / "x"), "--as-of", "2099-01-01", "--json", code=2
    )
    assert "later than" in late.error["message"]
