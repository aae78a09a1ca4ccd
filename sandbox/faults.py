"""Faults that are switched on from outside: the next n requests that match are refused, slowed or lost."""

import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "status",
    "slow",
    "lost",
    "reset",
    "truncated",
    "redirect",
    "drip",
    "gzip",
    "html",
    "empty",
    "charset",
    "cut",
]


# What stands in the CRM's place answers with 200 as a rule; a redirect with 302.
_STATUS = {"redirect": 302, "html": 200, "empty": 200}


@dataclass
class Fault:
    """One rule.

    `status`: answered by the vendor's error of that status, not applied; `policy` is another code, `message` other
    words. `slow`: applied after `seconds`. `lost`: applied, then the connection is closed without an answer.
    `truncated`: applied, and closed in the middle of the answer's body. `reset`: closed without being applied.
    `redirect`: not applied, the client is sent to the same path at `location`.

    What follows is applied and answered, and the answer is damaged on the way, as by a proxy. `drip`: one byte every
    `seconds`. `gzip`: labelled as packed, and not. `html`: a page with `status` (200) in its place. `empty`: nothing with
    `status` (200). `charset`: in another character set, `charset` (default utf-16), which the label does not tell. `cut`: the
    second half is missing, and the length says that this is all.
    """

    kind: Kind
    path: re.Pattern[str]
    status: int = 500
    method: str | None = None
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    policy: str | None = None
    retry_after: int | str | None = None
    location: str = ""
    charset: str = "utf-16"
    message: str = ""
    hits: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if (self.method and self.method != method) or not self.path.search(path):
            return False
        if self.probability < 1 and self.chance.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def described(self) -> dict[str, Any]:
        """The rule as JSON."""
        return {
            "kind": self.kind,
            "path": self.path.pattern,
            "status": self.status,
            "times": self.times,
            "probability": self.probability,
            "hits": self.hits,
        }


class Faults:
    """The rules, first match wins."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, body: dict[str, Any]) -> Fault:
        """A rule from the control endpoint's JSON. Raises ValueError that says what is wrong."""
        known = {
            "kind", "path", "status", "method", "times", "probability", "seed", "seconds", "policy",
            "retry_after", "location", "charset", "message",
        }  # fmt: skip
        unknown = sorted(set(body) - known)
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; a fault takes {', '.join(sorted(known))}")
        kind = body.get("kind", "status")
        if kind not in get_args(Kind):
            raise ValueError(f"unknown kind {kind!r}; one of {', '.join(get_args(Kind))}")
        try:
            path = re.compile(str(body.get("path", ".*")))
        except re.error as e:
            raise ValueError(f"path is not a regular expression: {e}") from e
        charset = str(body.get("charset") or "utf-16")
        try:
            "".encode(charset)
        except LookupError as e:
            raise ValueError(f"charset {charset!r} is not known") from e
        times = body.get("times", None if "probability" in body else 1)
        rule = Fault(
            kind=kind,
            path=path,
            status=int(body.get("status", _STATUS.get(kind, 500))),
            method=str(body["method"]).upper() if body.get("method") else None,
            times=None if times is None else int(times),
            probability=float(body.get("probability", 1.0)),
            seconds=float(body.get("seconds", 0.0)),
            policy=body.get("policy"),
            retry_after=body.get("retry_after"),
            location=str(body.get("location") or "").rstrip("/"),
            charset=charset,
            message=str(body.get("message") or ""),
            chance=random.Random(int(body.get("seed", 0))),
        )
        self.rules.append(rule)
        return rule

    def hit(self, method: str, path: str) -> Fault | None:
        """The rule that this request meets; None for most."""
        for rule in self.rules:
            if rule.takes(method, path):
                return rule
        return None

    def clear(self) -> None:
        """Switch all faults off."""
        self.rules.clear()
