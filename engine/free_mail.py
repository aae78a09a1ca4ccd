"""The domains at which anybody can have an address, as a table that mappings look into."""

import pyarrow as pa

from sales_consultant.config.domains import FREE_MAIL
from sales_consultant.config.neutral import FREE_MAIL_TABLE, quote
from sales_consultant.engine.database import Database


def keep_free_mail(database: Database) -> None:
    """Make the table, or renew it where the list has another length: some thousand rows, in a few milliseconds."""
    table = quote(FREE_MAIL_TABLE)
    database.con.execute(f"CREATE TABLE IF NOT EXISTS {table} (domain VARCHAR)")
    if database.number(f"SELECT count(*) FROM {table}") == len(FREE_MAIL):
        return
    rows = pa.table({"domain": pa.array(sorted(FREE_MAIL), pa.string())})
    with database.transaction():
        database.con.execute(f"DELETE FROM {table}")
        database.con.register("_rows", rows)
        database.con.execute(f"INSERT INTO {table} SELECT domain FROM _rows")
        database.con.unregister("_rows")
