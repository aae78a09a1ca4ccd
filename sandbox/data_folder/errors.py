"""The error of a data folder that cannot be read."""


class DataFolderError(ValueError):
    """A data folder cannot be read; where: `file`, `line` (1 is the header) and `column`, as far as they are known."""

    def __init__(self, message: str, file: str, line: int | None = None, column: str | None = None) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        super().__init__(f"{place}: {message}")
