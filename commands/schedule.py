"""What is scheduled, and the service that runs it."""

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from sales_consultant.commands.options import one_of
from sales_consultant.commands.output import events
from sales_consultant.commands.output import run as run_screen
from sales_consultant.commands.output import schedule as screens
from sales_consultant.commands.shell import Answer, Document, Shell
from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.secrets import os_keyring
from sales_consultant.sync.insights import forecasting, sending
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.results.schedule import JobList, UpcomingList
from sales_consultant.sync.runtime import Run, Workspace
from sales_consultant.sync.service import Service, jobs, refuse_closed, upcoming
from sales_consultant.sync.service.endpoints import Endpoints
from sales_consultant.sync.service.monitor import Watching
from sales_consultant.sync.use_cases.sync import scheduled


def list_jobs(shell: Shell) -> Answer[JobList]:
    """The jobs and their next moments."""
    return Answer(JobList(jobs(shell.settings, now=datetime.now(UTC))), screens.jobs)


def next_moments(
    shell: Shell, limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 10
) -> Answer[UpcomingList]:
    """The next moments of all jobs, in their own time zones."""
    found = upcoming(shell.settings, now=datetime.now(UTC), count=limit)
    return Answer(UpcomingList(found), screens.moments)


def run_now(
    shell: Shell, name: Annotated[str, typer.Argument(help="A schedule's name; see: schedule list")]
) -> Answer[RunDone]:
    """Run a scheduled job now, as the service would; its own moments stay, and so do hours in which nothing is written."""
    chosen = shell.settings.schedule.get(one_of(name, tuple(shell.settings.schedule), "The schedule"))
    assert chosen is not None
    ws = shell.open(chosen.connection or None)
    refuse_closed(name, chosen, ws.clock())
    done = _run(ws, chosen, ws.clock(), lambda: False)
    return Answer(done.ended(), run_screen.done, done.code)


def _run(ws: Workspace, schedule: Schedule, at: int, stop: Callable[[], bool]) -> Run:
    """A job of the schedule; a report is made of what was pulled, the others are runs on the CRM."""
    if schedule.job == "report":
        return sending.scheduled(
            ws, schedule.report, schedule.runs_as, at=at, keyring=os_keyring(), environ=os.environ
        )
    done = scheduled(ws, schedule.job, at=at, stop=stop)
    if schedule.job == "sync":
        # A forecast that cannot be made is no failed sync: its report says what is wrong.
        with contextlib.suppress(SalesConsultantError):
            forecasting.refresh(ws)
    return done


def serve(shell: Shell) -> None:
    """Run the schedule until SIGTERM or Ctrl-C, and say what happens; in a pipe as one JSON object a line."""

    def run(schedule: Schedule, at: int, stop: Callable[[], bool]) -> Document:
        mine = Shell(
            connection=schedule.connection or None,
            config=shell.config,
            data_dir=shell.folder,
            as_json=True,
            tell=lambda text: emit({"event": "waiting", "connection": schedule.connection, "message": text}),
            stop=stop,
        )
        with mine.stack:
            done = _run(mine.ws, schedule, at, stop)
        return {"run": done.id, "counts": done.counts}

    def emit(event: Document) -> None:
        shell.show_event({"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **event}, events.event)

    # What is wrong with a connection is said at once, not at the first night.
    connections = {s.connection or None for s in shell.settings.schedule.values()}
    away: dict[str | None, SalesConsultantError] = {}
    for connection in connections:
        try:
            _ = shell.open(connection).identity
        except (AccessError, CrmUnavailableError) as e:
            away[connection] = e
    if away and len(away) == len(connections) and all(isinstance(e, AccessError) for e in away.values()):
        raise next(iter(away.values()))
    for connection, why in away.items():
        # It may come back, and others are served meanwhile; its runs fail until then, and alerts tell.
        emit({"event": "failed", "job": "start", "connection": connection, **why.as_dict()})
    shell.stack.close()
    attend(shell, run, emit)


def attend(shell: Shell, run: Callable[..., Document], emit: Callable[[Document], None]) -> None:
    """Serve with what watches the service: endpoints and alerts."""
    watching = Watching(shell.settings, shell.folder, emit, keyring=os_keyring())
    service = Service(shell.settings, run, emit, last=watching.last, watch=watching.look)
    port = shell.settings.service.port
    if port is None:
        service.serve()
        return
    answers = Endpoints(port, alive=service.scheduling.is_set, ready=watching.ready, metrics=watching.metrics)
    with answers:
        emit({"event": "listening", "port": answers.port})
        service.serve()
