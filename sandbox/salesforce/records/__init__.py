"""Records of the org: values, writing, rules, and what time does to them."""
