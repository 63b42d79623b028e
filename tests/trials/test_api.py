"""Sweeps from Python, on the main thread and off it."""

from __future__ import annotations

import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import trials
from fusion_core.errors import ConfigError
from tests.trials.helpers import rows

ARITHMETIC = """\
name: counted
trial: {recipe: {kind: arithmetic, epochs: 3}}
grid:
  loss.max_ratio: [4, 8, 16]
  loss.grad_ratio: [2, 40]
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    path = tmp_path / "counted.yaml"
    path.write_text(ARITHMETIC)
    return path


def in_a_thread(work: Any) -> Any:
    """Return what `work` returns, or raise what it raises, off the main thread."""
    found: dict[str, Any] = {}

    def call() -> None:
        try:
            found["value"] = work()
        except BaseException as problem:  # noqa: BLE001 - raised again by the caller
            found["problem"] = problem

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(120)
    if "problem" in found:
        raise found["problem"]
    return found["value"]


def test_a_sweep_runs_off_the_main_thread_as_on_it(sweep: Path, tmp_path: Path) -> None:
    here = trials.run_sweep(sweep, out=tmp_path / "here", executor="inline", quiet=True)
    there = in_a_thread(lambda: trials.run_sweep(sweep, out=tmp_path / "there", executor="inline", quiet=True))
    assert here.tally.finished == there.tally.finished == 6 and not there.stopped
    assert rows(here.run) == rows(there.run)


@pytest.mark.alone
@pytest.mark.slow
def test_a_sweep_runs_on_ray_off_the_main_thread(sweep: Path, tmp_path: Path) -> None:
    inline = trials.run_sweep(sweep, out=tmp_path / "inline", executor="inline", quiet=True)
    on_ray = in_a_thread(lambda: trials.run_sweep(sweep, out=tmp_path / "ray", executor="ray", workers=1, quiet=True))
    assert rows(inline.run) == rows(on_ray.run)


def test_a_sweep_in_a_thread_stops_where_it_is_asked_to_and_resumes(sweep: Path, tmp_path: Path) -> None:
    stop = trials.Stop()
    stop.request()
    with pytest.raises(BaseException, match=r"^$") as stopped:
        in_a_thread(lambda: trials.run_sweep(sweep, out=tmp_path, executor="inline", quiet=True, stop=stop))
    assert type(stopped.value).__name__ == "Stopped"
    assert in_a_thread(lambda: trials.run_sweep(sweep, out=tmp_path, executor="inline", quiet=True)).tally.finished == 6


def test_a_sweep_is_loaded_with_overrides_and_refused_with_every_problem(sweep: Path) -> None:
    spec = trials.load_sweep(sweep, ["trial.recipe.epochs=1"])
    assert spec.trial.recipe.epochs == 1 and isinstance(spec, trials.SweepSpec)
    with pytest.raises(ConfigError) as refused:
        trials.load_sweep(sweep, ["trial.recipe.epochs=0", "keep_bst=1"])
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize("target", ["run_sweep:command", "analysis.__main__:app", "fusion_core.__main__:main"])
def test_the_installed_commands_exist(target: str) -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'"{target}"' in text
    assert callable(EntryPoint("name", target, "console_scripts").load())
