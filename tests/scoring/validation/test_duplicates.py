"""Duplicates are told where two records are surely of one thing, however they are spelt, and nowhere else."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import NOW, World

from sales_consultant.config.domains import domain_key, email_key
from sales_consultant.scoring.validation.data_quality import look
from sales_consultant.scoring.validation.duplicates import DataFinding
from sales_consultant.scoring.validation.record_names import normalised, words_of


def found(world: World) -> dict[str, DataFinding]:
    return {f"{f.object}: {f.what}": f for f in look(world.connection(), as_of=NOW)}


def groups(finding: DataFinding | None) -> list[set[str]]:
    """The ids of each group, by what was seen of its records."""
    by_key: dict[str, set[str]] = {}
    for s in finding.suspects if finding else ():
        by_key.setdefault(s.seen, set()).add(s.record_id)
    return list(by_key.values())


def companies(*names: str | None, domains: tuple[str | None, ...] = ()) -> World:
    world = World()
    for n, name in enumerate(names or [f"Firm {i}" for i in range(len(domains))]):
        domain = domains[n] if domains else None
        world.add("companies", id=str(n), name=name, domain=domain, owner_id="o", created_at=NOW)
    return world


ONE_NAME = [
    ("Müller GmbH", "Mueller GmbH", "Muller GmbH", "MÜLLER AG", "Mu\u0308ller"),
    ("Bär AG", "Baer AG", "Bar AG"),
    ("Ångström AB", "Aangstroem", "ANGSTROM"),
    ("Strauß KG", "STRAUSS KG", "Strauss"),
    ("Société Générale S.A.", "Societe Generale SA", "SOCIÉTÉ GÉNÉRALE"),
    ("Łódź Sp. z o.o.", "Lodz", "LODZ SP Z O O"),
    ("Møller A/S", "Moeller ApS", "Moller"),
    ("ＡＣＭＥ　Ｌｔｄ．", "acme ltd", "Acme, Inc.", "The Acme Company", "A\u200bcme"),
    ("Fiat S.p.A.", "Fiat SpA", "Fiat S. p. A."),
    ("O’Reilly Media", "O'Reilly Media Inc", "OReilly Media"),
    ("Smith & Sons", "Smith and Sons Ltd", "Smith Sons"),
    ("Müller GmbH & Co. KG", "Müller GmbH", "Mueller KG"),
    ("Weber GmbH Köln", "Weber Köln GmbH", "Weber Koeln"),
    ("华为技术有限公司", "华为技术", "华为技术股份有限公司", "华为技术(集团)有限责任公司", "华为技术集团", "华为 技术 有限公司"),
    ("台灣積體電路有限責任公司", "台灣積體電路集團"),
    ("株式会社トヨタ", "トヨタ株式会社", "㈱トヨタ", "ﾄﾖﾀ（株）"),
    ("ООО Ромашка", "Ромашка ООО", "РОМАШКА"),
    ("Acme™ GmbH", "ACME®", "Acme"),
    ("שלום בע״מ", "שלום", 'שלום בע"מ'),
    ("E.ON SE", "E.ON", "E. On AG"),
    ("주식회사 삼성", "삼성(주)"),
]  # fmt: skip


@pytest.mark.parametrize("names", ONE_NAME, ids=lambda n: n[0])
def test_spellings_of_one_name_are_one_company(names: tuple[str, ...]) -> None:
    for some in (names, *combinations(names, 2)):
        if set(some) in ({"Baer AG", "Bar AG"}, {"Aangstroem", "ANGSTROM"}):
            continue  # only a third, with its umlaut, shows that these are one
        (group,) = groups(found(companies(*some)).get("companies: the same name"))
        assert len(group) == len(some), some


TWO_NAMES = [
    ("AS Roma", "Roma GmbH"),
    ("SAS Institute", "Institute Inc"),
    ("AG Insurance", "Insurance SE"),
    ("SE Electronics", "Electronics AG"),
    ("CO2 Partner", "Partner GmbH"),
    ("Gmbh Test Nord", "Nord Test"),
    ("Blue AG", "Blu AG"),
    ("Michael GmbH", "Michal GmbH"),
    ("Poets Ltd", "Pots Ltd"),
    ("Queen Ltd", "Quen Ltd"),
    ("Neuer AG", "Neur AG"),
    ("北京华为技术有限公司", "华为技术有限公司"),
    ("华为技术(深圳)有限公司", "华为技术有限公司"),
    ("有限公司", "集团"),
    ("ガス株式会社", "カス株式会社"),
    ("टाटा", "टीटी"),
    ("Мой", "Мои"),
    ("Acme 1", "Acme 2"),
    ("GmbH", "AG"),
    ("Limited Edition", "Edition"),
    ("C++ GmbH", "C# GmbH"),
    ("Canal+ SA", "Canal SA"),
    ("😀 GmbH", "🚀 GmbH"),
    ("Acme (UK) Ltd", "Acme Ltd"),
    ("SA Power", "Power SA"),
]


@pytest.mark.parametrize("names", TWO_NAMES, ids=lambda n: n[0])
def test_names_that_only_resemble_each_other_are_two(names: tuple[str, str]) -> None:
    assert groups(found(companies(*names)).get("companies: the same name")) == []


DOMAINS = (
    *("https://acme.example/", "acme.example", "www.acme.example", "http://ACME.example/path", "//acme.example:8080?x=1"),
    *("ftp://me:pw@acme.example", "info@acme.example", "acme.example.", "ａｃｍｅ.example", " http:/acme.example#top "),
    *("http://http://acme.example", "https:www.acme.example", "acme.example; other.example", "\u202eacme.example\n"),
)  # fmt: skip


def test_one_domain_however_it_is_written() -> None:
    (group,) = groups(found(companies(domains=DOMAINS))["companies: the same domain"])
    assert len(group) == len(DOMAINS)
    assert domain_key("https://müller.example/") == domain_key("xn--mller-kva.example") != ""


@pytest.mark.parametrize(
    "written", ["shop.acme.example", "acme.example.net", "acme-example", "www.example.shop"]
)
def test_another_host_is_another_domain(written: str) -> None:
    assert domain_key(written) != "acme.example"


NO_DOMAINS = (
    *("n/a", "-", "none", "unknown", "http://", "www.", "na.com", "test.com", "http://www.example.com/x", "none.none"),
    *("facebook.com/acme", "de.linkedin.com/company/x", "bit.ly/acme", "xxx", "a b.example"),
)  # fmt: skip


@pytest.mark.parametrize("written", NO_DOMAINS)
def test_a_placeholder_is_no_domain_but_a_gap(written: str) -> None:
    findings = found(companies(domains=(written, written, "acme.example")))
    assert "companies: the same domain" not in findings
    gap = findings["companies: no domain"]
    assert gap.records == 2 and written.strip() in gap.suspects[0].seen


def people(*rows: tuple[str | None, str | None, str | None], lead: bool = False) -> World:
    world = World()
    for n, (first, last, email) in enumerate(rows):
        world.add(
            "contacts", id=str(n), first_name=first, last_name=last, email=email, company_id="f", owner_id="o",
            created_at=NOW, source_object="Lead" if lead else "Contact",
        )  # fmt: skip
    return world


NO_ADDRESSES = (
    *("n/a", "none", "-", "test@test.com", "unknown", "na@na.com", "N/A ", "noemail@acme.example", "none@none.com", "kim.lee"),
    *("unknown@unknown.com", "test@example.com", "a@a.com", "@acme.example", "kim@", "null", "k.A.", "no@no.com", "???"),
    *("noreply@acme.example", "xxxx@xxx.xx", "deleted@deleted.com", "na@gmail.com", "NONE@gmail.com", "no-email@acme.example"),
)  # fmt: skip


@pytest.mark.parametrize("lead", [False, True])
@pytest.mark.parametrize("written", NO_ADDRESSES)
def test_a_placeholder_is_no_address_but_a_gap(written: str, lead: bool) -> None:
    object_ = "leads" if lead else "contacts"
    findings = found(people(("Kim", "Lee", written), ("Jo", "Ray", written), lead=lead))
    assert {f for f in findings if "same" in f} == set()
    assert findings[f"{object_}: no e-mail address"].records == 2
    assert {s.object for s in findings[f"{object_}: no e-mail address"].suspects} == {object_}


@pytest.mark.parametrize(
    "written",
    [
        "na.kim@acme.example",
        "test@acme.example",
        "info@no.example",
        "none.such@acme.example",
        "na@acme.example",
        "no@acme.example",
    ],
)
def test_an_address_that_only_resembles_a_placeholder_is_one(written: str) -> None:
    assert email_key(written) == written


def test_one_address_however_it_is_written() -> None:
    written = (
        "kim@acme.example",
        " KIM@Acme.Example",
        "mailto:kim@acme.example",
        "Kim <kim@acme.example>",
        "ｋｉｍ@acme.example;",
    )
    (group,) = groups(
        found(people(*(("P", f"{n}x", w) for n, w in enumerate(written))))[
            "contacts: the same e-mail address"
        ]
    )
    assert len(group) == len(written)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Jürgen", "Müller"), ("Juergen", "Mueller")),
        (("André", "Groß"), ("ANDRE", "Gross")),
        (("Zoë", "Bär"), ("Zoe", "Baer")),
        (("伟", "王"), (None, "王伟")),
        (("Siobhán", "O’Neil"), ("Siobhan", "O'Neil")),
        (("Li", "Na"), ("LI", "NA")),
    ],
)
def test_one_name_at_one_company(first: tuple[str, str], second: tuple[str | None, str]) -> None:
    (group,) = groups(
        found(people((*first, "a@x.example"), (*second, "b@x.example")))[
            "contacts: the same name at one company"
        ]
    )
    assert group == {"0", "1"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("n/a", "n/a"), ("n/a", "n/a")),
        (("Unknown", "Miller"), ("Unknown", "Miller")),
        (("Kim", "-"), ("Kim", "-")),
        (("Test", "Test"), ("Test", "Test")),
        (("Anna", "Co"), ("Anna", "Se")),
        (("Michael", "Lee"), ("Michal", "Lee")),
        ((None, "Lee"), (None, "Lee")),
    ],
)
def test_names_that_say_too_little_are_no_duplicates(
    first: tuple[str | None, str], second: tuple[str | None, str]
) -> None:
    findings = found(people((*first, "a@x.example"), (*second, "b@x.example")))
    assert not [f for f in findings if "same" in f]
    nothing = first in (("n/a", "n/a"), ("Test", "Test"))
    assert ("contacts: no name" in findings) == nothing


@pytest.mark.parametrize(
    "name", ["n/a", "-", "Unknown", "none", "???", "xxx", "TBD", "Test GmbH", "", None, "无"]
)
def test_companies_without_a_name_are_gaps(name: str | None) -> None:
    findings = found(companies(name, name, "AAA", "3M"))
    assert "companies: the same name" not in findings
    assert [s.record_id for s in findings["companies: no name"].suspects] == ["0", "1"]


def test_a_third_record_is_told_beside_two_of_one_domain() -> None:
    findings = found(companies("Acme", "Acme AG", "ACME", domains=("acme.example", "acme.example", None)))
    assert groups(findings["companies: the same domain"]) == [{"0", "1"}]
    assert groups(findings["companies: the same name"]) == [{"0", "1", "2"}]


@pytest.mark.parametrize(
    ("domains", "told"),
    [
        # Those of two domains are two; without a domain nothing tells them apart.
        (("acme.example", "acme-de.example", None, None), [{"2", "3"}]),
        (("acme.example", "acme-de.example", "gmail.com", "n/a"), [{"2", "3"}]),
        # One without a domain may be of either.
        (("acme.example", "acme-de.example", None), []),
        (("acme.example", "acme.example", "acme-de.example", None, ""), [{"3", "4"}]),
        (("acme.example", None, None), [{"0", "1", "2"}]),
    ],
)
def test_two_domains_of_a_name_hide_no_duplicates_without_a_domain(
    domains: tuple[str | None, ...], told: list[set[str]]
) -> None:
    findings = found(companies(*["Acme Zeppelin"] * len(domains), domains=domains))
    assert groups(findings.get("companies: the same name")) == told


def test_a_gap_does_not_deny_a_duplicate_that_is_told() -> None:
    """Somebody without an address, or a company without a domain, may be told by name."""
    findings = found(people(("Kim", "Lee", None), ("Kim", "Lee", "kim@x.example")))
    assert "0" in {s.record_id for s in findings["contacts: the same name at one company"].suspects}
    gap = findings["contacts: no e-mail address"]
    assert gap.effect == "no step by e-mail, and no duplicate can be found by its address"
    nameless = found(people((None, "-", "a@x.example"), (None, "n/a", "a@x.example")))
    assert nameless["contacts: the same e-mail address"].records == 2
    assert nameless["contacts: no name"].effect == "no duplicate can be found by its name"


def test_a_lead_is_listed_as_a_lead() -> None:
    world = people(("Kim", "Lee", "kim@x.example"), lead=True)
    world.rows["contacts"][0]["created_at"] = NOW + 1
    findings = found(world)
    assert "leads: made after today" in findings and not [f for f in findings if f.startswith("contacts")]
    assert {s.object for f in findings.values() for s in f.suspects} == {"leads"}


@given(st.text(max_size=30))
def test_keys_are_stable(text: str) -> None:
    assert words_of(words_of(text)) == words_of(text)
    assert domain_key(domain_key(text)) == domain_key(text)
    assert email_key(email_key(text)) == email_key(text)
    assert normalised(f"  {text} ") == normalised(text)
