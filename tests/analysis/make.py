"""Results tables made by hand, so that every number of a report has a known answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trials.storage.results import PlannedTrial, Results

Values = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Made:
    """A trial: `epochs` holds values[dataset][metric] for each epoch it reported."""

    parameters: Mapping[str, Any]
    epochs: Sequence[Values] = ()
    status: str = "finished"
    seed: int = 0
    error: str | None = None
    cohort: str = "c1"
    config: Mapping[str, Any] = field(default_factory=dict)


def seen(images: Mapping[str, Mapping[str, Sequence[float]]]) -> Values:
    """Return values whose means and per-image values are those of `images`[dataset][metric]."""
    return {name: {metric: Seen(values) for metric, values in some.items()} for name, some in images.items()}


class Seen(float):
    """A mean that knows the images it is of."""

    images: Sequence[float]

    def __new__(cls, images: Sequence[float]) -> Seen:
        made = super().__new__(cls, float(np.mean(images)))
        made.images = images
        return made


def make_run(
    folder: Path,
    trials: Sequence[Made],
    *,
    baselines: Mapping[str, Values] | None = None,
    rank_by: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
    n: Mapping[str, int] | None = None,
    std: float = 0.1,
    training: Mapping[int, Sequence[Mapping[str, float]]] | None = None,
    print_of: str = "f",
) -> Path:
    """Write `folder`/results.sqlite; `baselines` are [fusion][dataset][metric], `n` images per data set (else 10).

    `training` has what each trial (by its place) logged per epoch; `print_of` is the fingerprint of every data set.
    """
    n = n or {}
    with Results.open(folder / "results.sqlite") as results:
        planned = [
            PlannedTrial(f"id{i}", made.cohort, made.parameters, json.dumps(_config(made)), made.seed, 2)
            for i, made in enumerate(trials)
        ]
        results.register(planned)
        write = results.connection.execute
        write("BEGIN")
        for plan, made in zip(planned, trials, strict=True):
            update = "UPDATE trials SET status = ?, error = ?, seconds = ? WHERE id = ?"
            write(update, (made.status, made.error, 2.0 * len(made.epochs), plan.id))
            for epoch, values in enumerate(made.epochs, start=1):
                for dataset, metrics in values.items():
                    for metric, mean in metrics.items():
                        images = getattr(mean, "images", None)
                        count = n.get(dataset, 10) if images is None else len(images)
                        blob = None if images is None else np.asarray(images, "<f4").tobytes()
                        value = None if mean is None else float(mean)
                        row = (plan.id, epoch, dataset, metric, value, None if mean is None else std, count, blob)
                        write("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for fusion, sets in (baselines or {}).items():
            for dataset, metrics in sets.items():
                for metric, mean in metrics.items():
                    images = getattr(mean, "images", None)
                    blob = None if images is None else np.asarray(images, "<f4").tobytes()
                    row = ("c1", dataset, fusion, metric, float(mean or 0), std, n.get(dataset, 10), blob)
                    write("INSERT INTO baselines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for place, epochs in (training or {}).items():
            for epoch, logged in enumerate(epochs, start=1):
                rows = [(f"id{place}", epoch, name, value) for name, value in logged.items()]
                results.connection.executemany("INSERT INTO training VALUES (?, ?, ?, ?)", rows)
        for dataset, pairs in n.items():
            write("INSERT INTO datasets VALUES ('c1', ?, ?, 'test', ?, 128, 128, '[]')", (dataset, print_of, pairs))
        write("COMMIT")
        text = {"sweep": "by_hand", "resolved": {"rank_by": rank_by or {"metric": "Reward"}}, **(record or {})}
        run = results.begin_run(1_790_000_000.0, text)
        results.end_run(run, 1_790_000_100.0, 100.0)
    return folder


def _config(made: Made) -> dict[str, Any]:
    config: dict[str, Any] = {"seed": made.seed, **made.config}
    for key, value in made.parameters.items():
        *sections, name = key.split(".")
        part = config
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = value
    return config
