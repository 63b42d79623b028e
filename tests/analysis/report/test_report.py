"""The page: honest in every state of a sweep, harmless whatever stands in the table."""

import errno
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.report.report import write_report
from analysis.runs.open_run import open_run
from analysis.text.run_facts import provenance_line
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run

KEY = "loss.max_ratio"
FULL = [Made({KEY: i}, [{"a": {"Reward": 0.1 * i, "MSE": 0.2}}]) for i in (1, 2, 3)]
FAILED = Made({KEY: 9}, status="failed", error="the loss is nan at step 3")
STATES = {
    "empty": [],
    "waiting": [Made({KEY: 1}, status="waiting"), Made({KEY: 2}, status="running")],
    "half done": [*FULL, Made({KEY: 8}, status="waiting"), FAILED],
    "all failed": [FAILED],
    "one trial": FULL[:1],
    "nothing swept": [Made({}, [{"a": {"Reward": 0.5}}])],
    "constant": [Made({KEY: i}, [{"a": {"Reward": 0.5}}]) for i in (1, 2)],
    "not a number": [Made({KEY: i}, [{"a": {"Reward": None}}]) for i in (1, 2)],
    "without the metric": [Made({KEY: 1}, [{"a": {"VIF": 0.5}}])],
    "three seeds": [Made({KEY: i}, [{"a": {"Reward": i + s}}], seed=s) for i in (1, 2) for s in (0, 1, 2)],
}
SAYS = {
    "empty": "No trial has reported a number yet: no trials.",
    "waiting": "No trial has reported a number yet: 2 trials: 1 running, 1 waiting.",
    "half done": "5 trials: 3 finished, 1 waiting, 1 failed",
    "all failed": "the loss is nan at step 3",
    "one trial": "Best configuration: max_ratio 1 (trial 1).",
    "nothing swept": "Best configuration: the only one (trial 1).",
    "constant": "2 of 2 configurations have exactly this value",
    "not a number": "No trial has reported a number yet: 2 trials: 2 finished.",
    "without the metric": "No trial has reported Reward, which this sweep ranks by; the page opens on VIF.",
    "three seeds": "Best configuration: max_ratio 2 (trials 4, 5, 6).",
}


def page(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def without_plotly(html: str) -> str:
    return re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_sweep_gives_a_page_that_says_so(tmp_path: Path, state: str) -> None:
    assert SAYS[state] in page(make_run(tmp_path, STATES[state]))


def test_the_head_of_the_page_says_what_ran_where_and_on_what(tmp_path: Path) -> None:
    record = {"devices": ["cpu", "cpu"], "commit": {"commit": "0123456789abcdef", "dirty": True}}
    run = open_run(make_run(tmp_path, [*FULL, FAILED], record=record, n={"a": 20, "train:b": 32}))
    assert provenance_line(run) == [
        "4 trials: 3 finished, 1 failed",
        "2026-09-21 14:13 UTC",
        "2 min",
        "6 s of training",
        "trained on b (32 pairs 128x128)",
        "tested on a (20 pairs 128x128)",
        "seed 0",
        "on 2 x cpu",
        "commit 0123456789, with local changes",
    ]


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ((True,), []),
        ((False, True), ["1 run of the program was killed"]),
        ((False, False, True), ["2 runs of the program were killed"]),
        ((False,), ["the last run of the program has not ended: still running, or killed"]),
        (
            (False, True, False),
            ["1 run of the program was killed", "the last run of the program has not ended: still running, or killed"],
        ),
    ],
)
def test_only_the_last_run_of_the_program_may_be_going_on(
    tmp_path: Path, ended: tuple[bool, ...], said: list[str]
) -> None:
    run = open_run(make_run(tmp_path, FULL))
    starts = [run.provenance.iloc[[0]].assign(finished=1.0 if one else np.nan) for one in ended]
    run = replace(run, provenance=pd.concat(starts, ignore_index=True))
    assert [fact for fact in provenance_line(run) if "of the program" in fact] == said


def test_markup_in_the_table_stays_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    trials = [*FULL, Made({"loss.name": evil}, [{evil: {"Reward": 0.5}}], status="failed", error=evil)]
    html = page(make_run(tmp_path, trials, record={"sweep": evil, "command": evil, "notes": [evil]}))
    assert evil not in html
    assert html.count("<script") == html.count("</script>")
    data = re.search(r'id="data">(.*?)</script>', html, flags=re.DOTALL)
    assert data is not None
    assert evil in json.loads(data[1])["axes"][1]["values"]


def test_the_page_asks_nothing_of_the_outside(tmp_path: Path) -> None:
    html = without_plotly(page(make_run(tmp_path, STATES["half done"])))
    assert len(html) < 200_000
    assert not re.findall(r"(?:src|href|url|import)\s*[=(]\s*[\"']?\s*(?:https?:)?//", html)
    assert "default-src 'none'" in html


def test_the_page_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path, FULL)
    before = page(tmp_path)

    def full_disk(self: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(FusionError, match="No space left on device"):
        write_report(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert not list(tmp_path.glob("*.partial"))


def test_the_command_prints_the_best_and_where_the_page_is(tmp_path: Path) -> None:
    make_run(tmp_path, FULL)
    done = subprocess.run([sys.executable, "-m", "analysis", str(tmp_path)], capture_output=True, text=True, check=True)
    assert "Best configuration: max_ratio 3 (trial 3)." in done.stdout
    assert done.stdout.splitlines()[-1] == str(tmp_path / "report.html")


def test_the_command_refuses_a_folder_without_results_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "analysis", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "results.sqlite" in done.stderr
