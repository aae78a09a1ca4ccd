"""Errors, classed by who acts next, each with the exit code of the command that ends by it (architecture, section 12)."""

import re
from collections.abc import Mapping
from typing import Any, Self

# As SQLite, DuckDB and the operating systems say it: full, over a quota, or above the size that a file may have.
_FULL = re.compile(r"no space left|disk is full|quota exceeded|file too large", re.IGNORECASE)


def disk_full(error: BaseException) -> bool:
    """Whether an error, whoever raised it, says that nothing more can be written.

    >>> disk_full(OSError(28, "No space left on device"))
    True
    """
    return _FULL.search(str(error)) is not None


class Remedies(str):
    """An action of which one of several is enough. It is one sentence, also in `--json`; a terminal shows one a line."""

    lead: str
    each: tuple[str, ...]

    def __new__(cls, lead: str, *each: str) -> Self:
        """From how the sentence begins and the ways that it names."""
        *most, last = each
        made = super().__new__(cls, f"{lead}: {'; '.join([*most, f'or {last}'])}.")
        made.lead, made.each = lead, each
        return made


class SalesConsultantError(Exception):
    """The root of all errors of ours.

    `message` says what happened and to which record or setting, `action` what to do about it. Neither may hold a
    secret or a response body. `code` is the exit code; docs/reference/exit-codes.md lists them.
    """

    code = 1
    kind = "defect"

    def __init__(self, message: str, *, action: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.details = dict(details or {})

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return {
            "error": {
                "code": self.code,
                "kind": self.kind,
                "message": self.message,
                "action": self.action,
                "details": self.details,
            }
        }


class UsageError(SalesConsultantError):
    """Wrong use, configuration or machine: the operator acts."""

    code = 2
    kind = "usage"


class ConfigError(UsageError):
    """A setting is missing, misspelt or of the wrong type."""

    kind = "configuration"


class OtherOrgError(UsageError):
    """The state belongs to another org or portal than the connection answers with."""

    kind = "other_org"


class MachineError(UsageError):
    """A file, port, disk or keyring of this machine is in the way."""

    kind = "machine"


class AccessError(SalesConsultantError):
    """Authentication or permission: the CRM's admin acts."""

    code = 3
    kind = "access"


class CrmUnavailableError(SalesConsultantError):
    """The CRM is unreachable, or its limit is spent: time acts, a later run goes on."""

    code = 4
    kind = "crm_unavailable"


class StoppedError(SalesConsultantError):
    """Somebody said stop while the CRM was waited for: nobody needs to act."""

    # 128 and the number of SIGINT, as shells report a program that was interrupted.
    code = 130
    kind = "interrupted"


class DeclinedError(SalesConsultantError):
    """A person answered a question with no: nothing was done, and nobody needs to act."""

    code = 6
    kind = "declined"


class GuardError(SalesConsultantError):
    """A guard refused: the admin looks at the plan and decides."""

    code = 6
    kind = "guard"


class BusyError(SalesConsultantError):
    """Another run of this connection is going on."""

    code = 7
    kind = "busy"
