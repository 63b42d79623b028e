"""What is right for any input whatever: a value that keeps its promises, or one error that a user can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fusion_core.data.headers import MAX_PIXELS
from fusion_core.data.reading import read_picture
from fusion_core.errors import ConfigError, DataError, FusionError
from tests.fuzz.sweep_inputs import SweepInput
from trials.document.problems import MOST
from trials.search.planner import Planner
from trials.search.sampler import Sampling
from trials.space.dimension import KIND
from trials.space.from_spec import space_of
from trials.space.grid import expand
from trials.space.size import count_epochs, count_settings, count_trials
from trials.spec.identity import trial_id
from trials.spec.sweep import SweepSpec
from trials.sweepfile.load import load

LONGEST_LINE = 2000
MOST_EXPANDED = 50
DRAWN = 3


def read_sweep(given: SweepInput, path: Path) -> bool:
    """Return whether a sweep file is read. Raises AssertionError, or whatever the loader lets through."""
    path.write_bytes(given.content)
    try:
        spec = load(path, given.overrides)
    except ConfigError as problem:
        check_message(problem, MOST + 1)
        return False
    assert count_trials(spec) >= count_settings(spec) >= 1 and count_epochs(spec) >= count_trials(spec)
    if spec.search.adaptive:
        check_space(spec)
    elif count_trials(spec) <= MOST_EXPANDED:
        trials = expand(spec)
        assert len(trials) == count_settings(spec) * len(spec.seeds)
        assert len({trial_id(trial.config, {}) for trial in trials}) <= len(trials)
    return True


def check_space(spec: SweepSpec) -> None:
    """Assert that a sampler can draw from a space, and that trials can be made of it or are refused with a reason."""
    space, planner = space_of(spec), Planner(spec.trial, {}, "cohort")
    sampling = Sampling(space, spec.search, spec.search.objectives or (spec.rank_by.metric,))
    for setting in [sampling.ask()[1] for _ in range(DRAWN)] + space.examples()[:MOST_EXPANDED]:
        assert space.part_of({KIND: space.kind, **setting}) == setting
        assert (why := planner.refused(setting)) is None or why.isprintable()


def read_picture_file(content: bytes, path: Path) -> bool:
    """Return whether an image is read. Raises AssertionError, or whatever the reader lets through."""
    path.write_bytes(content)
    try:
        pixels = read_picture(path).pixels
    except DataError as problem:
        check_message(problem, 1)
        assert str(path) in str(problem)
        return False
    assert pixels.dtype == np.uint8 and pixels.flags["C_CONTIGUOUS"]
    assert pixels.ndim == 2 or pixels.shape[2:] == (3,)
    assert 1 <= pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS
    return True


def check_message(problem: FusionError, most_lines: int) -> None:
    """Assert that an error can be printed, steers no terminal, and is no longer than can be read."""
    lines = str(problem).splitlines()
    assert 1 <= len(lines) <= most_lines
    for line in lines:
        assert line.isprintable() and len(line) <= LONGEST_LINE, line
        line.encode()
