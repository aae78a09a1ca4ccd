"""Amounts as both vendors' pages write them for a user of the United States."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

_SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "CAD": "CA$",
    "AUD": "A$", "MXN": "MX$", "NZD": "NZ$", "HKD": "HK$", "ILS": "₪", "VND": "₫", "TWD": "NT$",
}  # fmt: skip
_WHOLE = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG"})


def number(text: str) -> Decimal | None:
    """A number from text; None for what is none, or none that can be written out."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    # A double ends at 1e308; what has more digits than these is no amount, and would fill the page.
    return found if found.is_finite() and abs(found.adjusted()) < 400 else None


def grouped(amount: Decimal, digits: int | None = None) -> str:
    """With separators of thousands, rounded to so many digits after the point, or with those it has.

    >>> grouped(Decimal("169098.68")), grouped(Decimal("-1234.5"), 2), grouped(Decimal("1E+3"))
    ('169,098.68', '-1,234.50', '1,000')
    """
    if digits is not None:
        return f"{_rounded(amount, digits):,.{digits}f}"
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(amount: Decimal, digits: int) -> Decimal:
    # Enough for 400 digits before the point and as many after it: nothing is rounded but what is asked for.
    with localcontext(prec=1000):
        return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def percent(share: Decimal, most: int = 2) -> str:
    """A fraction as percent, with at most so many digits after the point.

    >>> percent(Decimal(".9210")), percent(Decimal("1")), percent(Decimal("0.12345"))
    ('92.1%', '100%', '12.35%')
    """
    return f"{grouped(_rounded(share * 100, most))}%"


def money(amount: Decimal, code: str) -> str:
    """With the currency's symbol, or its code where it has none of its own.

    >>> money(Decimal("169098.68"), "USD"), money(Decimal("-5"), "CHF"), money(Decimal("1200"), "JPY")
    ('$169,098.68', '-CHF 5.00', '¥1,200')
    """
    code = code.upper()
    digits = 0 if code in _WHOLE else 2
    sign = "-" if amount < 0 else ""
    before = _SYMBOLS.get(code) or (f"{code} " if code else "")
    return f"{sign}{before}{grouped(abs(amount), digits)}"
