"""Paperboy: a community's daily paper digest, delivered into chat and kept."""

__version__ = "0.1.0"
