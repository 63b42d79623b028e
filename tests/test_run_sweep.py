from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trials.helpers import rows, write_sweep

REPOSITORY = Path(__file__).parents[1]


def command(*arguments: object, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "run_sweep.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        timeout=60,
        check=False,
    )


def test_a_sweep_ends_with_the_best_weights_and_the_path_of_the_report(tmp_path: Path) -> None:
    done = command(write_sweep(tmp_path), "--out", tmp_path / "out", "--executor", "inline")
    assert (done.returncode, done.stderr) == (0, "")
    assert "best weights: max_ratio 10, grad_ratio 32 (Reward 0.72" in done.stdout
    assert f"report: {tmp_path / 'out' / 'tiny' / 'report.html'}" in done.stdout
    assert (tmp_path / "out" / "tiny" / "report.html").is_file()
    assert len(rows(tmp_path / "out" / "tiny")) > 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.yaml"], "error: missing.yaml: a sweep file must exist"),
        ([], "error: a sweep file must be given"),
        (["{sweep}", "--set", "trial.recipe.epoch=1"], "Did you mean 'epochs'?"),
        (["{sweep}", "--executor", "inline", "--workers", "2"], "error: --executor inline runs one trial at a time"),
        (["{sweep}", "--set", "trial.recipe={kind: supervised}", "--set", "trial.data.train=msrs"], "error: msrs"),
        (["{sweep}", "--device", "cuda"], "error: device must be there, but got 'cuda'"),
        (["{sweep}", "--address", "127.0.0.1:1"], "error: --address 127.0.0.1:1: a Ray cluster must answer there"),
        (["{sweep}", "--set", f"seeds={list(range(400))}"], "2,400 trials, 4,800 epochs in total. Add --yes to run it"),
        (["--fetch", "nothing"], "error: --fetch must name a known data set"),
    ],
)
def test_a_mistake_is_said_without_a_traceback_and_nothing_is_written(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    sweep = write_sweep(tmp_path)
    arguments = [argument.format(sweep=sweep) if argument.startswith("{sweep") else argument for argument in arguments]
    done = command(*arguments, "--out", tmp_path / "out", "--data-root", tmp_path, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_a_term_that_no_loss_has_comes_with_the_problems_of_the_data(tmp_path: Path) -> None:
    text = "name: tiny\ntrial: {loss: {terms: {glow: 1}}, data: {train: msrs}}\n"
    done = command(write_sweep(tmp_path, text), "--dry-run", "--data-root", tmp_path)
    terms, data = done.stderr.splitlines()
    assert done.returncode == 2
    assert "loss.terms must name terms of fusion_core/losses.py, but got 'glow'" in terms
    assert data.startswith(f"error: msrs not found under {tmp_path}")


def test_a_mistake_in_the_file_is_told_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys, runpy\n"
        "try: runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "print(code, sorted({'torch', 'ray', 'pandas', 'cv2', 'plotly'} & set(sys.modules)))"
    )
    arguments = [sys.executable, "-c", code, str(REPOSITORY / "run_sweep.py"), str(tmp_path / "missing.yaml")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv = {['run_sweep.py', 'x.yaml']!r}\n"
         + code.replace("sys.argv[1]", repr(str(REPOSITORY / "run_sweep.py")))],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=60, check=False,
    )  # fmt: skip
    assert arguments and done.stdout == "2 []\n"


def test_a_dry_run_says_what_would_run_and_writes_nothing(tmp_path: Path) -> None:
    done = command(write_sweep(tmp_path), "--dry-run", "--out", tmp_path / "out", "--workers", 2)
    assert done.returncode == 0
    first, time, disk = done.stdout.splitlines()
    assert first == f"tiny: 6 trials of 2 epochs; 0 done already in {tmp_path / 'out' / 'tiny'}, 6 to run"
    assert re.match(r"time: about 0\.\d s on 2 workers \(", time) and disk.startswith("disk: about ")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_a_dry_run_needs_no_yes_however_many_trials_there_are(tmp_path: Path) -> None:
    done = command(write_sweep(tmp_path), "--dry-run", "--set", f"seeds={list(range(400))}", "--out", tmp_path / "out")
    assert done.returncode == 0 and done.stdout.startswith("tiny: 2400 trials of 2 epochs;")


def test_a_dry_run_of_a_half_done_sweep_subtracts_and_leaves_the_run_folder_as_it_was(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path)
    command(sweep, "--out", tmp_path, "--executor", "inline", "--set", "grid.loss.grad_ratio=[2]")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tiny").rglob("*")}
    done = command(sweep, "--dry-run", "--out", tmp_path)
    assert (
        "3 done already" in done.stdout and "3 to run" in done.stdout and "from the epochs in the table" in done.stdout
    )
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tiny").rglob("*")} == before


def test_a_dry_run_of_a_sweep_on_pairs_measures_an_epoch(tmp_path: Path) -> None:
    sweep = write_sweep(
        tmp_path,
        "name: tiny\ntrial:\n  recipe: {kind: supervised, epochs: 1, batch_size: 2}\n  policy: {base_channels: 2}\n"
        "  loss: {ssim_window_size: 11}\n  data: {synthetic: {train: 4, test: 2, size: [48, 48]}}\n",
    )
    done = command(sweep, "--dry-run", "--out", tmp_path / "out")
    assert "an epoch, by 2 pairs just trained)" in done.stdout and done.returncode == 0
    assert not (tmp_path / "out").exists()


def test_a_sweep_in_which_every_trial_fails_exits_with_one(tmp_path: Path) -> None:
    done = command(write_sweep(tmp_path), "--out", tmp_path, "--executor", "inline", "--set", "trial.recipe.fail_at=1")
    assert done.returncode == 1
    assert "6 of 6 trials failed:" in done.stdout and "--retry-failed retries them" in done.stdout
