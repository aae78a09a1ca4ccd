"""An error on a terminal: what happened, then what to do, wrapped between words."""

import re

from sales_consultant.commands.output.writing.page import Page, bold
from sales_consultant.commands.output.writing.text import GLUE, plain
from sales_consultant.config.errors import Remedies, SalesConsultantError

# A command that is given to be copied stands after a colon. Half of it in the next line could be run by mistake.
_COMMAND = re.compile(r"(?<=: )sales-consultant [^;()]*?(?=\.?$| \(|; )")


def show(page: Page, error: SalesConsultantError) -> None:
    """The first line of the message, then each thing that is wrong, then each remedy; what is wrapped hangs below."""
    first, *more = error.message.splitlines() or [""]
    page.line(bold(_whole(page, first)), hang=2)
    for line in more:
        page.line(_whole(page, line), indent=2, hang=4)
    if isinstance(error.action, Remedies):
        page.line(f"{plain(error.action.lead)}:", hang=2)
        for remedy in error.action.each:
            page.line(_whole(page, remedy), indent=2, hang=4)
        return
    for line in error.action.splitlines():
        page.line(_whole(page, line), hang=2)


def _whole(page: Page, text: str) -> str:
    """A safe line in which a command is one word, where there is room for it in a line."""

    def glued(found: re.Match[str]) -> str:
        return found[0].replace(" ", GLUE) if len(found[0]) <= page.width - 4 else found[0]

    return _COMMAND.sub(glued, plain(text))
