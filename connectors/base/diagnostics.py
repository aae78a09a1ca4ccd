"""Looking at a CRM: what works and what is missing, what is spent, which guesses hold."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from sales_consultant.config.fields.catalogue import Field, by_key
from sales_consultant.connectors.base.records import (
    Assumption,
    Budget,
    Calls,
    Finding,
    FindingState,
)


class Diagnostics(ABC):
    """What an admin is told of a connection."""

    calls: Calls

    @abstractmethod
    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        """What works and what is missing, with the exact scope or permission. Raises nothing for what is missing."""

    def other_sync(self) -> list[str]:
        """Signs that HubSpot and Salesforce are synced with each other by HubSpot's own integration; empty for none."""
        return []

    def assumptions(self) -> list[Assumption]:
        """Which guesses about the vendor's API hold here; changes nothing, and tells no value of the account."""
        return []

    def budget(self) -> Budget:
        """The daily allowance as last seen."""
        return Budget(None, None)

    def seconds_for(self, calls: Mapping[str, int]) -> float:
        """The least time that so many calls of each kind take under the vendor's published limits."""
        return 0.0

    def seconds_at_limits(self) -> float:
        """The least time that the calls made so far take under the vendor's published limits."""
        return self.seconds_for(self.calls.by_kind)


def _named(key: str) -> str:
    """A field of ours as people know it."""
    try:
        label = by_key(key).label
    except KeyError:
        return key
    return label[:1].lower() + label[1:]


def field_findings(
    object: str, lacking: Mapping[str, str], unmade: Collection[str], *, make: str, mend: str
) -> list[Finding]:
    """One line a field that cannot be written, or one for many: those that provisioning makes are a next step, those that
    are there and refused are missing."""
    findings: list[Finding] = []
    still: dict[FindingState, dict[str, str]] = {
        "missing": {k: why for k, why in lacking.items() if k not in unmade},
        "next": {k: why for k, why in lacking.items() if k in unmade},
    }
    for state, fields in still.items():
        action, words = (mend, "may not be written") if state == "missing" else (make, "are still to be made")
        # A judgement: more lines of one kind would hide the other findings.
        if len(fields) > 3:
            subject = f"fields on {object}"
            findings.append(
                Finding(
                    subject, state, f"{len(fields)} fields {words}: {', '.join(map(_named, fields))}", action
                )
            )
        else:
            findings += [
                Finding(f"field {_named(k)} on {object}", state, why, action) for k, why in fields.items()
            ]
    return findings
