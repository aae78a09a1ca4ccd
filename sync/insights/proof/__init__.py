"""Proof of value: experiments designed, drawn and looked at, and what the report tells of them."""
