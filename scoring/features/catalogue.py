"""The features of deals, contacts (and leads) and companies, except the customer's own fields.

Numbers of rows are counted in several windows, the time since the last one and whether they grow are kept, so that a
model can tell a burst from a habit; all of them are one reason.
"""

from collections.abc import Iterable
from dataclasses import replace

from sales_consultant.scoring.features.declarations import Entity, Feature, Group, Match, Side, Words

# Days back. Judgements: a burst, a month, a quarter, a year; more windows would say the same again. A trend holds the
# last 30 days against the last 90; what is planned later than in two months is no sign of now.
WINDOWS = (14, 30, 90, 365)
TREND = 30
PLANNED = 60
Family = tuple[Group, list[Feature]]

_NOT_AUTOMATED: Match = (("automated", (False,)),)
_REPLIES: Match = (("type", ("email",)), ("direction", ("inbound",)), *_NOT_AUTOMATED)
_SENT: Match = (("type", ("email",)), ("direction", ("outbound", None)), *_NOT_AUTOMATED)


# What groups tell of together: each is one reason.
THEMES = {
    "interest": (
        "meetings",
        "replies",
        "inbound_calls",
        "web",
        "reply_rate",
        "planned_meeting",
        "campaign_responses",
    ),
    "effort": ("calls", "emails_sent", "planned_task", "campaign_touches"),
    "progress": ("stage", "time_in_stage", "stages_passed", "moved_back", "stages_skipped", "age"),
    "amount": (
        "amount",
        "amount_vs_pipeline",
        "amount_vs_company",
        "amount_vs_products",
        "amount_raised",
        "amount_cut",
        "amount_changed",
        "amount_growth",
    ),
    "close_date": (
        "close_date",
        "close_date_pushed",
        "close_date_pulled",
        "close_date_changed",
        "close_date_moved",
    ),
    "company_history": (
        "company_age",
        "company_won",
        "company_lost",
        "company_win_rate",
        "company_open",
        "purchases",
    ),
}
# What people in sales expect of more of it. Where the data lean the other way by no more than chance, a rep is not told so.
EXPECTED = {
    **dict.fromkeys(THEMES["interest"], 1),
    **dict.fromkeys(("company_won", "company_win_rate", "purchases", "contacts"), 1),
    "company_lost": -1,
}
_THEME_OF = {group: theme for theme, groups in THEMES.items() for group in groups}


def _counted(name: str, source: str, *, side: Side, where: Match, one: str, many: str) -> Family:
    group = Group(name, side, Words("count", one, many, f"no {one} in the last 3 months"))
    counts = [
        Feature(f"{name}_{w}d", source, name, aggregate="count", where=where, window=w) for w in WINDOWS
    ]
    since = Feature(f"{name}_days_since", source, name, aggregate="days_since_last", where=where)
    trend = Feature(f"{name}_trend", source, name, aggregate="trend", where=where, window=TREND)
    return group, [*counts, since, trend]


def _state(name: str, source: str, words: Words, **columns: str) -> Family:
    """Columns of a block that is computed as a whole, each with what it is."""
    return Group(name, "neutral", words), [
        Feature(c, source, name, column=c, says=says) for c, says in columns.items()
    ]


def _number(name: str, feature: Feature, label: str, none: str, side: Side = "neutral") -> Family:
    """One count that is a reason of its own."""
    return Group(name, side, Words("number", label, none=none)), [feature]


def _activities() -> list[Family]:
    source = "activities"

    def counted(name: str, side: Side, where: Match, one: str, many: str) -> Family:
        return _counted(name, source, side=side, where=where, one=one, many=many)

    def planned(name: str, side: Side, where: Match, label: str, none: str) -> Family:
        count = Feature(f"{name}s", source, name, aggregate="planned", where=where, window=PLANNED)
        until = Feature(f"{name}_days_until", source, name, aggregate="days_until_next", where=where)
        return Group(name, side, Words("flag", label, none=none)), [count, until]

    meeting: Match = (("type", ("meeting",)),)
    call: Match = (("type", ("call",)),)
    task: Match = (("type", ("call", "task")),)
    return [
        counted("meetings", "buyer", meeting, "meeting", "meetings"),
        counted("replies", "buyer", _REPLIES, "reply", "replies"),
        counted(
            "inbound_calls",
            "buyer",
            (*call, ("direction", ("inbound",))),
            "call from them",
            "calls from them",
        ),
        counted(
            "web",
            "buyer",
            (("type", ("form", "visit", "chat")),),
            "form, visit or chat",
            "forms, visits and chats",
        ),
        counted(
            "calls", "seller", (*call, ("direction", ("outbound", None))), "call to them", "calls to them"
        ),
        counted("emails_sent", "seller", _SENT, "e-mail sent", "e-mails sent"),
        (
            Group("reply_rate", "buyer", Words("rate", "they answer e-mails", none="no e-mail sent lately")),
            [
                Feature(
                    f"reply_rate_{w}d",
                    source,
                    "reply_rate",
                    aggregate="rate",
                    where=_REPLIES,
                    over=_SENT,
                    window=w,
                )
                for w in (90, 365)
            ],
        ),
        planned("planned_meeting", "buyer", meeting, "a meeting is planned", "no meeting planned"),
        planned("planned_task", "seller", task, "a call or task is planned", "no call or task planned"),
    ]


# By the intent of what people write; absence, a change of job and unsubscribing say nothing of a deal.
_INTERESTED: Match = (("intent", ("ready_to_buy", "wants_meeting", "asks_price")),)
_DOUBTS = ("objection_price", "postponed", "competitor", "churn_threat", "complaint")
_DOUBTING: Match = (("intent", _DOUBTS),)


def _written() -> list[Family]:
    """Only where text is on."""
    wish, doubt = "message with a wish (price, meeting, order)", "message with a doubt (objection, complaint)"
    more = [f"messages{said.removeprefix('message')}" for said in (wish, doubt)]
    return [
        _counted("written_interest", "written", side="buyer", where=_INTERESTED, one=wish, many=more[0]),
        _counted("written_doubt", "written", side="buyer", where=_DOUBTING, one=doubt, many=more[1]),
    ]


def _history(*, of: str, windows: bool = False) -> list[Family]:
    """Earlier deals of the company: won (or bought, on companies in windows), lost, and how they went."""
    won: Match = (("won", (True,)),)
    lost: Match = (("won", (False,)),)

    def count(name: str, where: Match, label: str, none: str) -> Family:
        feature = Feature(name, "company_deals", name, aggregate="count", where=where)
        return _number(name, feature, label, none)

    if windows:
        first = [
            _counted("purchases", "company_deals", side="buyer", where=won, one="purchase", many="purchases")
        ]
    else:
        earlier = count("company_won", won, f"earlier won deals of {of}", f"no earlier won deal of {of}")
        since = Feature(
            "company_won_days_since", "company_deals", "company_won", aggregate="days_since_last", where=won
        )
        first = [(earlier[0], [*earlier[1], since])]
    rate = Feature("company_win_rate", "company_deals", "company_win_rate", aggregate="rate", where=won)
    return [
        *first,
        count("company_lost", lost, f"earlier lost deals of {of}", f"no earlier lost deal of {of}"),
        (
            Group(
                "company_win_rate",
                "neutral",
                Words("rate", "deals with them are won", none="no earlier deal"),
            ),
            [rate],
        ),
        _state(
            "company_open",
            "company_open",
            Words("number", f"other open deals of {of}", none=f"no other open deal of {of}"),
            company_open="other deals of the company that were open",
        ),
    ]


def _campaigns() -> list[Family]:
    responses, touches = "campaign_responses", "campaign_touches"
    return [
        _counted(
            responses, responses, side="buyer", where=(), one="campaign response", many="campaign responses"
        ),
        _counted(touches, touches, side="seller", where=(), one="campaign sent", many="campaigns sent"),
    ]


def _ages(label: str, *, company: bool = True) -> list[Family]:
    age = _state("age", "members", Words("duration", label), age_days="days since the record was made")
    known = Words("duration", "company known for")
    of = _state("company_age", "members", known, company_age_days="days since the company was made")
    return [age, of] if company else [age]


def _changes() -> list[Family]:
    """How amount and close date were changed: number, direction, how far, how long ago."""

    def count(name: str, source: str, up: bool, label: str, none: str, window: int | None = None) -> Family:
        where: Match = (("up", (up,)),)
        features = [Feature(name, source, name, aggregate="count", where=where)]
        if window:
            recent = Feature(f"{name}_{window}d", source, name, aggregate="count", where=where, window=window)
            features.append(recent)
        return Group(name, "neutral", Words("number", label, none=none)), features

    def since(name: str, source: str, label: str, none: str) -> Family:
        feature = Feature(f"{name}_days_since", source, name, aggregate="days_since_last")
        return Group(name, "neutral", Words("duration", label, none=none)), [feature]

    amounts, dates = "amount_changes", "close_date_changes"
    return [
        count("amount_raised", amounts, True, "times the amount was raised", "amount never raised"),
        count("amount_cut", amounts, False, "times the amount was cut", "amount never cut"),
        since("amount_changed", amounts, "amount unchanged for", "amount never changed"),
        _state(
            "amount_growth",
            "deal_path",
            Words("ratio", "amount against the first one", none="no amount"),
            amount_growth="amount over the first amount",
        ),
        count(
            "close_date_pushed",
            dates,
            True,
            "times the close date was pushed back",
            "close date never pushed back",
            30,
        ),
        count(
            "close_date_pulled",
            dates,
            False,
            "times the close date was brought forward",
            "close date never brought forward",
        ),
        since("close_date_changed", dates, "close date unchanged for", "close date never changed"),
        _state(
            "close_date_moved",
            "deal_path",
            Words("number", "days the close date has moved", none="close date as it was first"),
            close_date_moved_days="days from the first close date to the present one",
        ),
    ]


def _path() -> list[Family]:
    return [
        _state(
            "stage",
            "deal_state",
            Words("category", "stage"),
            stage="stage",
            stage_order="the stage's place in its pipeline",
        ),
        _state(
            "time_in_stage",
            "deal_state",
            Words("duration", "in this stage for"),
            days_in_stage="days since the deal came to its stage",
            stage_slowness="the same over the median stay of the pipeline's deals in that stage",
        ),
        _state(
            "stages_passed",
            "deal_path",
            Words("number", "stages passed", none="still in its first stage"),
            stages_passed="open stages the deal was in before",
        ),
        _state(
            "moved_back",
            "deal_path",
            Words("number", "times moved back a stage", none="never moved back a stage"),
            moved_back="moves to an earlier stage",
        ),
        _state(
            "stages_skipped",
            "deal_path",
            Words("number", "stages skipped", none="no stage skipped"),
            stages_skipped="open stages jumped over",
        ),
    ]


def _usual(name: str, label: str, says: str) -> Family:
    words = Words("ratio", label, none=f"{label}: nothing to compare")
    return _state(name, "amount_habits", words, **{name: says})


def _deals() -> list[Family]:
    contacts = [
        Feature("contacts", "deal_contacts", "contacts", aggregate="count"),
        Feature("contacts_30d", "deal_contacts", "contacts", aggregate="count", window=30),
    ]
    age, company_age = _ages("open for")
    slow = Feature(
        "age_slowness",
        "deal_path",
        "age",
        column="age_slowness",
        says="age over the median cycle of the pipeline's won deals",
    )
    return [
        *_activities(),
        *_path(),
        _state("amount", "deal_state", Words("amount", "amount", none="no amount"), amount="amount"),
        _usual(
            "amount_vs_pipeline", "amount against the pipeline's", "amount over the pipeline's median won"
        ),
        _usual("amount_vs_company", "amount against the company's", "amount over the company's median won"),
        _usual(
            "amount_vs_products",
            "amount against the products'",
            "line items over the sum of their products' median in deals won",
        ),
        _state(
            "close_date",
            "deal_state",
            Words("until", "close date", none="no close date"),
            days_to_close_date="days until the close date",
            close_date_passed="whether it has passed",
        ),
        (age[0], [*age[1], slow]),
        company_age,
        *_changes(),
        (
            Group(
                "contacts", "neutral", Words("number", "contacts on the deal", none="no contact on the deal")
            ),
            contacts,
        ),
        *_history(of="the company"),
        *_campaigns(),
    ]


def _contacts() -> list[Family]:
    return [*_activities(), *_ages("known for"), *_history(of="the company"), *_campaigns()]


def _companies() -> list[Family]:
    return [
        *_activities(),
        *_ages("known for", company=False),
        *_history(of="the company", windows=True),
        *_campaigns(),
    ]


def standard(entity: Entity, *, seller: bool, written: bool = False) -> tuple[list[Group], list[Feature]]:
    """The declared features of an entity; without the seller's own doings where `seller` is false.

    `written`: with those of what people wrote, which is known only where text is on.
    """
    families = {"deals": _deals, "contacts": _contacts, "companies": _companies}[entity]()
    families += _written() if written else []
    kept = [(group, features) for group, features in families if seller or group.side != "seller"]
    groups = [replace(group, theme=_THEME_OF.get(group.name, "")) for group, _ in kept]
    return groups, [feature for _, features in kept for feature in features]


def meanings(features: Iterable[Feature]) -> dict[str, tuple[str, int, int, bool]]:
    """Of each counted column: its group, whether more of it is more of that (1) or less (-1), what is expected of more, and
    whether a gap means that there is none."""
    less = ("days_since_last", "days_until_next")
    return {
        f.name: (
            f.group,
            -1 if f.aggregate in less else 1,
            EXPECTED.get(f.group, 0),
            f.aggregate not in ("count", "planned"),
        )
        for f in features
        if f.aggregate != "state"
    }
