"""Which texts that we wrote are in another language than the connection's, so that a change of the language reaches each.

Texts name products, stages and people as the CRM spells them, in whatever script: their language cannot be told from their
letters. It is told from when they were written. The state keeps since when the connection has which language, and the journal
when each text was written; a text that a pilot, a hold or a dead letter left out is so found later as well.
"""

import json
from bisect import bisect_right
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.language.translation import LANGUAGES, Language, translate
from sales_consultant.config.records import RecordRef
from sales_consultant.scoring.propensity import ELSE
from sales_consultant.sync.stores.state import State, written

_KEY = "texts_language"
_UNKNOWN = ""
TEXTS = ("next_step", "next_step_reason", "top_reason", "reasons", "recommended_product_why")
"""The fields whose values are words of ours."""

_Shown = Mapping[str, Canonical]


def to_renew(
    state: State, language: Language, shown: Mapping[RecordRef, _Shown], scored: Collection[RecordRef]
) -> dict[RecordRef, frozenset[str]]:
    """The fields of each scored record that hold a text of ours in another language, or in one that is not known.

    Keeps in the state from when on the connection has this language. `shown` is what records hold.
    """
    periods = _periods(state)
    if not periods:
        # Of texts of a release that did not keep their language.
        reasons = (shown[k].get("reasons") for k in scored if k in shown)
        mixed = any(_language_of(r) not in (_UNKNOWN, language) for r in reasons)
        periods = [(0, _UNKNOWN if mixed else language)]
        state.put(_KEY, json.dumps(periods))
    if periods[-1][1] != language:
        periods.append((_after_all(state), language))
        state.put(_KEY, json.dumps(periods))
    return _written_in_others(state, periods, scored) if len(periods) > 1 else {}


def restored(state: State) -> None:
    """What is written from now on until the next plan are texts of before: their language is not known.

    Where the connection always had one language, theirs is known.
    """
    periods = _periods(state)
    if len(periods) > 1:
        state.put(_KEY, json.dumps([*periods, (_after_all(state), _UNKNOWN)]))


def _periods(state: State) -> list[tuple[int, str]]:
    """The moments (ms, of the journal) at which a language began, in their order."""
    return [(int(since), str(language)) for since, language in json.loads(state.get(_KEY) or "[]")]


def _after_all(state: State) -> int:
    """A moment that is later than every write."""
    ((newest,),) = [tuple(r.values()) for r in state.rows(sa.select(sa.func.max(written.c.at)))]
    return int(newest or 0) + 1


def _written_in_others(
    state: State, periods: list[tuple[int, str]], scored: Collection[RecordRef]
) -> dict[RecordRef, frozenset[str]]:
    since, language = periods[-1]
    begun = [moment for moment, _ in periods]
    query = sa.select(written.c.object, written.c.record_id, written.c.field, written.c.at).where(
        written.c.at < since, written.c.field.in_(TEXTS), written.c.value.is_not(None)
    )
    found: dict[RecordRef, frozenset[str]] = {}
    with state.begin() as c:
        for obj, record_id, name, at in c.execution_options(yield_per=10_000).execute(query):
            key = RecordRef(obj, record_id)
            if key in scored and periods[bisect_right(begun, at) - 1][1] != language:
                found[key] = found.get(key, frozenset()) | {name}
    return found


def _language_of(reasons: Canonical) -> str:
    """The language of reasons that end in "everything else"; empty where they do not.

    >>> _language_of("Industry: 机械: +2\\neverything else: +1"), _language_of("其他所有因素：+1"), _language_of("A: +1")
    ('en', 'zh', '')
    """
    end = (reasons or "").rpartition("\n")[2]
    return next((lang for lang in LANGUAGES if end.startswith(translate(ELSE, lang))), _UNKNOWN)
