"""SQL functions that read what a CRM gave as text: a value that cannot be read is empty, never zero and never false."""

from sales_consultant.config.neutral import FIRST_MS, LAST_MS, MOST

_MOMENT = f"BETWEEN {FIRST_MS} AND {LAST_MS}"
_DIGITS = r"'[-+]?[0-9]+(\.[0-9]*)?([eE][+]?[0-9]+)?'"
_GROUPED = r"'\s*-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\s*'"
_ISO = "epoch_ms(TRY_CAST(replace(v, '+0000', '+00:00') AS TIMESTAMPTZ))"

FUNCTIONS = {
    "plain_number(v)": f"CASE WHEN abs(TRY_CAST(v AS DOUBLE)) < {MOST:.0f} THEN TRY_CAST(v AS DOUBLE) END",
    # Thousands may be set apart by commas, as in 1,234.50.
    "to_number(v)": f"""coalesce(plain_number(v),
        CASE WHEN regexp_full_match(v, {_GROUPED}) THEN plain_number(replace(v, ',', '')) END)""",
    "to_money(v)": "TRY_CAST(to_number(v) AS DECIMAL(18,2))",
    # Digits are milli-, micro- or nanoseconds, told by their size.
    "ms_of_digits(n)": f"""CAST(floor(CASE WHEN n {_MOMENT} THEN n WHEN n / 1000 {_MOMENT} THEN n / 1000
        WHEN n / 1000000 {_MOMENT} THEN n / 1000000 END) AS BIGINT)""",
    "ms_of_text(v)": f"CASE WHEN {_ISO} {_MOMENT} THEN {_ISO} END",
    # ISO 8601; a date alone is midnight UTC.
    "to_ms(v)": f"""CASE WHEN regexp_full_match(v, {_DIGITS}) THEN ms_of_digits(TRY_CAST(v AS DOUBLE))
        ELSE ms_of_text(v) END""",
    "to_flag(v)": """CASE WHEN lower(v) IN ('true', '1', 'yes') THEN true
        WHEN lower(v) IN ('false', '0', 'no') THEN false END""",
    # What is neither yes nor no was set by somebody all the same: people's word counts.
    "do_not_score(v)": "coalesce(to_flag(v), v <> '')",
    # Whether a value had to be mended or is empty now, by the kind that its field is of.
    "odd_number(v)": "v <> '' AND plain_number(v) IS NULL",
    "odd_datetime(v)": f"""v <> '' AND CASE WHEN regexp_full_match(v, {_DIGITS})
        THEN NOT coalesce(TRY_CAST(v AS DOUBLE) {_MOMENT}, false) ELSE ms_of_text(v) IS NULL END""",
    "odd_bool(v)": "v <> '' AND to_flag(v) IS NULL",
}
MACROS = tuple(f"CREATE OR REPLACE MACRO {name} AS {body}" for name, body in FUNCTIONS.items())
