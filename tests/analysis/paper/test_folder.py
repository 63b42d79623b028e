"""The paper folder: whole, the same every time, and in every state of a sweep a reason for what is not there."""

import shutil
import subprocess
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.paper import Choice, paper_files, write_paper
from analysis.paper.style import save
from analysis.paper.write import FIGURES, TABLES
from fusion_core.atomic_files import DiskError
from fusion_core.errors import ConfigError, FusionError
from tests.analysis.make import Made, make_run
from tests.analysis.paper.test_tables import GRAD, MAX, UNTRAINED, grid
from tests.analysis.paper.tex import check

FULL = [Made({MAX: i}, [{"a": {"Reward": 0.1 * i, "MSE": 0.2}}]) for i in (1, 2, 3)]
FAILED = Made({MAX: 9}, status="failed", error="the loss is nan at step 3")
STATES = {
    "empty": [],
    "waiting": [Made({MAX: 1}, status="waiting"), Made({MAX: 2}, status="running")],
    "half done": [*FULL, Made({MAX: 8}, status="waiting"), FAILED],
    "all failed": [FAILED],
    "one trial": FULL[:1],
    "nothing swept": [Made({}, [{"a": {"Reward": 0.5}}])],
    "constant": [Made({MAX: i}, [{"a": {"Reward": 0.5}}]) for i in (1, 2)],
    "not a number": [Made({MAX: i}, [{"a": {"Reward": None}}]) for i in (1, 2)],
    "without the metric": [Made({MAX: 1}, [{"a": {"VIF": 0.5}}])],
    "three seeds": [Made({MAX: i}, [{"a": {"Reward": i + s}}], seed=s) for i in (1, 2) for s in (0, 1, 2)],
    "a lost epoch": [Made({MAX: i}, [{"a": {"Reward": float(i)}}] * i) for i in (1, 2)],
    "a value missing": [Made({MAX: 1}, [{"a": {"Reward": 1.0}}]), Made({MAX: 2, GRAD: 3}, [{"a": {"Reward": 2.0}}])],
    "searched": [Made({MAX: i / 7}, [{"a": {"Reward": i % 13, "VIF": i % 5}}]) for i in range(40)],
}  # fmt: skip
SAYS = {
    "empty": "every figure and table: No trial has reported a number yet.",
    "waiting": "every figure and table: No trial has reported a number yet.",
    "half done": "importance: Importance needs two parameters that vary.",
    "all failed": "every figure and table: No trial has reported a number yet.",
    "one trial": "bounds: A bound per value needs a parameter that has two values.",
    "nothing swept": "heatmap\\_numeric: A heatmap needs two configurations with a number.",
    "constant": "tradeoffs: Reward is the same for every configuration: there is nothing to trade.",
    "not a number": "every figure and table: No configuration has a number of Reward",
    "without the metric": "No trial has reported Reward, which this sweep ranks by",
    "three seeds": "epochs: Curves over epochs need two epochs.",
    "a lost epoch": "parallel: Parallel coordinates need two configurations with a number.",
    "a value missing": "training: No loss term was logged.",
    "searched": "importance: Importance needs two parameters that vary.",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("run"), grid(), baselines=UNTRAINED)
    write_paper(folder)
    return folder


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_sweep_gives_what_can_be_had_and_reasons_for_the_rest(tmp_path: Path, state: str) -> None:
    files = write_paper(make_run(tmp_path, STATES[state]))
    assert files[-1] == tmp_path / "paper" / "notes.md"
    assert SAYS[state] in files[-1].read_text(encoding="utf-8")
    assert all(file.stat().st_size > 0 for file in files)


def test_every_figure_is_a_pdf_and_a_png_and_every_table_comes_in_three_forms(run: Path) -> None:
    names = {file.name for file in (run / "paper").iterdir()}
    stems = {name.partition(".")[0] for name in names}
    assert set(FIGURES) - stems == {"pairs", "epochs", "training", "noise", "gallery", "lift", "reward"}
    assert {f"table_{name}" for name in (*TABLES, "comparison") if name not in ("lift", "model_size")} <= stems
    for stem in stems & set(FIGURES):
        assert {f"{stem}.pdf", f"{stem}.png"} <= names
    for stem in (stem for stem in stems if stem.startswith("table_")):
        assert {f"{stem}.tex", f"{stem}.md", f"{stem}.csv"} <= names
    assert {"captions.tex", "captions.md", "notes.md"} <= names


def test_every_piece_of_latex_can_be_set(run: Path) -> None:
    files = sorted((run / "paper").glob("*.tex"))
    assert len(files) == len(TABLES)  # no lift and no models, but the comparison and the captions
    for file in files:
        assert check(file.read_text(encoding="utf-8")) == [], file.name


@pytest.mark.slow
def test_names_that_steer_tex_do_no_harm(tmp_path: Path) -> None:
    odd = r"loss.a_%&#$\x{"
    trials = [
        Made({"loss.mode": mode, odd: i}, [{"a_b": {"Reward": i + len(mode), "Nabf": 1e-7 * i}}])
        for mode, i in product(("l1", "hu_ber", "50%"), (1, 2))
    ]
    files = write_paper(make_run(tmp_path, trials))
    for file in files:
        if file.suffix == ".tex":
            assert check(file.read_text(encoding="utf-8")) == [], file.name
    assert r"a\_\%\&\#\$\textbackslash{}x\{" in (tmp_path / "paper" / "table_top.tex").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here: tables are checked by a reader of ours")
def test_pdflatex_sets_tables_captions_and_figures(run: Path, tmp_path: Path) -> None:
    tables = "\n".join(rf"\input{{{file.name}}}" for file in sorted((run / "paper").glob("table_*.tex")))
    (run / "paper" / "all.tex").write_text(
        r"\documentclass[twocolumn]{article}\usepackage[utf8]{inputenc}\usepackage{booktabs,graphicx}\begin{document}"
        rf"\input{{captions}}{tables}\begin{{figure*}}\includegraphics{{bounds.pdf}}\caption{{\captionBounds}}"
        r"\end{figure*}\end{document}",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"-output-directory={tmp_path}", "all.tex"]
    done = subprocess.run(command, cwd=run / "paper", capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(run: Path, tmp_path: Path) -> None:
    files = write_paper(run, tmp_path / "again")
    assert len(files) > 30
    for file in files:
        assert file.read_bytes() == (run / "paper" / file.name).read_bytes(), file.name


def test_no_half_written_file_is_left(run: Path) -> None:
    assert not [file for file in (run / "paper").iterdir() if file.name.startswith(".")]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / "x.png"
    old.write_text("old")

    class BreaksOff(Figure):
        def savefig(self, fname: Path, **options: object) -> None:
            fname.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(DiskError, match="full"):
        save(BreaksOff(), old)
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]
    assert old.read_text() == "old"


def test_files_come_one_by_one_as_they_are_written(run: Path, tmp_path: Path) -> None:
    files = paper_files(run, tmp_path / "slowly")
    first = next(files)
    assert first.is_file()
    assert len(list(first.parent.iterdir())) <= 2


def test_a_figure_of_an_earlier_run_that_cannot_be_made_any_more_is_named(tmp_path: Path) -> None:
    make_run(tmp_path, FULL[:1])
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "noise.pdf").write_bytes(b"old")
    (tmp_path / "paper" / "mine.txt").write_bytes(b"the user's own")
    write_paper(tmp_path)
    notes = (tmp_path / "paper" / "notes.md").read_text(encoding="utf-8")
    assert "noise.pdf" in notes.partition("From an earlier run")[2]
    assert "mine.txt" not in notes
    assert (tmp_path / "paper" / "noise.pdf").read_bytes() == b"old"


def test_every_wrong_choice_and_every_mistake_in_the_methods_is_named_at_once(run: Path, tmp_path: Path) -> None:
    methods = tmp_path / "methods.csv"
    methods.write_text("method,VIFF\nA,1\n")
    with pytest.raises(ConfigError) as caught:
        write_paper(run, tmp_path / "out", Choice("Rewart", 9, "b", 0, methods))
    said = "\n".join(caught.value.problems)
    for part in ("'Rewart'", "Did you mean 'Reward'?", "--dataset", "--epoch", "--top", "'VIFF'"):
        assert part in said
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FusionError):
        write_paper(tmp_path)


@pytest.mark.slow
def test_another_metric_is_what_all_captions_are_about(run: Path, tmp_path: Path) -> None:
    write_paper(run, tmp_path, Choice(metric="MSE"))
    captions = (tmp_path / "captions.md").read_text(encoding="utf-8")
    assert "**bounds_metric.** Upper bound of MSE ↓" in captions
    assert captions.count("n = 10 images") >= 12
    notes = (tmp_path / "notes.md").read_text(encoding="utf-8")
    assert notes.startswith("# by\\_hand: MSE ↓, a, epoch 1, n = 10 images")


def test_nothing_that_is_drawn_reaches_the_edge_of_its_picture(run: Path) -> None:
    for file in sorted((run / "paper").glob("*.png")):
        ink = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) < 200
        edge = np.concatenate([ink[:2].ravel(), ink[-2:].ravel(), ink[:, :2].ravel(), ink[:, -2:].ravel()])
        assert not edge.any(), file.name
