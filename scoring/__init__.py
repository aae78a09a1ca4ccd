"""Scores, reasons, values, segments and next steps: tables and frames in, frames out.

This room knows no CRM and no journal. Every function takes a DuckDB connection that holds the neutral
tables and an as-of time in milliseconds. The modules are loaded when they are first asked for, because
scikit-learn, pandas and Ibis take seconds that a pull or a `--help` should not pay.
"""

from importlib import import_module
from types import ModuleType

__all__ = ["modelfile", "nextsteps", "propensity", "scorer", "segments", "training", "value"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
