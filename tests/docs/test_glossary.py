"""One word for one thing: what the glossary refuses is on no page, and in code less often from change to change."""

from pathlib import Path

from support import glossary
from support.documents import ROOT


def test_the_table_is_whole() -> None:
    terms = glossary.terms()
    assert len(terms) > 50
    assert [t.name for t in terms] == sorted((t.name for t in terms), key=str.lower)
    assert [t.name for t in terms if not t.folders or not all((ROOT / f).is_dir() for f in t.folders)] == []
    words = [w for t in terms for w in t.refused]
    assert len(words) == len(set(words)) and len(words) > 60
    # A term that is refused elsewhere would leave nothing to say.
    assert {glossary.words(t.name) for t in terms} & {glossary.words(w) for w in words} == set()


def test_every_exception_has_a_reason_and_is_needed() -> None:
    found = glossary.exemptions()
    assert found and all(e.reason for e in found)
    unneeded = []
    for exemption in found:
        for path in exemption.paths:
            place = ROOT / path
            files = (
                [place]
                if place.is_file()
                else [p for p in place.rglob("*") if p.suffix in (".py", ".html", ".md")]
            )
            texts = [glossary.words(p.read_text(encoding="utf-8")) for p in files]
            if not any(glossary.hits(w, t) for w in exemption.words for t in texts):
                unneeded.append(f"{', '.join(exemption.words)} in {path}")
    assert unneeded == []


def test_no_page_says_it_otherwise() -> None:
    found = glossary.used(glossary.documents())
    told = [f'"{w}" in {", ".join(files)}: say "{glossary.refused()[w]}"' for w, files in found.items()]
    assert told == []


def test_no_code_says_it_otherwise() -> None:
    found = glossary.used(glossary.code())
    told = [f'"{w}" in {", ".join(files)}: say "{glossary.refused()[w]}"' for w, files in found.items()]
    assert told == []


def test_the_check_sees_what_it_looks_for(tmp_path: Path) -> None:
    text = glossary.words("def opportunityValue(at_hand): # a write-back")
    assert [w for w in glossary.refused() if glossary.hits(w, text)] == [
        "opportunity",
        "at hand",
        "write-back",
    ]
