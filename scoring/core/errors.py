"""What can go wrong while training or scoring, worded for the person who must act."""


class ScoringError(Exception):
    """The settings or the data do not allow what was asked; the text says what to change."""


class UnknownColumnError(ScoringError):
    """A population or feature setting names a column that the neutral table does not have."""


class ModelFileError(ScoringError):
    """A model file is of another format version, damaged, or changed after it was saved."""
