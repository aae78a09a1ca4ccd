"""The seam between what people wrote and the raw tables: a connector that selects text hands it to a reader, and only what
the reader makes of it goes on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.base.records import Page

if TYPE_CHECKING:
    import pyarrow as pa

TextReader = Callable[["pa.Table", Sequence[str]], "pa.Table"]
"""Given rows and the columns of them that hold text (subject first), it answers the rows without these columns and with
those of `config.neutral.SIGNALS`. None in its place means that text is off, and then no text is selected."""


def without_text(pages: Iterator[Page], fields: Sequence[str], reader: TextReader | None) -> Iterator[Page]:
    """Pages whose text was made into signals; those without text as they are.

    A text column that comes though nobody reads text is taken out all the same.
    """
    named = [field_column(f) for f in fields]
    for page in pages:
        texts = [c for c in named if c in page.rows.column_names]
        if not texts:
            yield page
        elif reader is None:
            yield replace(page, rows=page.rows.drop_columns(texts))
        else:
            yield replace(page, rows=reader(page.rows, texts))
