"""docs/reference/exit-codes.md: what a command ends with, and the kinds of errors that `--json` names."""

from collections.abc import Iterator
from pathlib import Path

from support.markdown import code, table

from sales_consultant.config.errors import SalesConsultantError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md"
# Exit code: what it means, and what to do. The classes of errors give the kinds.
CODES: dict[int, tuple[str, str]] = {
    0: ("done", "nothing"),
    1: ("a defect of Sales Consultant", "report it; the message names the log file that has the details"),
    2: (
        "wrong use, wrong settings, a problem of this machine (file, port, disk, keyring), or not the org of the state",
        "follow the message: it names the option, the setting or the file",
    ),
    3: (
        "the CRM refused the sign-in, or a permission is missing",
        "run `sales-consultant check`: it names the scope or permission and where to set it",
    ),
    4: (
        "the CRM cannot be reached, or its limit of calls is used up",
        "run the command again later; it continues where it was",
    ),
    5: (
        "done, but the CRM refused some records",
        "`sales-consultant runs show RUN` groups them by reason; `retry` tries them again",
    ),
    6: (
        "a guard stopped the run before it wrote, or a question was answered with no",
        "look at `plan`; then give `--yes`, or set a wider guard",
    ),
    7: ("another run of this connection is in progress", "wait for it, or look at it with `runs list`"),
    130: ("interrupted by Ctrl-C", "run the command again; it continues where it was"),
}
_INTRODUCTION = """# Exit codes

Every command ends with one of these codes, so that a scheduler can tell a problem of the CRM from a problem of the
settings."""
_JSON = """## Errors with `--json`

With `--json` an error is one JSON document on standard output:

```json
{"error": {"code": 3, "kind": "access", "message": "...", "action": "...", "details": {}}}
```

`code` is the exit code, `message` says what happened, `action` what to do about it. `details` differs by error. `kind` is
one of these:"""
_END = "[Errors of the CRMs](errors.md) lists every error code of HubSpot and Salesforce with the exit code that follows."


def kinds() -> Iterator[type[SalesConsultantError]]:
    """The classes of errors that a command can end with, the root first."""

    def walk(kind: type[SalesConsultantError]) -> Iterator[type[SalesConsultantError]]:
        yield kind
        for child in kind.__subclasses__():
            if child.__module__ == SalesConsultantError.__module__:
                yield from walk(child)

    yield from walk(SalesConsultantError)


def _meaning(kind: type[SalesConsultantError]) -> str:
    """What the class says of itself; the root is every error that nobody foresaw."""
    return CODES[1][0] if kind is SalesConsultantError else str(kind.__doc__).partition("\n")[0]


def page() -> str:
    """The page as Markdown."""
    codes = [(str(n), meaning, action) for n, (meaning, action) in CODES.items()]
    named = {k.kind: (code(k.kind), str(k.code), _meaning(k)) for k in kinds()}
    parts = [
        _INTRODUCTION,
        table(["exit code", "meaning", "what to do"], codes),
        _JSON,
        table(["kind", "exit code", "meaning"], sorted(named.values(), key=lambda r: (int(r[1]), r[0]))),
        _END,
    ]
    return "\n\n".join(parts) + "\n"
