"""Which metric, data set and epoch a paper is about, and which published rows go into it."""

from __future__ import annotations

from pathlib import Path

from analysis.paper.methods import Published, read_methods
from analysis.paper.subject import Subject
from analysis.ranking import ALL, Scores
from analysis.tables import Run
from fusion_core.errors import ConfigError, did_you_mean


def asked(
    run: Run, scores: Scores, methods: Path | None, choices: tuple[str | None, int | None, str | None, int]
) -> tuple[Subject | None, list[Published]]:
    """Return what the paper is about and the published rows; every mistake in either is in one ConfigError."""
    subject: Subject | None = None
    published: list[Published] = []
    problems: list[str] = []
    try:
        subject = _subject(run, scores, *choices)
    except ConfigError as problem:
        problems += problem.problems
    try:
        published = read_methods(Path(methods), scores.datasets) if methods else []
    except ConfigError as problem:
        problems += problem.problems
    if problems:
        raise ConfigError(*problems)
    return subject, published


def _subject(
    run: Run, scores: Scores, metric: str | None, epoch: int | None, dataset: str | None, top: int
) -> Subject | None:
    """Look at a run as asked, else as its sweep ranks; None where no trial has reported a number yet.

    Raises ConfigError that lists every wrong choice.
    """
    if not scores.metrics:
        return None
    # The mean over a single data set is that data set: it is called by its name.
    usual = scores.datasets[1] if len(scores.datasets) == 2 else ALL
    problems = []
    for what, wanted, known in (
        ("--metric", metric, scores.metrics),
        ("--dataset", dataset, scores.datasets),
        ("--epoch", epoch, scores.epochs),
    ):
        if wanted is not None and wanted not in known:
            hint = did_you_mean(str(wanted), [str(one) for one in known])
            problems.append(f"{what} must be one that {run.name} has, but got {wanted!r}.{hint}")
    if top < 1:
        problems.append(f"--top must be 1 or more, but got {top}.")
    if problems:
        raise ConfigError(*problems)
    return Subject(
        run, scores, metric or scores.metric, dataset or usual, scores.epoch if epoch is None else epoch, top
    )
