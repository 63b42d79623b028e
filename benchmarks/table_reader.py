"""Asks a table for torn epochs in a loop until its input closes: `python -m benchmarks.table_reader TABLE METRICS`."""

from __future__ import annotations

import json
import select
import sqlite3
import sys
import time
from pathlib import Path

EVERY = 0.2
TORN = "SELECT count(*) FROM (SELECT count(*) AS found FROM metrics GROUP BY trial, epoch HAVING found != ?)"


def main() -> None:
    table, metrics = Path(sys.argv[1]), int(sys.argv[2])
    reads, torn, slowest = 0, 0, 0.0
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        if not table.exists():
            continue
        start = time.perf_counter()
        try:
            connection = sqlite3.connect(f"{table.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            ((count,),) = connection.execute(TORN, (metrics,))
            connection.close()
        except sqlite3.OperationalError:  # the table is only just being made
            continue
        reads, torn, slowest = reads + 1, torn + count, max(slowest, time.perf_counter() - start)
    print(json.dumps({"reads": reads, "torn_epochs_read": torn, "slowest_read_seconds": slowest}))


if __name__ == "__main__":
    main()
