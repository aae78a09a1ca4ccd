"""Times as people say them: how long ago, or the day and the time in the reader's zone."""

from datetime import UTC, datetime, tzinfo

from sales_consultant.commands.output.writing.text import GLUE


def local_zone() -> tzinfo:
    """The zone of the machine's clock."""
    return datetime.now(UTC).astimezone().tzinfo or UTC


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Beyond this a number of days says less than the date.
_MOST_DAYS = 60


class Times:
    """Tells moments to one reader: `now` in milliseconds, and the zone the reader lives in."""

    def __init__(self, now: int, zone: tzinfo | None = None) -> None:
        self.now = now
        self.zone = zone or UTC

    def clock(self) -> str:
        """The reader's clock now, to the second.

        >>> Times(1_795_000_000_000).clock()
        '11:06:40'
        """
        return f"{datetime.fromtimestamp(self.now / 1000, self.zone):%H:%M:%S}"

    def at(self, ms: int) -> str:
        """The moment on the reader's clock, with the year where it is another one than now.

        >>> Times(1_795_000_000_000).at(1_794_900_000_000)
        'Tue 17 Nov 07:20'
        >>> Times(1_795_000_000_000).at(0)
        'Thu 1 Jan 1970 00:00'
        """
        when = datetime.fromtimestamp(ms / 1000, self.zone)
        today = datetime.fromtimestamp(self.now / 1000, self.zone)
        year = "" if when.year == today.year else f" {when.year}"
        return f"{when:%a} {when.day} {when:%b}{year} {when:%H:%M}"

    def day(self, ms: int) -> str:
        """The day of a moment.

        >>> Times(1_795_000_000_000).day(1_794_900_000_000)
        'Tue 17 Nov'
        """
        return self.at(ms).rpartition(" ")[0]

    def ago(self, ms: int) -> str:
        """How long ago or in how long; the day where that is far away.

        >>> now = Times(1_795_000_000_000)
        >>> [now.ago(now.now - s * 1000) for s in (5, 90, 7200, 26 * 86_400)]
        ['just now', '1 minute ago', '2 hours ago', '26 days ago']
        >>> now.ago(now.now + 3_600_000), now.ago(0)
        ('in 1 hour', 'on Thu 1 Jan 1970')
        """
        seconds = (self.now - ms) / 1000
        size = abs(seconds)
        if size < _MINUTE:
            return "just now" if seconds >= 0 else "in a moment"
        if size >= _MOST_DAYS * _DAY:
            return f"on {self.day(ms)}"
        told = span(size)
        return f"{told} ago" if seconds > 0 else f"in {told}"

    def both(self, ms: int) -> str:
        """How long ago, with the moment.

        >>> now = Times(1_795_000_000_000)
        >>> now.both(now.now - 7_200_000)
        '2 hours ago (Wed 18 Nov 09:06)'
        """
        said = self.ago(ms)
        return self.at(ms) if said.startswith("on ") else f"{said} ({self.at(ms)})"


def span(seconds: float) -> str:
    """A length of time in its largest unit.

    >>> [span(s) for s in (0.4, 1, 59, 60, 3600, 90_000, 200_000)]
    ['less than a second', '1 second', '59 seconds', '1 minute', '1 hour', '25 hours', '2 days']
    """
    if seconds < 1:
        return "less than a second"
    for unit, size, until in (
        ("second", 1, _MINUTE),
        ("minute", _MINUTE, _HOUR),
        ("hour", _HOUR, 2 * _DAY),
        ("day", _DAY, float("inf")),
    ):
        if seconds < until:
            n = int(seconds // size)
            return f"{n:,} {unit}{'' if n == 1 else 's'}"
    raise AssertionError("the last unit has no end")


def brief_span(seconds: float) -> str:
    """How long something took, in few letters: the one way to say it, in a column and in a sentence.

    >>> [brief_span(s).replace(GLUE, " ") for s in (0.4, 22, 95, 3700)]
    ['0 s', '22 s', '1 min 35 s', '1 h 1 min']
    """
    whole = int(seconds)
    if whole < _MINUTE:
        said = f"{whole} s"
    elif whole < _HOUR:
        said = f"{whole // _MINUTE} min {whole % _MINUTE} s"
    else:
        said = f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return said.replace(" ", GLUE)
