"""Numbers in messages, as people write them: the one way for each."""


def percent(share: float, digits: int | None = None) -> str:
    """A share as people write it: whole per cent, with one digit more where it is small, or as many as asked for.

    >>> [percent(s) for s in (0.83, 0.0123, 0.0, 1.0)], percent(0.896, 1)
    (['83 %', '1.2 %', '0 %', '100 %'], '89.6 %')
    """
    value = float(share) * 100
    if digits is None:
        digits = 1 if 0 < abs(value) < 9.95 and round(value, 1) % 1 else 0
    return f"{value:.{digits}f} %"
