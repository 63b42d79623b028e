"""The reference's own run folders, and our exports, read as a results table is; every mistake in them named at once."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.report.report import write_report
from analysis.runs.open_run import open_run
from analysis.scores.score import score
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run
from trials.storage.exports import export

PARAMS = """exp_id,ssim_ratio,ssim_ir_ratio,max_ratio,grad_ratio,ir_compose,max_mode
1,1,1,10,2,2,l1
2,10,10,10,2,2,l1
3,1,1,4,2,2,l1
4,10,10,4,2,2,l1
"""
METRICS = """exp_id,epoch,dataset,Reward,VIF,MSE,elapsed_sec
1,1,MSRS,0.90,0.8,0.04,30
1,2,MSRS,0.98,0.9,0.03,60
1,2,PET,1.10,0.7,0.02,60
2,2,MSRS,0.50,0.4,0.06,61
2,2,PET,0.60,0.3,0.05,61
3,2,MSRS,0.70,0.5,0.07,62
4,2,MSRS,0.40,0.2,0.08,63
"""


def folder(path: Path, params: str | bytes | None = PARAMS, metrics: str | bytes | None = METRICS) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in (("params.csv", params), ("metrics.csv", metrics)):
        if text is not None:
            (path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(FusionError) as caught:
        open_run(path)
    return str(caught.value).replace(f"{path}/", "").splitlines()


def test_what_varies_is_an_axis_and_both_ssim_weights_together_are_one(tmp_path: Path) -> None:
    run = open_run(folder(tmp_path))
    assert run.axes == {"loss.ssim_shared": (1, 10), "loss.max_ratio": (4, 10)}
    assert run.record["fixed"] == {"loss.grad_ratio": 2, "loss.ir_compose": 2, "loss.max_mode": "l1"}


def test_ssim_weights_that_go_apart_are_two_axes(tmp_path: Path) -> None:
    run = open_run(folder(tmp_path, PARAMS.replace("2,10,10,", "2,10,1,")))
    assert run.axes["loss.ssim_ratio"] == run.axes["loss.ssim_ir_ratio"] == (1, 10)


def test_ssim_shared_beside_two_weights_that_stand_still_is_the_one_that_counts(tmp_path: Path) -> None:
    params = "exp_id,ssim_ratio,ssim_ir_ratio,ssim_shared\n1,1,1,1\n2,1,1,10\n"
    metrics = "exp_id,epoch,dataset,Reward\n1,1,a,1\n2,1,a,2\n"
    assert open_run(folder(tmp_path, params, metrics)).axes == {"loss.ssim_shared": (1, 10)}


def test_a_column_that_is_no_weight_of_the_loss_keeps_its_name(tmp_path: Path) -> None:
    params = "exp_id,recipe.learning_rate,note\n1,1e-4,one of three\n2,2e-4,two of three\n3,2e-4,three of three\n"
    metrics = "exp_id,epoch,dataset,Reward\n1,1,a,1\n2,1,a,2\n3,1,a,2\n"
    run = open_run(folder(tmp_path, params, metrics))
    assert run.axes == {"recipe.learning_rate": (1e-4, 2e-4)}
    assert "Taken for a label of each trial, not for a weight: note." in run.notes


def test_the_ranking_is_the_references(tmp_path: Path) -> None:
    run = open_run(folder(tmp_path))
    assert (run.rank_by.metric, run.rank_by.epoch) == ("Reward", 2)
    assert run.rank_by.dataset_weights == {"MSRS": 0.70, "PET": 0.06}
    scores = score(run)
    best = scores.ranking("Reward", "weighted mean", 2).iloc[0]
    assert best["numbers"] == (1,)
    assert best["value"] == pytest.approx((0.70 * 0.98 + 0.06 * 1.10) / 0.76)


def test_the_last_epoch_ranks_where_there_is_no_second(tmp_path: Path) -> None:
    metrics = "exp_id,epoch,dataset,Reward\n" + "".join(f"{i},1,x,{i}\n" for i in range(1, 5))
    run = open_run(folder(tmp_path, metrics=metrics))
    assert run.rank_by.epoch is None
    assert run.rank_by.dataset_weights == {}
    assert score(run).epoch == 1


def test_seconds_of_an_epoch_are_what_passed_since_the_one_before(tmp_path: Path) -> None:
    training = open_run(folder(tmp_path)).training
    assert training[training["trial"] == "1"]["value"].tolist() == [30, 30]
    assert open_run(tmp_path).trials["seconds"].tolist() == [60, 61, 62, 63]


def test_rows_with_the_same_weights_are_repeats_of_one_setting(tmp_path: Path) -> None:
    params = "exp_id,max_ratio\n" + "".join(f"{i},10\n" for i in (1, 2, 3))
    metrics = "exp_id,epoch,dataset,Reward\n1,1,a,1\n2,1,a,2\n3,1,a,6\n"
    scores = score(run := open_run(folder(tmp_path, params, metrics)))
    assert run.trials["seed"].tolist() == [0, 1, 2]
    assert len(scores.settings) == 1
    assert scores.trials.mean[0, 1, 0, 0] == 3
    assert "Seeds are not recorded: they are counted here, 0 for the first trial of a configuration." in run.notes
    assert any("2 trials have the weights and the seed of another one" in note for note in run.notes)


def test_our_own_exports_give_the_numbers_of_the_table_they_came_from(tmp_path: Path) -> None:
    trials = [
        Made({"loss.max_ratio": a, "loss.ssim_shared": s},
             [{"a": {"Reward": a + s + e, "MSE": 1 / a}, "b": {"Reward": a, "MSE": None}} for e in (0, 0.5)], seed=k)
        for a, s, k in product((4, 10), (1, 32), (0, 1))
    ]  # fmt: skip
    table = make_run(
        tmp_path / "table", [*trials, Made({"loss.max_ratio": 99, "loss.ssim_shared": 1}, status="failed")]
    )
    export(table)
    csvs = folder(tmp_path / "csvs", (table / "params.csv").read_text(), (table / "metrics.csv").read_text())
    ours, theirs = open_run(table), open_run(csvs)
    assert theirs.axes == {key: ours.axes[key] for key in theirs.axes}
    assert set(theirs.axes) == set(ours.axes)
    assert theirs.trials["seed"].tolist() == ours.trials["seed"].tolist()
    assert theirs.trials["status"].tolist() == ours.trials["status"].tolist()
    a, b = score(ours), score(theirs)
    assert a.datasets == b.datasets
    assert a.epochs == b.epochs
    for name in a.metrics:
        ours_mean, theirs_mean = (scores.trials.mean[scores.metrics.index(name)] for scores in (a, b))
        np.testing.assert_allclose(ours_mean, theirs_mean)


TWISTS: dict[str, Callable[[str], str | bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "windows ends of line": lambda text: text.replace("\n", "\r\n"),
    "semicolons": lambda text: text.replace(",", ";"),
    "semicolons and decimal commas": lambda text: text.replace(",", ";").replace(".", ","),
    "tabs": lambda text: text.replace(",", "\t"),
    "blanks around cells": lambda text: text.replace(",", " , "),
    "quotes": lambda text: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()),
    "empty lines": lambda text: text.replace("\n", "\n\n"),
    "no last end of line": lambda text: text.rstrip("\n"),
    "numbers written as floats": lambda text: "".join(
        f"{line.split(',', 1)[0]}.0,{line.split(',', 1)[1]}" if line[0].isdigit() else line
        for line in text.splitlines(keepends=True)
    ),
    "an index column without a name": lambda text: "".join(f",{line}" for line in text.splitlines(keepends=True)),
}


@pytest.mark.parametrize("twist", TWISTS)
def test_however_the_file_was_saved_the_numbers_are_the_same(tmp_path: Path, twist: str) -> None:
    plain = open_run(folder(tmp_path / "plain"))
    twisted = open_run(folder(tmp_path / "twisted", TWISTS[twist](PARAMS), TWISTS[twist](METRICS)))
    assert twisted.axes == plain.axes
    assert twisted.metrics.equals(plain.metrics)
    assert twisted.training.equals(plain.training)
    assert twisted.trials.equals(plain.trials)


def test_all_problems_of_both_files_come_at_once_with_their_lines(tmp_path: Path) -> None:
    params = PARAMS.replace("3,1,1,4", "1,1,1,four").replace("4,10,10,4,2,2,l1", "4,10,10")
    metrics = METRICS.replace("1,2,MSRS,0.98", "1,2,MSRS,much").replace("2,2,PET", "99,2,PET").replace("3,2,", "3,x,")
    assert problems(folder(tmp_path, params, metrics)) == [
        "params.csv:5: must have 7 cells, as the first line has, but has 3; the line may be cut off",
        "params.csv:4: exp_id 1 must be there once, but line 2 has it too; remove one",
        "params.csv:4: max_ratio must be a number, but got 'four'",
        "metrics.csv:7: epoch must be a whole number, 0 or more, but got 'x'",
        "metrics.csv:6: exp_id must be one of params.csv, but got '99'; add its weights there, or remove the row",
        "metrics.csv:7: exp_id must be one of params.csv, but got '3'; add its weights there, or remove the row",
        "metrics.csv:8: exp_id must be one of params.csv, but got '4'; add its weights there, or remove the row",
        "metrics.csv:3: Reward must be a number, but got 'much'",
    ]


@pytest.mark.parametrize(
    ("params", "metrics", "said"),
    [
        (None, METRICS, "params.csv: this file must be there"),
        (PARAMS, None, "metrics.csv: this file must be there"),
        ("", METRICS, "params.csv: must have a line of column names, but the file is empty"),
        (PARAMS, "\n\n", "metrics.csv: must have a line of column names, but the file is empty"),
        (PARAMS.encode("utf-16"), METRICS, "params.csv: must be text in UTF-8"),
        (PARAMS, METRICS.replace("exp_id", "exp-id"), "metrics.csv:1: there must be a column 'exp_id'"),
        (PARAMS, METRICS.replace("VIF", "Reward"), "metrics.csv:1: column 'Reward' must be there once, but is 2 times"),
        (PARAMS, "exp_id,epoch,dataset\n1,1,a\n", "metrics.csv:1: there must be a column for at least one metric"),
        (PARAMS, METRICS.replace("2,2,PET", "2,2,MSRS"), "metrics.csv:6: exp_id 2, epoch 2, dataset MSRS must"),
        (PARAMS, METRICS.replace("2,2,PET", "2,2,"), "metrics.csv:6: dataset must be given"),
        (PARAMS, METRICS.replace("2,2,PET", "2,1.5,PET"), "metrics.csv:6: epoch must be a whole number"),
        (PARAMS.replace("3,1,1,4", "3,1,1,"), METRICS, "params.csv:4: max_ratio must be given"),
        (PARAMS.replace("3,1,1,4", "3,1,1,inf"), METRICS, "params.csv:4: max_ratio must be finite"),
        (PARAMS.replace("exp_id", "status,exp_id").replace("\n", "\ndone,", 4), METRICS, "params.csv:2: status must"),
        ("exp_id,ssim_ratio,ssim_ir_ratio,ssim_shared\n1,1,1,1\n2,10,10,32\n", "exp_id,epoch,dataset,VIF\n1,1,a,1",
         "params.csv:3: ssim_shared must be what ssim_ratio and ssim_ir_ratio are, but is 32 beside 10 and 10"),
        (PARAMS, METRICS + '9,"', "metrics.csv:9: must have 7 cells"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place(
    tmp_path: Path, params: str | bytes | None, metrics: str | None, said: str
) -> None:
    assert problems(folder(tmp_path, params, metrics))[0].startswith(said)


def test_a_hundred_mistakes_are_twenty_lines_and_a_count(tmp_path: Path) -> None:
    rows = "".join(f"{i},1,a,1,1,1,1\n" for i in range(100, 200))
    found = problems(folder(tmp_path, metrics=METRICS + rows))
    assert len(found) == 21
    assert found[-1] == "... and 80 more problems"


def test_an_empty_or_endless_cell_is_a_missing_value_and_is_counted(tmp_path: Path) -> None:
    run = open_run(folder(tmp_path, metrics=METRICS.replace("0.98,0.9", "nan,inf").replace("0.50", "")))
    assert run.metrics["mean"].isna().sum() == 3
    assert "3 cells of metrics.csv are empty or not finite: they count as missing." in run.notes


def test_a_trial_without_numbers_stopped_and_is_counted(tmp_path: Path) -> None:
    run = open_run(folder(tmp_path, PARAMS + "5,1,1,40,2,2,l1\n"))
    assert run.trials["status"].tolist() == ["finished"] * 4 + ["stopped"]
    assert "1 of 5 trials have no row in metrics.csv." in run.notes


def test_tables_without_a_row_give_a_page_that_says_so(tmp_path: Path) -> None:
    path = folder(tmp_path, PARAMS.splitlines()[0], METRICS.splitlines()[0])
    assert "No trial has reported a number yet" in write_report(path).read_text(encoding="utf-8")


def test_the_results_table_wins_over_the_exports_beside_it(tmp_path: Path) -> None:
    make_run(tmp_path, [Made({"loss.max_ratio": 1}, [{"a": {"Reward": 0.5}}])])
    assert open_run(folder(tmp_path)).name == "by_hand"


def test_the_pickled_results_of_the_reference_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder(tmp_path) / "all_results.pth").write_bytes(b"whatever is in here would run")
    opened: list[str] = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(self.name), real(self, *a, **k))[1])
    open_run(tmp_path)
    assert opened == ["params.csv", "metrics.csv"]


@settings(deadline=None, max_examples=25)
@given(st.permutations(METRICS.splitlines()[1:]), st.permutations(PARAMS.splitlines()[1:]))
def test_the_order_of_lines_changes_no_number(rows: list[str], params: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        run = open_run(folder(Path(name), "\n".join([PARAMS.splitlines()[0], *params]),
                              "\n".join([METRICS.splitlines()[0], *rows])))  # fmt: skip
    ranking = score(run).ranking("Reward", "weighted mean", 2)
    assert [numbers for numbers in ranking["numbers"] if numbers] == [(1,), (3,), (2,), (4,)]
