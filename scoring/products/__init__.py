"""What customers buy: association rules, similar products, recommendations with reasons, and the prices of won deals."""

from sales_consultant.scoring.products.baskets import Baskets, encode
from sales_consultant.scoring.products.facts import product_facts
from sales_consultant.scoring.products.follow_ups import WITHIN_DAYS, follow_ups, next_products
from sales_consultant.scoring.products.line_items import Bought, bought, open_deals, product_names
from sales_consultant.scoring.products.model import NONE, POPULARITY, SIMILARITY, ProductModel, fit
from sales_consultant.scoring.products.prices import PriceRange, PriceTable, price_guidance, price_table
from sales_consultant.scoring.products.rules import association_rules, pair_rules
from sales_consultant.scoring.products.similarity import cosine, popular, recommend
from sales_consultant.scoring.products.time_split import SplitTest, split_in_time

__all__ = [
    "NONE",
    "POPULARITY",
    "SIMILARITY",
    "WITHIN_DAYS",
    "Baskets",
    "Bought",
    "PriceRange",
    "PriceTable",
    "ProductModel",
    "SplitTest",
    "association_rules",
    "bought",
    "cosine",
    "encode",
    "fit",
    "follow_ups",
    "next_products",
    "open_deals",
    "pair_rules",
    "popular",
    "price_guidance",
    "price_table",
    "product_facts",
    "product_names",
    "recommend",
    "split_in_time",
]
