"""An admin changes the language of a connection: the next sync says everything anew, and the one after nothing."""

import re

import pytest
from support.office import Office

from sales_consultant.sync.stores.texts_language import TEXTS


def in_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


@pytest.mark.slow
def test_a_change_of_the_language_reaches_every_record(synced: Office) -> None:
    config = synced.cli.config
    before = {k: v for k, v in synced.held().items() if k[2] in TEXTS}
    english = config.read_text(encoding="utf-8")
    chinese = re.sub(r"(\[connections\.main\]\n)", r'\1language = "zh"\n', english)
    assert chinese != english and before and not any(in_chinese(str(v)) for v in before.values())
    config.write_text(chinese, encoding="utf-8")
    assert synced.cli.json("provision")["changed"] > 0
    assert synced.cli.json("sync", "--yes")["written"] > 0
    now = {k: v for k, v in synced.held().items() if k[2] in TEXTS}
    left = {k: v for k, v in now.items() if not in_chinese(str(v))}
    # A record that is not scored any more keeps its reasons as they were given.
    assert {k: v for k, v in left.items() if v != before.get(k)} == {}
    scored = {(o, i) for o, i, f in now if f == "next_step_reason"}
    assert scored and not [k for k in left if k[:2] in scored]
    assert synced.cli.json("sync")["written"] == 0
