"""Amounts of several currencies in one, to the cent, at the rate of their day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rates:
    """Exchange rates of a company.

    rates
        Rows of code, rate (units of the currency for one unit of the org's), start_at, end_at (ms UTC; a gap: always).
    own
        The org's currency.
    reporting
        The currency that all amounts are told in.
    """

    rates: pd.DataFrame
    own: str
    reporting: str

    def rate(self, codes: pd.Series, at: pd.Series) -> pd.Series[float]:
        """Units of the reporting currency for one unit of each currency on its day; a gap where a rate is not known.

        `codes` are currencies (a gap or "": the org's), `at` milliseconds UTC (a gap: the newest rate). Of dated rates
        the last that had begun and had not ended counts. The reporting currency is worth itself, rate or none.
        """
        codes = codes.astype("object").where(codes.notna() & (codes != ""), self.own)
        found = self._per_own(pd.Series(self.reporting, index=codes.index), at) / self._per_own(codes, at)
        return found.mask(codes == self.reporting, 1.0)

    def _per_own(self, codes: pd.Series, at: pd.Series) -> pd.Series[float]:
        out = pd.Series(np.where(codes == self.own, 1.0, np.nan), index=codes.index)
        when = at.astype("float64").fillna(np.inf)
        known = self.rates[self.rates["rate"] > 0]
        starts = known["start_at"].astype("float64").fillna(-np.inf)
        ends = known["end_at"].astype("float64").fillna(np.inf)
        known = known.assign(start_at=starts, end_at=ends).sort_values("start_at", kind="stable")
        for code in codes[codes != self.own].unique():
            hit = codes == code
            mine = known.loc[known["code"] == code, ["rate", "start_at", "end_at"]]
            for rate, start, end in mine.itertuples(index=False):
                # The newest rate stands for a moment that is not known, also where it has ended.
                out = out.mask(hit & (when >= start) & ((when < end) | np.isinf(when)), rate)
        return out

    def cents(self, cents: pd.Series, codes: pd.Series, at: pd.Series) -> pd.Series:
        """Amounts in hundredths of the reporting currency (Int64), each rounded once, half to even.

        A gap where the amount or the rate is not known.
        """
        rate = self.rate(codes, at)
        # A currency that is the reporting one keeps its amount to the cent, whatever its size.
        same = rate == 1.0
        made = (cents.astype("Float64") * rate.astype("Float64")).round().astype("Int64")
        return made.mask(same.fillna(False), cents.astype("Int64"))
