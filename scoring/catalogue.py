"""The features of deals, contacts (and leads) and companies, except the customer's own fields.

Numbers of rows are counted in three windows and the time since the last one is kept, so that a model can
tell a burst from a habit; all of them are one reason.
"""

from typing import TypeAlias

from sales_consultant.scoring.declare import Entity, Feature, Group, Side, Words

WINDOWS = (14, 30, 90)

Match: TypeAlias = tuple[tuple[str, tuple[str | bool | None, ...]], ...]

_NOT_AUTOMATED: Match = (("automated", (False,)),)


def _counted(
    name: str, source: str, *, side: Side, where: Match, one: str, many: str
) -> tuple[Group, list[Feature]]:
    group = Group(name, side, Words("count", one, many, f"no {one} in the last 3 months"))
    counts = [
        Feature(f"{name}_{w}d", source, name, aggregate="count", where=where, window=w) for w in WINDOWS
    ]
    since = Feature(f"{name}_days_since", source, name, aggregate="days_since_last", where=where)
    return group, [*counts, since]


def _activities() -> list[tuple[Group, list[Feature]]]:
    source = "activities"
    planned = Group(
        "planned_meeting", "buyer", Words("flag", "a meeting is planned", none="no meeting planned")
    )
    return [
        _counted(
            "meetings", source, side="buyer", where=(("type", ("meeting",)),), one="meeting", many="meetings"
        ),
        _counted(
            "replies",
            source,
            side="buyer",
            where=(("type", ("email",)), ("direction", ("inbound",)), *_NOT_AUTOMATED),
            one="reply",
            many="replies",
        ),
        _counted(
            "inbound_calls",
            source,
            side="buyer",
            where=(("type", ("call",)), ("direction", ("inbound",))),
            one="call from them",
            many="calls from them",
        ),
        _counted(
            "web",
            source,
            side="buyer",
            where=(("type", ("form", "visit", "chat")),),
            one="form, visit or chat",
            many="forms, visits and chats",
        ),
        _counted(
            "calls",
            source,
            side="seller",
            where=(("type", ("call",)), ("direction", ("outbound", None))),
            one="call to them",
            many="calls to them",
        ),
        _counted(
            "emails_sent",
            source,
            side="seller",
            where=(("type", ("email",)), ("direction", ("outbound", None)), *_NOT_AUTOMATED),
            one="e-mail sent",
            many="e-mails sent",
        ),
        (
            planned,
            [
                Feature(
                    "planned_meetings",
                    source,
                    "planned_meeting",
                    aggregate="planned",
                    where=(("type", ("meeting",)),),
                    window=60,
                )
            ],
        ),
    ]


def _state(name: str, source: str, words: Words, *columns: str) -> tuple[Group, list[Feature]]:
    return Group(name, "neutral", words), [Feature(c, source, name, column=c) for c in (columns or (name,))]


def _company_deals(key: str) -> list[tuple[Group, list[Feature]]]:
    out = []
    for name, won, one, many in (
        ("company_won", True, "won deal of the company", "won deals of the company"),
        ("company_lost", False, "lost deal of the company", "lost deals of the company"),
    ):
        words = Words("number", f"earlier {many}", none=f"no earlier {one}")
        feature = Feature(name, key, name, aggregate="count", where=(("won", (won,)),))
        out.append((Group(name, "neutral", words), [feature]))
    return out


def _campaigns() -> tuple[Group, list[Feature]]:
    return _counted(
        "campaign_responses",
        "campaign_responses",
        side="buyer",
        where=(),
        one="campaign response",
        many="campaign responses",
    )


def _deals() -> list[tuple[Group, list[Feature]]]:
    def count(name: str, source: str, where: Match, label: str, none: str) -> tuple[Group, list[Feature]]:
        feature = Feature(name, source, name, aggregate="count", where=where)
        return Group(name, "neutral", Words("number", label, none=none)), [feature]

    return [
        *_activities(),
        _state("stage", "deal_state", Words("category", "stage"), "stage", "stage_order"),
        _state(
            "time_in_stage",
            "deal_state",
            Words("duration", "in this stage for"),
            "days_in_stage",
            "stage_slowness",
        ),
        _state("amount", "deal_state", Words("amount", "amount", none="no amount")),
        _state(
            "close_date",
            "deal_state",
            Words("until", "close date", none="no close date"),
            "days_to_close_date",
            "close_date_passed",
        ),
        _state("age", "members", Words("duration", "open for"), "age_days"),
        _state("company_age", "members", Words("duration", "company known for"), "company_age_days"),
        count(
            "amount_raised",
            "amount_changes",
            (("up", (True,)),),
            "times the amount was raised",
            "amount never raised",
        ),
        count(
            "amount_cut",
            "amount_changes",
            (("up", (False,)),),
            "times the amount was cut",
            "amount never cut",
        ),
        count(
            "close_date_pushed",
            "close_date_changes",
            (("up", (True,)),),
            "times the close date was pushed back",
            "close date never pushed back",
        ),
        count("contacts", "deal_contacts", (), "contacts on the deal", "no contact on the deal"),
        *_company_deals("company_deals"),
        _campaigns(),
    ]


def _contacts() -> list[tuple[Group, list[Feature]]]:
    touches = _counted(
        "campaign_touches",
        "campaign_touches",
        side="seller",
        where=(),
        one="campaign sent",
        many="campaigns sent",
    )
    return [
        *_activities(),
        _state("age", "members", Words("duration", "known for"), "age_days"),
        _state("company_age", "members", Words("duration", "company known for"), "company_age_days"),
        *_company_deals("company_deals"),
        _campaigns(),
        touches,
    ]


def _companies() -> list[tuple[Group, list[Feature]]]:
    purchases = _counted(
        "purchases",
        "company_deals",
        side="buyer",
        where=(("won", (True,)),),
        one="purchase",
        many="purchases",
    )
    return [
        *_activities(),
        _state("age", "members", Words("duration", "known for"), "age_days"),
        purchases,
        _company_deals("company_deals")[1],
    ]


def standard(entity: Entity, *, seller: bool) -> tuple[list[Group], list[Feature]]:
    """The declared features of an entity; without the seller's own doings where `seller` is false."""
    families = {"deals": _deals, "contacts": _contacts, "companies": _companies}[entity]()
    kept = [(group, features) for group, features in families if seller or group.side != "seller"]
    return [group for group, _ in kept], [feature for _, features in kept for feature in features]
