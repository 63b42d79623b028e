"""Paper table: what the reward adds to the loss."""

from __future__ import annotations

import math

import pandas as pd

from analysis.comparison.reward_lift import LOSS, START, UNTRAINED, lift
from analysis.paper.numbers import brief, label
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import Column, Table, block, plain

METRICS, _ROWS = 8, 8


def lift_rows(subject: Subject) -> pd.DataFrame:
    """Return the table of the lift at this data set and epoch. Raises NothingToShow where nothing learns a reward."""
    found = lift(subject.findings)
    if found is None:
        raise NothingToShow(
            "Nothing here learns from a reward, or there is neither an initial checkpoint nor a loss-trained "
            "configuration."
        )
    table = found.table
    return table[(table["dataset"] == subject.dataset) & (table["epoch"] == subject.epoch) & table["best"].notna()]


def lift_table(subject: Subject) -> Table:
    """Return the best of each group for the familiar metrics, and how the best reward-trained one stands to it."""
    rows = lift_rows(subject)
    metrics = [metric for metric in subject.main_metrics if metric in set(rows["metric"])][:_ROWS]
    names = list(dict.fromkeys(rows.loc[rows["kind"] != UNTRAINED, "name"]))
    bars = list(dict.fromkeys(rows.loc[rows["kind"].isin((START, LOSS)), "name"]))
    at = {(row["metric"], row["name"]): row for row in rows.to_dict("records")}
    columns = [Column("metric", "l"), *(Column(name) for name in names), *(Column(f"against {name}") for name in bars)]
    cells = [plain(map(label, metrics))]
    cells += [plain(brief(at[m, name]["best"]) if (m, name) in at else "–" for m in metrics) for name in names]
    cells += [plain(_gain(at[m, name]) if (m, name) in at else "–" for m in metrics) for name in bars]
    caption = (
        "Loss-trained and reward-trained: the best of each for each metric, whichever configuration that is, and how "
        "much "
        f"better (+) the best reward-trained one is, with the 95 % interval over the same images ({subject.whole})."
    )
    return Table("lift", caption, tuple(columns), (block(cells),), rows, wide=True)


def _gain(row: dict[str, object]) -> str:
    gain, low, high = (float(str(row[name])) for name in ("gain", "gain_low", "gain_high"))
    if not math.isfinite(gain):
        return "–"
    said = f"{gain:+.2g}".replace("-", "−")
    return f"{said} [{low:+.2g}, {high:+.2g}]".replace("-", "−") if math.isfinite(low) else said
