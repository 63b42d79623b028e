"""All rules between sections of a sweep file."""

from __future__ import annotations

from typing import Any

from trials.document.problems import Problem, first_of
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.data import data_problems, size_problems
from trials.sweepfile.rules.no_effect import idle_axis_problems
from trials.sweepfile.rules.reward import idle_problems, reward_size_problems, simplex_problems, start_problems
from trials.sweepfile.rules.search import confirm_problems, search_problems, stop_problems
from trials.sweepfile.rules.space import no_effect_problems, range_problems
from trials.sweepfile.rules.sweep import (
    epoch_problems,
    override_problems,
    rank_problems,
    seed_problems,
    share_problems,
    ssim_problems,
    term_problems,
)


def cross_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """Return the problems between keys that are each valid."""
    rules = (
        seed_problems, rank_problems, epoch_problems, ssim_problems, data_problems, size_problems, share_problems,
        override_problems, term_problems, start_problems, idle_problems,
        idle_axis_problems, simplex_problems, reward_size_problems, search_problems, range_problems, stop_problems,
        no_effect_problems, confirm_problems,
    )  # fmt: skip
    return [problem for rule in rules for problem in first_of(rule(root, data))]
