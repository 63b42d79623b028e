"""Which metric, data set and epoch a paper is about, and which published rows go into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.findings.findings import Findings
from analysis.paper.methods import Published, read_methods
from analysis.paper.subject import Subject
from analysis.scores.metrics import ALL
from fusion_core.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Choice:
    """What is asked of a paper, None as the sweep says; `methods` is a CSV of published rows, `top` counts settings."""

    metric: str | None = None
    epoch: int | None = None
    dataset: str | None = None
    top: int = 10
    methods: Path | None = None


def asked(findings: Findings, choice: Choice) -> tuple[Subject | None, list[Published]]:
    """Return what the paper is about and the published rows; every mistake in either is in one ConfigError."""
    subject: Subject | None = None
    published: list[Published] = []
    problems: list[str] = []
    try:
        subject = _subject(findings, choice)
    except ConfigError as problem:
        problems += problem.problems
    try:
        published = read_methods(Path(choice.methods), findings.scores.datasets) if choice.methods else []
    except ConfigError as problem:
        problems += problem.problems
    if problems:
        raise ConfigError(*problems)
    return subject, published


def _subject(findings: Findings, choice: Choice) -> Subject | None:
    """Look at a run as asked, else as its sweep ranks; None where no trial has reported a number yet.

    Raises ConfigError that lists every wrong choice.
    """
    scores = findings.scores
    if not scores.metrics:
        return None
    # The mean over a single data set is that data set: it is called by its name.
    usual = scores.datasets[1] if len(scores.datasets) == 2 else ALL
    problems = []
    for what, wanted, known in (
        ("--metric", choice.metric, scores.metrics),
        ("--dataset", choice.dataset, scores.datasets),
        ("--epoch", choice.epoch, scores.epochs),
    ):
        if wanted is not None and wanted not in known:
            hint = did_you_mean(str(wanted), [str(one) for one in known])
            problems.append(f"{what} must be one that {findings.run.name} has, but got {wanted!r}.{hint}")
    if choice.top < 1:
        problems.append(f"--top must be 1 or more, but got {choice.top}.")
    if problems:
        raise ConfigError(*problems)
    epoch = scores.epoch if choice.epoch is None else choice.epoch
    return Subject(findings, choice.metric or scores.metric, choice.dataset or usual, epoch, choice.top)
