"""What names say about a column, for all probes: the words themselves belong to the features."""

from sales_consultant.scoring.features import doubted, known_leaker, process_measure

__all__ = ["doubted", "known_leaker", "process_measure"]
