"""Names of the files and folders inside a run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; its files may or may not exist."""

    path: Path

    @property
    def table(self) -> Path:
        """The results of all trials."""
        return self.path / "results.sqlite"

    @property
    def sweep_file(self) -> Path:
        """The sweep file as it was run."""
        return self.path / "sweep.yaml"

    @property
    def parameters_csv(self) -> Path:
        return self.path / "params.csv"

    @property
    def metrics_csv(self) -> Path:
        return self.path / "metrics.csv"

    @property
    def parquet(self) -> Path:
        return self.path / "results.parquet"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        """A folder of fused images per trial."""
        return self.path / "samples"

    @property
    def worst(self) -> Path:
        """Lists of the worst pairs by a reward."""
        return self.path / "worst"

    @property
    def worst_index(self) -> Path:
        """The trial of each of these lists."""
        return self.worst / "lists.csv"

    @property
    def states(self) -> Path:
        """Saved states that unfinished trials resume from."""
        return self.path / "states"

    @property
    def starts(self) -> Path:
        """Initial checkpoints that were trained for the trials."""
        return self.path / "starts"

    @property
    def logs(self) -> Path:
        """Tracebacks of failed trials."""
        return self.path / "logs"

    @property
    def journal(self) -> Path:
        """The Optuna study of a search."""
        return self.path / "optuna.journal"

    @property
    def journal_before(self) -> Path:
        """The previous study, while a new one is written."""
        return self.path / ".optuna.journal.before"

    @property
    def lock(self) -> Path:
        """Held by the driver that works here."""
        return self.path / "driver.lock"

    @property
    def ray(self) -> Path:
        """Ray Tune's own files while it runs; nothing in it is kept."""
        return self.path / ".ray"

    def checkpoint(self, trial: str) -> Path:
        """Return the path of the checkpoint of a trial, by its `trial_name`."""
        return self.checkpoints / f"{trial}.safetensors"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.txt"

    def start(self, start: str) -> Path:
        """Return the path of a start that was trained here."""
        return self.starts / f"{start}.safetensors"

    def start_digest(self, start: str) -> Path:
        """Return the path of the digest of that start's weights."""
        return self.starts / f"{start}.digest"


def trial_name(number: int, trial: str) -> str:
    """Return the name of a trial's files."""
    return f"{number}_{trial}"


def start_fusion(start: str) -> str:
    """Return the table's name of a start's fusion."""
    return f"start:{start[:8]}"
