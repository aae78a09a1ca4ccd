"""What is planned is said in the reader's language: by the playbook's own translation, the catalogue, or as it is written."""

from sales_consultant.config.playbook import Planned, parse
from sales_consultant.scoring.next_steps.wording import texts

RULE = '[[rules]]\nid = "x"\nobjects = ["deals"]\nwhen = "score > 1"\nstep = "abc"\nreason = "abc"\n'


def test_texts_of_ones_own_are_translated_by_the_playbook_and_the_delivered_ones_by_the_catalogue() -> None:
    words = {"kind": "会议", "date": "2026年11月2日"}
    own = parse(
        '[planned]\nstep = "Read the file of the {kind}"\n'
        '[planned.translations.zh]\nstep = "阅读{kind}资料"\nreason = "{date}有{kind}"\n' + RULE
    ).planned
    assert texts(own, words, "zh") == ("阅读会议资料", "2026年11月2日有会议")
    assert texts(own, words, "en")[0] == "Read the file of the 会议"
    assert texts(Planned(), words, "zh") == ("准备2026年11月2日的会议", "已安排会议")
    assert texts(Planned(step="My own"), words, "zh") == ("My own", "已安排会议")
