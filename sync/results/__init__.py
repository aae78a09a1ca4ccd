"""What use cases find, as frozen records: each can be told as one JSON document.

`base` has the protocol. A screen takes a record as it is; it never reads the document.
"""

from sales_consultant.sync.results.base import Result

__all__ = ["Result"]
