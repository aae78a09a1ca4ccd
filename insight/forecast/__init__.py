"""What will be closed: from the deals, from the series, and how sure that is."""

from sales_consultant.insight.forecast.drivers import (
    Driver,
    DriverTest,
    driven_fan,
    judge_driver,
    months_needed,
    power,
)

__all__ = ["Driver", "DriverTest", "driven_fan", "judge_driver", "months_needed", "power"]
