"""Names of fields that say what a person, a company or a deal is: such a field seldom changes, and no outcome sets it.

In English, German, French, Spanish and Chinese, as customers name their fields. A name is a hint only: the values decide.
"""

from __future__ import annotations

import re

_WORDS = (
    r"industry|sector|vertical|naics|sic|branche|wirtschaftszweig|secteur|industria|rubro|行业|产业",
    r"country|land|pays|pais|nation_?of_?origin|国家",
    r"region|state|province|city|town|zip|postal_?code|territory|bundesland|ort|stadt|plz|ville|departement",
    r"provincia|ciudad|comunidad|地区|省|城市|区域",
    r"source|channel|origin|campaign_?source|quelle|herkunft|kanal|origine|canal|origen|fuente|来源|渠道",
    r"employees?|headcount|staff|size|company_?size|employee_?band|mitarbeiter(zahl)?|groesse|größe|effectif",
    r"taille|empleados|plantilla|tamano|tamaño|员工|规模|人数",
    r"revenue|annual_?revenue|turnover|revenue_?band|umsatz|chiffre_?d_?affaires|ca_annuel|ingresos",
    r"facturacion|facturación|营收|年收入",
    r"type|kind|account_?type|deal_?type|record_?type|segment|market|typ|art|segmento|marche|marché|mercado",
    r"title|job_?title|position|department|function|seniority|role|buyer_?role|persona|abteilung|funktion",
    r"rolle|fonction|service|poste|cargo|puesto|departamento|类型|细分|职位|部门|角色",
    r"founded|year_?founded|ownership|legal_?form|rechtsform|gruendungsjahr|gründungsjahr|forme_?juridique",
    r"forma_?juridica|maturity|technology|tech_?stack|product|plan|edition|produkt|produit|producto|成立|产品",
)
# A word of these makes it something that people set in the course of business.
_NOT = re.compile(
    r"(^|_)(last|latest|current|next|final|first_?(reply|response|contact)|previous|recent|closed?|closing|won|lost|converted|"
    r"status|stage|date|days?|dauer|score|rat(e|ing)s?|grade|count|number_of|num|total|letzte\w*|aktuell\w*|dernier\w*|ultim\w*|"
    r"fecha|datum|statut|estado|phase)(_|$)|最后|状态|阶段|日期|评分"
)
_IS = re.compile("|".join(rf"(^|_)({words})(_|$|\d)" for words in _WORDS))
_CJK = re.compile(
    "|".join(w for words in _WORDS for w in words.split("|") if not w.isascii() and ord(w[0]) > 0x2E80)
)


_STAFF = re.compile(
    r"(number_?of_?|num_?|no_?of_?)(employees|staff)|annual_?revenue|billing_?(country|state|city)"
)


def describes(column: str) -> bool:
    """Whether a field's name says that it is an attribute of its record, set when it was made.

    >>> describes("c_employee_band"), describes("Branche__c"), describes("LeadSource"), describes("行业")
    (True, True, True, True)
    >>> describes("last_source"), describes("deal_status"), describes("days_in_region")
    (False, False, False)
    """
    plain = re.sub(r"^c_|__c$", "", column.strip())
    plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)).lower()
    if _STAFF.search(plain):
        return True
    return not _NOT.search(plain) and bool(_IS.search(plain) or _CJK.search(plain))
