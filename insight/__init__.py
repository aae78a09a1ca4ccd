"""What the business learns from its CRM: funnel, forecast, response, and proof that the scores helped.

Tables in, figures out: no CRM, no HTTP, no journal. The rooms, lowest first: `core` (deals in time, money, periods, what a
report is made of), `funnel`, `forecast`, `response`, `experiments`, `charts`, `reports`.
"""
