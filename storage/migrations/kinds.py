"""Types of columns that differ between databases. As released migrations use them, these stay as they are."""

from __future__ import annotations

import sqlalchemy as sa

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in the order of its code points, as Python and SQLite have it, whatever the language of a server."""

NUMBER = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
"""A key, or a place."""
