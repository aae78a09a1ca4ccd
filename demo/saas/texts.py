"""Invented texts for the activities of the saas company: e-mails, and the notes of reps on calls and meetings.

The simulation says that somebody wrote or was called, and never what was said. What was said is made here, from templates
of ours (`text_templates`), by a hash of the activity's id: nobody wrote any of it, and the demo says so. What is tied to what:

- Who writes is the simulation's: in an inbound e-mail the contact, in an outbound one the rep; notes are the rep's.
- Which templates there are to choose from hangs on what the CRM knew at that moment: a lead, a deal before its offer, a
  deal with an offer, a customer, a lost deal (`Phase`). Whether somebody wants something, and what, is then drawn by the
  hash. It hangs neither on how the deal ends nor on anything later. So the texts tell of a deal no more than its stage
  does, and a later activity may not fit what a text announced (who wrote that they leave may write again).
- The note on a call of ours fits the outcome that the simulation gave the call. The outcome of an e-mail or a meeting
  says nothing in the simulation, and nothing here.
- A reply quotes the last message that the rep really sent before it, if there was one.

The simulation has no notes of their own, so there are none. All companies are in the United Kingdom or the United States:
Chinese is written with the few people whose name is in Chinese characters. Notes of reps are in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

from sales_consultant.demo.company import names, unit
from sales_consultant.demo.saas import text_templates
from sales_consultant.demo.saas.text_templates import ENGLISH, Templates
from sales_consultant.demo.saas.text_templates_zh import CHINESE

Phase = Literal["lead", "early", "late", "customer", "lost"]
Text = tuple[str, str | None]
"""Subject and body."""
T = TypeVar("T")

# Of a hundred messages of a phase so many show an intent; the rest shows none. Invented, as no source gives them.
SHARES: Mapping[Phase, Mapping[str, int]] = {
    "lead": {
        "asks_price": 10, "wants_meeting": 8, "postponed": 4, "out_of_office": 4, "competitor": 3, "unsubscribe": 2,
        "changed_job": 1,
    },
    "early": {
        "asks_price": 8, "wants_meeting": 6, "postponed": 5, "competitor": 5, "out_of_office": 4, "changed_job": 1,
    },
    "late": {
        "ready_to_buy": 8, "objection_price": 8, "competitor": 5, "postponed": 5, "wants_meeting": 4, "asks_price": 3,
        "out_of_office": 3, "changed_job": 1,
    },
    "customer": {
        "complaint": 10, "churn_threat": 6, "asks_price": 5, "wants_meeting": 4, "out_of_office": 4, "changed_job": 1,
    },
    "lost": {"out_of_office": 4, "postponed": 4, "unsubscribe": 3},
}  # fmt: skip
# In a talk fewer say what they want than in a message of their own. Invented as well.
IN_MEETING, IN_OUR_CALL = 0.25, 0.15
REPLIES, SIGNED, WITH_DISCLAIMER = 0.6, 0.5, 0.3


@dataclass(frozen=True)
class Who:
    """The two who write to each other: names, addresses, the contact's company and title."""

    contact: names.Person
    contact_address: str
    title: str
    company: str
    rep: names.Person
    rep_address: str

    @property
    def chinese(self) -> bool:
        """Whether the contact's first name is in Chinese characters."""
        return any("\u4e00" <= sign <= "\u9fff" for sign in self.contact.first)


@dataclass(frozen=True)
class Sent:
    """A message of the rep that a reply can quote: when (seconds since 1970), subject, text."""

    at: int
    subject: str
    text: str


def intent_of(id: str, phase: Phase, factor: float = 1.0) -> str | None:
    """Which intent a message shows, drawn by its id; None for most. `factor` thins out the shares of SHARES.

    >>> intent_of("touch_000000", "lead", 0.0) is None
    True
    """
    left = unit("intent", id) * 100
    for intent, share in SHARES[phase].items():
        left -= share * factor
        if left < 0:
            return intent
    return None


def outbound(id: str, phase: Phase, who: Who) -> Text:
    """An e-mail of the rep."""
    subject, core = _pick(_words(who).outbound[phase], "outbound", id)
    return subject.format(company=who.company), _letter(id, core, who, of_contact=False)


def inbound(id: str, phase: Phase, who: Who, last: Sent | None) -> Text:
    """An e-mail of the contact; `last` is what the rep sent last, None where nothing."""
    words, intent = _words(who), intent_of(id, phase)
    said = words.neutral[phase] if intent is None else words.mails[intent]
    subject = _pick(words.subjects, "subject", id).format(company=who.company)
    if last is not None and unit("reply", id) < REPLIES:
        subject, quoted = words.answered.format(subject=last.subject), _quoted(words, last, who)
    else:
        quoted = ""
    if intent == "out_of_office":
        core = _pick(said, "said", id).format(company=who.company)
        return words.away.format(subject=last.subject if last else subject), core
    return subject, _letter(id, _pick(said, "said", id), who, of_contact=True) + quoted


def call(id: str, phase: Phase, who: Who, outcome: str | None, *, came_in: bool) -> str:
    """The rep's note on a call."""
    if came_in:
        return _note(id, phase, who, 1.0, text_templates.CALLED)
    if outcome in ("left_voicemail", "no_answer", "meeting_set"):
        return _pick(text_templates.CALLS[outcome], "note", id)
    return _note(id, phase, who, IN_OUR_CALL, text_templates.CALLS[""])


def meeting(id: str, phase: Phase, who: Who, *, demo: bool) -> str:
    """The rep's note on a meeting or a product demo."""
    return _note(id, phase, who, IN_MEETING, text_templates.MEETINGS["demo" if demo else "meeting"])


def _note(id: str, phase: Phase, who: Who, factor: float, neutral: tuple[str, ...]) -> str:
    intent = intent_of(id, phase, factor)
    said = text_templates.NOTES.get(intent or "", neutral)
    return _pick(said, "note", id).format(company=who.company)


def _words(who: Who) -> Templates:
    return CHINESE if who.chinese else ENGLISH


def _pick(choices: tuple[T, ...], *of: str) -> T:
    return choices[names.number(*of) % len(choices)]


def _letter(id: str, core: str, who: Who, *, of_contact: bool) -> str:
    """Greeting, text, closing; of some writers a signature, of some companies a disclaimer."""
    words = _words(who)
    writer, reader = (who.contact, who.rep) if of_contact else (who.rep, who.contact)
    parts = [
        _pick(words.greetings, "greeting", id).format(to=reader.first),
        core.format(company=who.company),
        f"{_pick(words.closings, 'closing', id)}\n{writer.first}",
    ]
    writer_id = who.contact_address if of_contact else who.rep_address
    if unit("signed", writer_id) < SIGNED:
        place = f"{who.title}, {who.company}" if of_contact else "Veridian Procure"
        parts.append(f"-- \n{writer.first} {writer.last}\n{place}\n{writer_id}")
    if of_contact and unit("disclaimer", who.company) < WITH_DISCLAIMER:
        parts.append(words.disclaimer)
    return "\n\n".join(parts)


def _quoted(words: Templates, last: Sent, who: Who) -> str:
    day = datetime.fromtimestamp(last.at, UTC)
    shown = f"{day:%Y-%m-%d %H:%M}" if who.chinese else f"{day:%a, %d %b %Y at %H:%M}"
    head = words.quoted.format(day=shown, name=f"{who.rep.first} {who.rep.last}", address=who.rep_address)
    lines = "\n".join(f"> {line}".rstrip() for line in last.text.split("\n"))
    return f"\n\n{head}\n{lines}"
