"""What a vendor's errors mean for the one who acts next: one table a CRM, which every path of its connector asks.

Who acts decides how a command ends: the CRM's admin 3, the operator of this program 2, nobody but time 4, us 1. What
is about a single record ends nothing: the record is kept with its reason, and the run ends with 5.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError, UsageError
from sales_consultant.connectors.base import OutcomeState

Who = Literal["admin", "operator", "time", "record", "us"]
# Exit codes by who must act, as docs/reference/exit-codes.md lists them.
EXIT: Mapping[Who, int] = {"admin": 3, "operator": 2, "time": 4, "record": 5, "us": 1}


@dataclass(frozen=True)
class Rule:
    """One error.

    `state` is the outcome of a record that is refused with it. `pause`: the call is made again after so many seconds, as
    nothing was applied; None: never. `run` False: the caller looks at it, whoever acts; True: it ends the command. None:
    it ends the command where the CRM refuses the call as a whole (401, 403). `words` narrows a code to messages in which
    they stand. `content`: it is about what was sent, a part of which may pass; `every`: it is so for each record with
    that field. `day`: the day's calls are spent.
    """

    code: str
    who: Who
    action: str
    what: str = ""
    state: OutcomeState = "dead"
    pause: float | None = None
    run: bool | None = None
    words: str = ""
    status: int = 0
    content: bool = False
    every: bool = False
    day: bool = False

    @property
    def exit(self) -> int:
        """The exit code of a command that ends by it."""
        return EXIT[self.who]

    def ends(self, status: int) -> bool:
        """Whether it ends the command, when it comes with a status."""
        if self.run is not None:
            return self.run
        return self.who in ("admin", "time", "operator") and (status in (401, 403, 429) or status >= 500)


def group(who: Who, action: str, codes: str, **more: object) -> Iterator[Rule]:
    """Rules for codes, parted by spaces, that mean the same."""
    made = Rule("", who, action, **more)  # type: ignore[arg-type]  # Rule checks its own fields
    yield from (replace(made, code=c) for c in codes.split())


class Table:
    """All rules of a CRM. `statuses` are for answers without a code that is known; the last word has `unknown`."""

    def __init__(self, codes: Iterable[Rule], statuses: Iterable[Rule], unknown: Rule) -> None:
        self.codes = tuple(codes)
        self.statuses = tuple(statuses)
        self.unknown = unknown
        self._by_code: dict[str, list[Rule]] = {}
        for rule in self.codes:
            self._by_code.setdefault(rule.code, []).append(rule)
        self._by_status = {
            r.status: [s for s in self.statuses if s.status == r.status] for r in self.statuses
        }

    def find(self, status: int, code: str, message: str = "") -> Rule:
        """The rule of an error: by its code, else by its status, else what is true of any unknown one."""
        rule = _first(self._by_code.get(code, ()), status, message)
        if rule is None or (status in (401, 403) and rule.who in ("record", "us")):
            # Whatever it says: who is refused as a whole has an admin to ask.
            rule = _first(self._by_status.get(status, ()), status, message)
        if rule is None:
            rule = replace(self.unknown, who="time" if status >= 500 else self.unknown.who, status=status)
        return rule

    def passes(self, status: int) -> bool:
        """Whether an answer with a status passes by itself, whoever gives it."""
        return any(r.who == "time" for r in self._by_status.get(status, ()))

    def knows(self, code: str) -> bool:
        """Whether a code is one of the CRM's."""
        return code in self._by_code

    def record(self, code: str, message: str = "") -> Rule:
        """The rule of the error of one record."""
        return _first(self._by_code.get(code, ()), 0, message) or self.unknown


def _first(rules: Iterable[Rule], status: int, message: str) -> Rule | None:
    """The first that fits: those with words come before the plain one."""
    for rule in rules:
        if rule.words and not re.search(rule.words, message, re.IGNORECASE):
            continue
        if rule.status and status and rule.code and rule.status != status:
            continue
        return rule
    return None


def ending(rule: Rule, message: str, status: int) -> SalesConsultantError:
    """The error that ends a command by a rule."""
    details: dict[str, object] = {"status": status, "code": rule.code or str(status)}
    if rule.who == "time":
        # A gateway may give up on a request that the server behind it still applies.
        details["may_be_applied"] = status >= 500
        return CrmUnavailableError(message, action=rule.action, details=details)
    kind: Callable[..., SalesConsultantError] = UsageError if rule.who == "operator" else AccessError
    return kind(message, action=rule.action, details=details)
