"""What an admin does to the CRM: make our fields and what goes with them, look at what uses them, take them away."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields import catalogue
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.language.texts import cut
from sales_consultant.config.language.translation import Language, translator
from sales_consultant.config.populations import DEFAULT_HORIZON_DAYS, Population
from sales_consultant.config.sections import Connection
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import TASKS, ProvisionStep, Reader
from sales_consultant.connectors.http import LostAnswerError
from sales_consultant.sync.results import Provisioned, Removal, Removed
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.setup import own_tasks, shown
from sales_consultant.sync.stores import dead_letters, exposures, waits, written

_EVENTS = {
    "won": "won",
    "converted": "converted",
    "converted_with_deal": "converted with a deal",
    "deal_opened": "a deal opened",
    "new_business_won": "a new-business deal won",
    "next_purchase": "the next purchase",
}
# Of a population: its event, and its horizon where it has one.
WITHIN = "{name}: {event} within {days} days"
EVER = "{name}: {event}"
# Between what a field means and the events, between two of these, and at the end.
JOINTS = (" {events}.", "; ")
MESSAGES = (*_EVENTS.values(), WITHIN, EVER, *JOINTS)
_SCORES = ("score", "grade", "probability")
# HubSpot and Salesforce show help in a bubble: what does not fit there helps nobody. A judgement, below the 510 letters
# that Salesforce takes.
_HELP = 400


@contextlib.contextmanager
def _lost_answers_end_it() -> Iterator[None]:
    """A lost answer ends the command and harms nothing: what was made or removed is seen by the next one."""
    try:
        yield
    except LostAnswerError as e:
        raise CrmUnavailableError(
            "The CRM's answer was lost on the way.",
            action="Run the command again: it goes on where this one ended.",
        ) from e


@dataclass(frozen=True)
class ProvisionOptions:
    """What else than the fields is asked of a provision."""

    people: Sequence[str] = ()
    list_view: bool = False
    reader_token: str = ""


def explained(
    fields: Mapping[str, Sequence[Field]], populations: Mapping[str, Population], language: Language = "en"
) -> dict[str, tuple[Field, ...]]:
    """The fields with the event and the horizon of what is scored in the help of score, grade and probability.

    That help is in the reader's language: no catalogue has what names the populations of these settings.
    """
    say = translator(language)
    questions: dict[str, list[str]] = {}
    for name, p in populations.items():
        lead = p.object == "contacts" and p.where.get("source_object") == "Lead"
        days = p.horizon_days or (None if p.object == "deals" else DEFAULT_HORIZON_DAYS)
        words = say(WITHIN if days else EVER).format(
            name=p.label or name, event=say(_EVENTS[p.event]), days=days
        )
        questions.setdefault("leads" if lead else p.object, []).append(words)
    explained_fields = {}
    for obj, chosen in fields.items():
        # Where leads are contacts, what is said of leads is said there.
        mine = [
            *questions.get(obj, ()),
            *(questions.get("leads", ()) if obj == "contacts" and "leads" not in fields else ()),
        ]
        more = cut(say(JOINTS[0]).format(events=say(JOINTS[1]).join(mine)), _HELP) if mine else ""
        explained_fields[obj] = tuple(
            replace(f, help=say(f.help) + more) if f.key in _SCORES and more else f for f in chosen
        )
    return explained_fields


def provision(ws: Workspace, *, dry: bool, wishes: ProvisionOptions = ProvisionOptions()) -> Provisioned:
    """Make the fields of the chosen set, and what is asked for beside them; one step a thing."""
    _ = ws.identity
    language = ws.connection.language
    fields = shown.settled(ws.state, explained(ws.fields, ws.settings.populations, language), language)
    with _lost_answers_end_it():
        steps = ws.connector.provision(fields, dry=dry)
        if not dry:
            shown.remember(ws.state, ws.connector, fields, steps, language)
        if ws.settings.tasks.create and ws.connector.tasks is not None:
            steps += ws.connector.tasks.provision(dry=dry)
        steps += ws.connector.assign(wishes.people, dry=dry)
        if wishes.list_view:
            steps += ws.connector.extras(fields, dry=dry)
    if wishes.reader_token and not dry:
        # As a session of whoever the token is: not as the app that this connection signs in with.
        person = ws.connection.model_copy(update={"auth": "token"})
        steps += _as_reader(ws, person, wishes.reader_token)
    return Provisioned(str(ws.identity), tuple(steps), tuple(ws.connector.guide()), dry)


def _as_reader(ws: Workspace, person: Connection, token: str) -> list[ProvisionStep]:
    """What a rep sees, by describing as one: all our fields, to edit only what people fill in."""
    rep = open_connector(person, token, ws.settings.write)
    try:
        return [
            s
            for obj, chosen in ws.fields.items()
            for s in _seen(rep, obj, chosen, can_bar=person.of.edits_can_be_barred)
        ]
    finally:
        rep.close()


def _seen(rep: Reader, obj: str, chosen: Sequence[Field], *, can_bar: bool) -> list[ProvisionStep]:
    held = {f.name: f for f in rep.describe(obj)}
    wrong = []
    for field in chosen:
        name = rep.field_name(obj, field)
        info = held.get(name)
        if info is None:
            wrong.append(ProvisionStep("verify", obj, name, "refused", "a rep does not see it"))
        elif field.people_write and not info.writable:
            wrong.append(ProvisionStep("verify", obj, name, "refused", "a rep cannot fill it in"))
        elif info.writable and not field.people_write and can_bar:
            wrong.append(ProvisionStep("verify", obj, name, "refused", "a rep may edit it"))
    words = "seen as a rep sees them"
    return wrong or [ProvisionStep("verify", obj, f"{len(chosen)} fields", "exists", words)]


def _everything(ws: Workspace) -> dict[str, tuple[Field, ...]]:
    """All that may ever have been made, whatever set the settings name now."""
    objects = [o for o in catalogue.OBJECTS if not (ws.connection.of.leads_are_contacts and o == "leads")]
    return catalogue.with_retired(catalogue.fields("all", objects))


def removal(ws: Workspace) -> Removal:
    """What would be taken away, and what uses it; changes nothing."""
    _ = ws.identity
    fields = _everything(ws)
    steps = own_tasks.remove(ws, dry=True)
    steps += ws.connector.remove(fields, dry=True, tasks_left=own_tasks.any_left(steps))
    uses, not_told = ws.connector.uses(fields)
    return Removal(str(ws.identity), tuple(steps), tuple(uses), not_told)


def remove(ws: Workspace) -> Removed:
    """Take it all away; the values go with the fields, so what we last wrote is forgotten too."""
    _ = ws.identity
    with _lost_answers_end_it():
        # The tasks first: with the field for our id they would not be known any more.
        steps = own_tasks.remove(ws, dry=False)
        kept = {s.name for s in steps if s.kind == "task" and s.state != "removed"}
        steps += ws.connector.remove(_everything(ws), dry=False, tasks_left=own_tasks.any_left(steps))
    with ws.state.begin() as c:
        now = ws.connector.latest()
        c.execute(sa.update(exposures).where(exposures.c.visible_to.is_(None)).values(visible_to=now))
        for table in (written, dead_letters, waits):
            # Tasks that are left are known as ours for good.
            mine = (table.c.object == TASKS) & table.c.record_id.in_(kept)
            c.execute(sa.delete(table).where(~mine))
    shown.forget(ws.state)
    return Removed(str(ws.identity), tuple(steps))
