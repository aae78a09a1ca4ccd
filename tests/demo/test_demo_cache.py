"""The cache of demo companies holds whole worlds only."""

from pathlib import Path

import pytest

from sales_consultant.demo.company.world import DemoError, Made, cached, key_of

MADE = Made("2024-01-01T00:00:00Z", "Synthetic", {"owners": 1})


def write(into: Path) -> Made:
    (into / "owners.csv").write_text("id\n1\n", encoding="utf-8")
    return MADE


def test_a_world_is_made_once(tmp_path: Path) -> None:
    calls = []

    def make(into: Path) -> Made:
        calls.append(into)
        return write(into)

    for name in ("one", "two"):
        world = cached(tmp_path / name, cache=tmp_path / "cache", key="k", make=make)
        assert (world.folder / "owners.csv").read_text(encoding="utf-8") == "id\n1\n"
        assert (world.clock_iso, world.notice, world.counts) == (MADE.clock_iso, MADE.notice, MADE.counts)
    assert len(calls) == 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, OSError])
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, interrupt: type[BaseException]) -> None:
    def make(into: Path) -> Made:
        write(into)
        raise interrupt

    with pytest.raises(interrupt):
        cached(tmp_path / "data", cache=tmp_path / "cache", key="k", make=make)
    assert list((tmp_path / "cache").iterdir()) == []
    assert cached(tmp_path / "data", cache=tmp_path / "cache", key="k", make=write).counts == {"owners": 1}


def test_what_a_killed_build_left_is_not_taken_for_a_world(tmp_path: Path) -> None:
    (tmp_path / "cache" / ".k-left" / "world" / "tables").mkdir(parents=True)
    assert cached(tmp_path / "data", cache=tmp_path / "cache", key="k", make=write).counts == {"owners": 1}


def test_the_faster_of_two_builds_wins(tmp_path: Path) -> None:
    def make(into: Path) -> Made:
        cached(tmp_path / "other", cache=tmp_path / "cache", key="k", make=write)
        return write(into)

    world = cached(tmp_path / "data", cache=tmp_path / "cache", key="k", make=make)
    assert (world.folder / "owners.csv").exists()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["k"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.csv").write_text("", encoding="utf-8")
    with pytest.raises(DemoError, match="is not empty"):
        cached(tmp_path / "data", cache=tmp_path / "cache", key="k", make=write)


def test_the_key_follows_parts_and_sources(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("a = 1", encoding="utf-8")
    first = key_of("saas", {"seed": 7}, sources=(source,))
    assert first == key_of("saas", {"seed": 7}, sources=(source,))
    assert first != key_of("saas", {"seed": 8}, sources=(source,))
    source.write_text("a = 2", encoding="utf-8")
    assert first != key_of("saas", {"seed": 7}, sources=(source,))
