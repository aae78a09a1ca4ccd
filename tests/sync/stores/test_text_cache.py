"""The cache of signals: nothing in it tells a text, and it may go at any time."""

from pathlib import Path

import pytest

from sales_consultant.sync.stores import TextCache, text_cache


def test_a_key_depends_on_the_secret_the_text_and_the_way_of_reading(tmp_path: Path) -> None:
    one, other = TextCache(tmp_path), TextCache(None)
    assert one.key("rules", "hello") == TextCache(tmp_path).key("rules", "hello")
    different = {one.key("rules", "hello"), one.key("rules", "hello."), one.key("rule", "shello")}
    different.add(other.key("rules", "hello"))
    assert len(different) == 4


def test_what_was_put_is_there_again_until_it_is_read_in_another_way(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    key = cache.key("one", "text")
    cache.put(key, "value", "one")
    cache.close()
    again = TextCache(tmp_path)
    assert again.get(key) == "value"
    again.keep_only("one")
    assert again.get(key) == "value"
    again.keep_only("two")
    assert again.get(key) is None
    again.close()


@pytest.mark.parametrize("damage", [b"", b"no database at all, and long enough to be looked at"])
def test_a_damaged_file_or_key_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    for name in (text_cache.FILE, text_cache.KEY):
        (tmp_path / name).write_bytes(damage)
    cache = TextCache(tmp_path)
    key = cache.key("one", "lone \ud800 surrogate")
    cache.put(key, "value", "one")
    assert cache.get(key) == "value"
    cache.close()
    assert (tmp_path / text_cache.KEY).stat().st_mode & 0o777 == 0o600


def test_removing_takes_file_and_key(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    cache.put(cache.key("one", "text"), "value", "one")
    cache.close()
    assert text_cache.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not text_cache.remove(tmp_path)
