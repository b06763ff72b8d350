"""The crash harness: Paperboy is killed again and again while it delivers, and every post must be there once, in order.

    make crash N=500                              every platform on every database, 500 kills each
    make crash N=20 ARGS="slack sqlite --seed 7"  one of them, exactly as it was once
    python -m tests.crash slack --control         with the look-up switched off: it must find posts doubled

Paperboy is a process of its own (`paperboy run`), Slack and Discord are the loopback ones in the harness's process. A
round is two digests for every channel, as cards, compact and in a forum, some of their entries so long that they are
continued in threads. While they are delivered the process is killed with SIGKILL and started again, entries are edited,
removed and added, the platform loses connections after it has taken a message, answers 500 after it has taken one,
answers late, asks for a pause, and the database is cut. When the ledger has nothing to do any more, what stands in
the channels is read as a person would read it and compared with what was asked for.

marks.py      what is looked for in texts, and how what is shown is judged (pure)
script.py     what a round asks for: entries, changes, and what each channel has to show then (pure)
places.py     the loopback platforms: their channels, their faults, what stands there
databases.py  the databases: where they are, how they are cut
lives.py      processes: started afresh, or forked (tests/forks.py) from one that has read the code already
campaign.py   rounds of lives and deaths
blind.py      the control's process: Paperboy with couriers that find nothing
"""
