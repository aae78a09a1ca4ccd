"""Prices that are denied to be too high: "not too high", "no objection to the price".

The phrases of a lexicon begin at the price, before the negation, which is looked for only in front of them.
"""

import re
from collections.abc import Mapping

from sales_consultant.scoring.text.cutting import Cut

_HIGH = (
    "(?:high|expensive|pricey|steep|costly|dear|overpriced|unreasonable|excessive|unfair|bad|much(?: money)?)"
)
_DEGREE = (
    "(?:at all |too |so |that |very |really |overly |particularly |especially |all that |unreasonably )*"
)
_DENIAL = "(?:not|never|hardly|neither|no longer|anything but|far from)"
_PRICE_ZH = "(?:价格|报价|价钱|费用|单价|价位|收费|总价|价)"
_DENIED: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "en": tuple(
        re.compile(p)
        for p in (
            rf"(?<= ){_DENIAL} {_DEGREE}{_HIGH} ",
            (
                r"(?<= )(?:not|never) (?:say|think|find|believe|consider|mean|feel|call) (?!(?:we|i|it) can )(?:[^ ]+ ){0,5}?"
                rf"{_DEGREE}{_HIGH} "
            ),
            (
                r"(?<= )(?:no|not an?|never an?|without) (?:objections?|complaints?|issues?|problems?|concerns?|obstacle) "
                r"(?:[^ ]+ ){0,3}?(?:price|pricing|prices|cost|costs|quote|fee|fees) "
            ),
            (
                r"(?<= )(?:price|pricing|prices|cost|costs|quote|fee|fees) (?:is |was |are |were )(?:not|never|no) "
                r"(?:an? |the |our |really )*(?:objections?|issues?|problems?|concerns?|obstacle|point) "
            ),
        )
    ),
    "zh": tuple(
        re.compile(p)
        for p in (
            r"(?<![贵高不])(?:并不|不算|不是|不觉得|不嫌|没觉得|没有|没那么|没|不)(?:算|是|很|太|特别|那么|多|怎么|会|觉得|嫌|你们|您|价格|报价)*(?:贵|离谱)(?!不)",
            rf"{_PRICE_ZH}[^,]{{0,4}}?(?<![高不])(?:并不|不算|不是|不|没有|没)(?:算|是|很|太|特别|那么|怎么)*(?:高(?!兴)|有?问题|障碍|难)",
            rf"(?:不是|没有|没)(?:对|嫌|觉得)?{_PRICE_ZH}(?:的)?(?:问题|意见|异议|太?高)",
        )
    ),
}
_WORDS: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(" (?:not|never|hardly|neither|no|without|anything|far) "),
    "zh": re.compile("[不没]"),
}
_CUT = Cut(_DENIED, _WORDS)


def without_denied_price(sentence: str, language: str) -> str:
    """A sentence, as the lexicon reads it, without what says that a price is not too high.

    >>> without_denied_price(" your price is not too high we take it ", "en")
    ' your price is we take it '
    """
    return _CUT(sentence, language)
