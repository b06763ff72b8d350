"""What the ledger owes at a moment: read along the index of unfinished posts, however many are finished."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from bot.core.metering import Backlog
from storage.tables import deliveries, posts, subscriptions


def backlog(connection: Connection, now: datetime) -> Backlog:
    """See `bot.core.ports.Ledger.backlog`."""
    waiting = subscriptions.c.next_run_at <= now
    kept = (subscriptions.c.removed.is_(False), subscriptions.c.paused.is_(False))
    due, first = connection.execute(
        select(func.count(), func.min(subscriptions.c.next_run_at)).where(waiting, *kept)
    ).one()
    unfinished = posts.c.turn.is_not(None)
    counted = select(posts.c.platform, posts.c.state, func.count().label("n")).where(unfinished)
    by_state = connection.execute(counted.group_by(posts.c.platform, posts.c.state))
    joined = posts.join(deliveries, deliveries.c.id == posts.c.delivery_id)
    oldest = select(posts.c.platform, func.min(deliveries.c.due_at).label("since")).select_from(joined)
    by_platform = connection.execute(oldest.where(unfinished).group_by(posts.c.platform))
    return Backlog(
        due=due,
        lag=now - first if first is not None else timedelta(),
        posts={(row.platform, row.state): row.n for row in by_state},
        oldest={row.platform: max(timedelta(), now - row.since) for row in by_platform},
    )
