"""A run from Python: its trials, metrics and best settings as DataFrames, and in a notebook as a table."""

from __future__ import annotations

from html import escape
from os import PathLike
from pathlib import Path

import pandas as pd

from analysis.findings.findings import Findings
from analysis.report.report import write_report
from analysis.runs import open_run as runs
from analysis.scores.metrics import ALL
from trials.storage.layout import RunFolder

_SHOWN = 5


def open_run(path: str | PathLike[str]) -> OpenedRun:
    """Open a run folder, ours or one of the reference project, at its current state.

    Raises FusionError if there is no table, or it cannot be read.
    """
    return OpenedRun(Findings.of(runs.open_run(Path(path))))


class OpenedRun:
    """A snapshot of a run. Every DataFrame is a copy."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    @property
    def path(self) -> Path:
        return self.findings.run.path

    @property
    def name(self) -> str:
        return self.findings.run.name

    @property
    def trials(self) -> pd.DataFrame:
        """One row per trial: id, number, seed, status, ..., and a column per swept parameter, by its dotted name."""
        return self.findings.run.every_trial.copy()

    @property
    def metrics(self) -> pd.DataFrame:
        """One row per trial, epoch, data set and metric: trial (its id), epoch, dataset, metric, mean, std, n."""
        confirming = self.findings.run.confirming
        frames = [self.findings.run.metrics, *([] if confirming is None else [confirming.metrics])]
        columns = {"trial": str, "dataset": str, "metric": str}
        return pd.concat([frame.astype(columns) for frame in frames], ignore_index=True)

    @property
    def best(self) -> pd.DataFrame:
        """The settings as the report ranks them, the best first: rank, a column per swept parameter, trials (their
        numbers), seeds, value (the mean of the metric that the sweep ranks by), spread (over seeds; NaN for one).

        Empty if no trial has a number yet.
        """
        run, scores = self.findings.run, self.findings.scores
        columns = ["rank", *run.axes, "trials", "seeds", "value", "spread"]
        if not scores.metrics:
            return pd.DataFrame(columns=columns)
        table = self.findings.standings.ranking(scores.metric, ALL, scores.epoch)
        rows = []
        for row in table[table["rank"].notna()].to_dict("records"):
            setting = scores.settings[row["setting"]]
            found = {"rank": int(row["rank"]), **setting.parameters, "trials": setting.numbers}
            rows.append(found | {"seeds": row["seeds"], "value": row["value"], "spread": row["spread"]})
        return pd.DataFrame(rows, columns=columns)

    def report(self) -> Path:
        """Write report.html and its tables into the run folder, from the newest rows; return its path."""
        return write_report(self.path)

    def __repr__(self) -> str:
        return f"<run {self.name!r}: {self._counts()}, {self.path}>"

    def _repr_html_(self) -> str:
        """HTML for a notebook: name, counts, the best settings."""
        best, report = self.best, RunFolder(self.path).report
        title = (
            f"{self.findings.scores.metric} at epoch {self.findings.scores.epoch}" if len(best) else "no numbers yet"
        )
        shown = best.head(_SHOWN).to_html(index=False, escape=True, border=0, float_format="{:.4f}".format)
        where = f"report: {report}" if report.exists() else "no report yet: .report() writes it"
        return (
            f"<p><b>{escape(self.name)}</b>: {escape(self._counts())}. {escape(title)}.</p>{shown}"
            f"<p>{escape(where)}</p>"
        )

    def _counts(self) -> str:
        statuses = self.findings.run.every_trial["status"].value_counts()
        return f"{statuses.sum()} trials ({', '.join(f'{count} {status}' for status, count in statuses.items())})"
