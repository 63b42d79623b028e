from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.trials.helpers import epoch_report
from trials.console.display import Display
from trials.console.tally import Tally
from trials.console.text import duration, parameters_text
from trials.ranking.leaderboard import RankedTrial
from trials.storage.results import TrialRow
from trials.sweep.summary import summary
from trials.worker.messages import Report

MARKUP = "[bold]x[/bold]"


def row(number: int, status: str = "waiting", done: int = 0, error: str | None = None) -> TrialRow:
    return TrialRow(f"id{number}", number, status, 0, 4, done, error)


def report(epoch: int, *, last: bool = False, seconds: float = 2.0) -> Report:
    return Report("id1", epoch_report(epoch, {"s": {"VIF": 1.0}}, seconds), last=last, score=0.5)


def display(*, terminal: bool) -> tuple[Display, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, highlight=False, color_system=None)
    return Display("demo", Path("runs/demo"), "Reward", console), stream


BEST = [
    RankedTrial(3, "id3", {"loss.max_ratio": 4, "loss.mode": MARKUP}, 0, 2, 0.71234),
    RankedTrial(1, "id1", {"loss.max_ratio": 16, "loss.mode": "l1"}, 0, 2, 0.5),
]


def test_the_time_left_comes_from_the_seconds_of_an_epoch_and_the_workers() -> None:
    tally = Tally.of([row(1), row(2, done=2), row(3, "finished", 4), row(4, "failed", 1)])
    assert (tally.total, tally.finished, tally.failed, tally.epochs_left) == (4, 1, 1, 6)
    assert tally.seconds_left is None
    tally.workers = 2
    tally.report(report(1))
    assert tally.seconds_left == 5 * 2.0 / 2


def test_the_last_report_of_a_trial_counts_it_as_finished() -> None:
    tally = Tally.of([row(1)])
    tally.running = 1
    tally.report(report(4, last=True))
    assert (tally.finished, tally.running, tally.done) == (1, 0, 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (8.26, "8.3 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_live_table_shows_counts_and_the_best_with_their_weights_as_they_are() -> None:
    shown, stream = display(terminal=True)
    shown.begin([row(1), row(2), row(3, "finished", 4)], BEST)
    with shown:
        shown.started(row(1))
    text = stream.getvalue()
    assert "1 done · 1 running · 0 failed · 3 in all" in text
    assert "0.7123" in text and "max_ratio" in text and MARKUP in text


def test_where_there_is_no_terminal_a_line_comes_at_most_every_ten_seconds() -> None:
    shown, stream = display(terminal=False)
    shown.begin([row(number) for number in range(1, 5)], [])
    with shown:
        for number in range(1, 4):
            shown.started(row(number))
            shown.reported(row(number), report(4, last=True), BEST)
    lines = stream.getvalue().splitlines()
    assert lines == ["1/4 trials, 30 s left, best Reward 0.7123 (max_ratio 4, mode [bold]x[/bold])"]


def test_a_failed_trial_is_named_with_its_reason_at_once() -> None:
    shown, stream = display(terminal=False)
    shown.begin([row(1)], [])
    shown.failed(row(1), f"the loss is nan {MARKUP}")
    assert stream.getvalue() == f"trial 1 failed: the loss is nan {MARKUP}\n"


def test_a_note_is_said_once() -> None:
    shown, stream = display(terminal=False)
    shown.note("no CUDA device")
    shown.note("no CUDA device")
    assert stream.getvalue() == "no CUDA device\n"


def test_swept_values_are_said_by_the_last_part_of_their_names() -> None:
    assert parameters_text({"loss.max_ratio": 4, "recipe.learning_rate": 0.001}) == "max_ratio 4, learning_rate 0.001"
    assert parameters_text({}) == "nothing is swept"


@pytest.mark.parametrize("stopped", [False, True])
def test_the_summary_names_the_best_weights_the_report_and_how_to_go_on(tmp_path: Path, stopped: bool) -> None:
    from trials.sweep.options import Outcome

    (tmp_path / "checkpoints").mkdir()
    tally = Tally(total=4, finished=2, failed=1)
    outcome = Outcome(tmp_path, "Reward", BEST, [row(2, "failed", 1, f"nan {MARKUP}")], tally, stopped)
    stream = io.StringIO()
    parts = summary(outcome, tmp_path / "report.html", "python run_sweep.py a.yaml", 75)
    Console(file=stream, width=60).print(*parts, sep="\n", soft_wrap=True)
    text = stream.getvalue()
    assert "best weights: max_ratio 4, mode [bold]x[/bold] (Reward 0.7123)\n" in text
    assert f"report: {tmp_path / 'report.html'}\n" in text and f"checkpoints: {tmp_path / 'checkpoints'}\n" in text
    assert f"1 of 4 trials failed:\n  trial 2: nan {MARKUP}\n" in text
    assert ("To resume:\n  python run_sweep.py a.yaml\n" in text) == stopped
    assert ("2 of 4 trials finished, 1 min 15 s\n" in text) != stopped
