"""People as texts show them, and whether a title or a role is one that decides."""

from __future__ import annotations

import re

from sales_consultant.scoring.propensity import clean

_TITLES = re.compile(
    r"\b(chief|c[efotimr]o|founder|owner|president|s?vp|vice[ -]president|director|head|managing|partner|principal"
    r"|gesch(ä|ae)ftsf(ü|ue)hrer(in)?|inhaber(in)?|vorstand|\w*leiter(in)?|directeur|directrice|g(é|e)rante?|pdg"
    r"|directora?|gerente|propietari[oa]|jef[ea])\b"
    r"|总经理|副总|总监|董事|负责人|总裁|老板|厂长|院长|主任|首席",
    re.IGNORECASE,
)
# Who helps somebody that decides does not decide.
_HELPERS = re.compile(
    r"\b(assistant|assistenz|assistent(in)?|secretary|office of|to the)\b|助理|秘书", re.IGNORECASE
)
_ROLES = re.compile(
    r"decision|economic buyer|executive sponsor|entscheider|d(é|e)cideur|decisor|决策", re.IGNORECASE
)


def name_of(first: object, last: object) -> str | None:
    """A person's name on one line; None where the CRM has none.

    >>> name_of("Anna", "Berg"), name_of("伟", "王"), name_of(None, None)
    ('Anna Berg', '王伟', None)
    """
    parts = [p.strip() for p in (first, last) if isinstance(p, str) and p.strip()]
    if len(parts) == 2 and all(re.fullmatch(r"[\u4e00-\u9fff]{1,3}", p) for p in parts):
        return clean(parts[1] + parts[0])
    return clean(" ".join(parts)) or None


def decides(title: object) -> bool | None:
    """Whether a title is one that decides; None where there is no title.

    >>> decides("Head of Purchasing"), decides("Assistant to the CEO"), decides("Engineer"), decides("采购总监"), decides(None)
    (True, False, False, True, None)
    """
    if not isinstance(title, str) or not title.strip():
        return None
    return bool(_TITLES.search(title)) and not _HELPERS.search(title)


def decides_by_role(label: object) -> bool:
    """Whether the role that a person has on a deal is one that decides."""
    return isinstance(label, str) and bool(_ROLES.search(label))
