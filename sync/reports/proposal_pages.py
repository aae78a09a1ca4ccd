"""An account proposal and its review as pages: sections first, which Markdown, HTML and the terminal are made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sales_consultant.config.language.numbers import percent
from sales_consultant.config.language.translation import Language
from sales_consultant.config.pages import page
from sales_consultant.sync.reports.proposal_texts import activity, option, text
from sales_consultant.sync.reports.risks import day_in, say
from sales_consultant.sync.results import (
    AccountProposal,
    DealOutcome,
    ProposalReview,
    ProposedPrice,
    ProposedProduct,
    ProposedStep,
    Risk,
)

TEMPLATE = "proposal.html"
_OF_A_DEAL = (
    "stale", "close_date_passed", "slow_stage", "pushed_back", "moved_back", "amount_cut", "no_activity", "no_contact",
    "one_contact",
)  # fmt: skip
# What Markdown or HTML would act on.
_MARKS = re.compile(r"([\\`*_\[\]<>|#~&!])")
_LIST = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")


@dataclass(frozen=True)
class Section:
    """A heading with points, and rows under a header: plain text, to be escaped by who shows it."""

    heading: str
    points: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Document:
    """A page: its language, title, a line below, sections, and a closing note or none."""

    language: Language
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    note: str


def of_proposal(p: AccountProposal, language: Language | None = None) -> Document:
    """The page of a proposal, in its own language or another one."""
    lang = language or p.language
    days = {"day": _day(p.as_of, lang), "review": _day(p.review_at, lang)}
    sections = (
        Section(text("goal", lang), tuple(text(code, lang, name=name) for code, name in p.goals)),
        _situation(p, lang),
        _deals(p, lang),
        _products(p, lang),
        _prices(p, lang),
        _steps(p, lang),
        Section(text("risks", lang), tuple(_risk(r, lang) for r in p.risks) or (text("no_risks", lang),)),
        Section(text("judged", lang), _judged(p, lang)),
    )
    owner = p.owner or text("nobody", lang)
    document = Document(
        lang,
        text("title", lang, company=p.company),
        text("subtitle", lang, owner=owner, **days),
        tuple(s for s in sections if s.points or s.rows),
        text("note", lang) if p.products else "",
    )
    return _printable(document)


def of_review(r: ProposalReview, language: Language | None = None) -> Document:
    """The page of a review."""
    lang = language or r.proposal.language
    p = r.proposal
    early = "" if r.due else text("review_early", lang, review=_day(p.review_at, lang))
    steps = [(_step(o.step, lang), _iso_day(o.step.due, lang), text(f"o_{o.outcome}", lang)) for o in r.steps]
    header = tuple(text(k, lang) for k in ("step", "due", "outcome"))
    rows = [(d.deal.name, _deal_outcome(d, lang)) for d in r.deals]
    rows += [
        (
            b.name,
            text("bought_on", lang, day=day_in(b.bought, lang)) if b.bought else text("not_bought", lang),
        )
        for b in r.products
    ]
    won = [text("revenue_of", lang, deals=n, amount=_money(a, c)) for c, n, a in r.purchases]
    rows.append((text("won_since", lang), "; ".join(won) or text("nothing_won", lang)))
    done = [f"{activity(kind, way, lang)}: {n}" for kind, way, n in r.activities]
    rows.append((text("activities", lang), "; ".join(done) or text("no_activities", lang)))
    changed = [(text(k, lang), _shown(k, old, p, lang), _shown(k, new, p, lang)) for k, old, new in r.changed]
    sections = (
        Section(text("done", lang), () if steps else (text("no_steps", lang),), header, tuple(steps)),
        Section(text("happened", lang), (), (text("what", lang), text("outcome", lang)), tuple(rows)),
        Section(
            text("situation", lang), (), tuple(text(k, lang) for k in ("what", "then", "now")), tuple(changed)
        ),
    )
    document = Document(
        lang,
        text("review_title", lang, company=p.company),
        text("review_subtitle", lang, day=_day(p.as_of, lang), now=_day(r.as_of, lang), due=early),
        tuple(s for s in sections if s.points or s.rows),
        text("review_note", lang),
    )
    return _printable(document)


def markdown(document: Document) -> str:
    """The page as Markdown; whatever the CRM spells stands there as text."""
    lines = [f"# {_escaped(document.title)}", "", _escaped(document.subtitle), ""]
    for section in document.sections:
        lines += [f"## {_escaped(section.heading)}", ""]
        lines += [f"- {_escaped(point)}" for point in section.points]
        lines += [""] if section.points else []
        if section.rows:
            lines += [_row(section.header), _row(["---"] * len(section.header))]
            lines += [_row([_escaped(cell) for cell in row]) for row in section.rows] + [""]
    lines += [f"*{_escaped(document.note)}*", ""] if document.note else []
    return "\n".join(lines)


def html(document: Document) -> str:
    """The page as HTML, made for a screen and for two sheets of paper."""
    return page(TEMPLATE, document=document)


def _printable(document: Document) -> Document:
    """The page without control characters and overrides of the direction, whoever spelled them."""

    def clean(plain: str) -> str:
        return " ".join("".join(c if c.isprintable() else " " for c in plain).split())

    def cleaned(section: Section) -> Section:
        rows = tuple(tuple(map(clean, row)) for row in section.rows)
        return replace(section, points=tuple(map(clean, section.points)), rows=rows)

    return replace(
        document,
        title=clean(document.title),
        subtitle=clean(document.subtitle),
        sections=tuple(map(cleaned, document.sections)),
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(plain: str) -> str:
    return _LIST.sub(r"\1\\\2\3", _MARKS.sub(r"\\\1", plain))


def _day(ms: int, language: Language) -> str:
    return day_in(_iso(ms), language)


def _iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"


def _iso_day(iso_day: str | None, language: Language) -> str:
    return text("nothing", language) if not iso_day else day_in(iso_day, language)


def _money(amount: float | None, currency: str, digits: int = 0) -> str:
    return "–" if amount is None else f"{amount:,.{digits}f} {currency}".strip()


def _shown(key: str, value: str | None, p: AccountProposal, language: Language) -> str:
    """A value of one of our fields as people read it."""
    if value is None:
        return text("nothing", language)
    if key in ("lifecycle", "segment"):
        return option(value, language)
    if key == "value_12m":
        return _money(float(value), p.currency)
    return percent(float(value) / 100) if key == "churn_risk" else value


def _situation(p: AccountProposal, lang: Language) -> Section:
    s = p.situation
    rows = [
        (text(k, lang), _shown(k, v, p, lang)) for k, v in s.shown.items() if v and k != "recommended_product"
    ]
    rows += [
        (text("revenue", lang, year=year), text("revenue_of", lang, deals=n, amount=_money(amount, currency)))
        for year, n, amount, currency in s.revenue
    ]
    if s.last_purchase:
        rows.append((text("last_purchase", lang), day_in(s.last_purchase, lang)))
    if s.products:
        rows.append((text("owned", lang), "; ".join(s.products)))
    if s.people:
        rows.append((text("people", lang), "; ".join(_person(*one, lang) for one in s.people)))
    if s.last_activity:
        rows.append((text("last_activity", lang), day_in(s.last_activity, lang)))
    points = () if s.revenue else (text("no_deal_won", lang),)
    return Section(text("situation", lang), points, ("", ""), tuple(rows))


def _person(name: str, title: str, last: str | None, lang: Language) -> str:
    titled = text("title_of", lang, title=title) if title else ""
    return text(
        "person", lang, name=name, title=titled, day=day_in(last, lang) if last else text("never", lang)
    )


def _deals(p: AccountProposal, lang: Language) -> Section:
    header = tuple(text(k, lang) for k in ("deal", "stage", "amount", "closes", "grade"))
    rows = tuple(
        (
            d.name,
            d.stage,
            _money(d.amount, d.currency),
            _iso_day(d.closes, lang),
            d.grade or text("nothing", lang),
        )
        for d in p.situation.deals
    )
    return Section(text("open_deals", lang), (), header, rows)


def _products(p: AccountProposal, lang: Language) -> Section:
    if not p.products:
        return Section(text("products", lang), (text(p.no_product, lang),))
    rows = tuple((o.name, _why(o, lang)) for o in p.products)
    return Section(text("products", lang), (), (text("product", lang), text("why", lang)), rows)


def _why(o: ProposedProduct, lang: Language) -> str:
    kind = "popular" if o.anchor is None else "both" if o.within_days is None else "within"
    months = 0 if o.within_days is None else round(o.within_days / 30.4)
    return text(f"why_{kind}", lang, n=f"{o.bought:,}", of=f"{o.of:,}", anchor=o.anchor or "", months=months)


def _prices(p: AccountProposal, lang: Language) -> Section:
    header = tuple(text(k, lang) for k in ("product", "list_price", "paid", "discount", "deals_of"))
    return Section(
        text("prices", lang), (), header, tuple((o.name, *_price(o.price, lang)) for o in p.products)
    )


def _price(price: ProposedPrice, lang: Language) -> tuple[str, str, str, str]:
    if price.list_price is None:
        nothing = text("nothing", lang)
        return text("no_price", lang), nothing, nothing, nothing
    listed = _money(price.list_price, price.currency, 2)
    if price.discounts is None or price.prices is None:
        return listed, text("too_few", lang), text("too_few", lang), f"{price.lines:,}"
    low, _, high = price.prices
    cheap, _, dear = price.discounts
    which = (
        "both"
        if price.band and price.segment
        else "band"
        if price.band
        else "segment"
        if price.segment
        else "all"
    )
    band = text(price.band, lang) if price.band else ""
    of = text(f"of_{which}", lang, lines=f"{price.lines:,}", band=band, segment=option(price.segment, lang))
    paid = text("range", lang, low=f"{low:,.2f}", high=_money(high, price.currency, 2))
    return listed, paid, text("range", lang, low=percent(cheap), high=percent(dear)), of


def _steps(p: AccountProposal, lang: Language) -> Section:
    if not p.steps:
        return Section(text("steps", lang), (text("no_steps", lang),))
    rows = tuple(
        (_iso_day(s.due, lang), _step(s, lang), s.record or p.company, _step_why(s, p, lang)) for s in p.steps
    )
    return Section(
        text("steps", lang), (), tuple(text(k, lang) for k in ("due", "step", "record", "why")), rows
    )


def _step(s: ProposedStep, lang: Language) -> str:
    return text("offer", lang, name=s.text) if s.code == "offer" else s.text


def _step_why(s: ProposedStep, p: AccountProposal, lang: Language) -> str:
    """Why this step: as the CRM shows it, and of an offer what speaks for the product."""
    return next((_why(o, lang) for o in p.products if s.code == "offer" and o.id == s.id), s.why)


def _risk(risk: Risk, lang: Language) -> str:
    said = say(risk, lang)
    return text("on_deal", lang, name=risk.name, risk=said) if risk.code in _OF_A_DEAL and risk.name else said


def _judged(p: AccountProposal, lang: Language) -> tuple[str, ...]:
    lines = [
        text("judged_deal", lang, name=d.name, stage=d.stage)
        if d.stage
        else text("judged_deal_no_stage", lang, name=d.name)
        for d in p.situation.deals[:2]
    ]
    lines += [text("judged_product", lang, name=o.name) for o in p.products[:1]]
    if any(s.code == "shown" for s in p.steps):
        lines.append(text("judged_steps", lang))
    lines.append(text("judged_touch", lang))
    lines.append(text("judged_when", lang, day=_day(p.review_at, lang), id=p.id))
    return tuple(lines)


def _deal_outcome(d: DealOutcome, lang: Language) -> str:
    day = day_in(d.closed, lang) if d.closed else text("nothing", lang)
    return text(f"o_{d.outcome}", lang, day=day, stage=d.stage)
