"""The sandbox as a server: gate, control endpoint, web pages, TLS."""

from sales_consultant.sandbox.serving.run import run

__all__ = ["run"]
