"""Questions before what cannot be taken back: who says no is told so, and who cannot be asked must say yes beforehand."""

import pytest

from sales_consultant.commands.shell import Shell
from sales_consultant.config.errors import DeclinedError, UsageError


class Answering(Shell):
    """A person at the terminal, or nobody."""

    answer: bool | None = None

    @property
    def asks(self) -> bool:
        """Whether somebody is there."""
        return self.answer is not None

    def agreed(self, question: str) -> bool:
        """What they say."""
        assert question == "Erase it?" and self.answer is not None
        return self.answer


@pytest.mark.parametrize(
    ("answer", "yes", "refused"),
    [
        (True, False, None),
        (False, False, DeclinedError),
        (None, False, UsageError),
        (None, True, None),
        (False, True, None),
    ],
)
def test_only_a_yes_goes_on(answer: bool | None, yes: bool, refused: type[Exception] | None) -> None:
    shell = Answering(connection=None, config=None, data_dir=None, as_json=False)
    shell.answer = answer
    said = {"why": "What is erased cannot be restored.", "action": "Give --yes."}
    if refused is None:
        shell.confirm("Erase it?", yes=yes, **said)
        return
    with pytest.raises(refused):
        shell.confirm("Erase it?", yes=yes, **said)
