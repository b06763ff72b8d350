"""The database cannot be used in the middle of a delivery: posts are there once, in order, and work goes on by itself.

Paperboy is a process of its own with Slack and Discord. At the start of each trouble both platforms have just taken a
post and not said so yet, so that it cannot be recorded when they do.

places.py   Paperboy's platforms, what people do there, and a delivery through one trouble after the other
lines.py    a line to a PostgreSQL server that can be cut, or fall silent
"""
