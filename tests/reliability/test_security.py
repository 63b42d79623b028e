"""No way in: what comes from files is text, what leaves this machine is nothing."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fusion_core.errors import printable
from tests.analysis.make import Made, make_run
from tests.browser.conftest import opened  # noqa: F401 - a fixture
from tests.reliability.commands import SWEEP, analysis, one_error, sweep
from tests.trials.helpers import write_sweep
from trials.console.display import Display
from trials.console.tables import best_table
from trials.ranking.leaderboard import RankedTrial
from trials.storage.artifacts import Artifacts, ArtifactWriter
from trials.storage.layout import RunFolder, trial_name
from trials.storage.results import TrialRow

REPOSITORY = Path(__file__).parents[2]
EVIL = '<img src=x onerror="pwned=1"><script>pwned=1</script>[red]\x1b]0;owned\x07\x1b[2J\'"&</script>'
OPENS_NOTHING = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "xmlrpc", "telnetlib", "ftplib"}
RUNS_NOTHING = {"eval", "exec", "compile", "__import__", "system", "popen"}
WATCH = """\
import sys
told = []
def hook(event, values):
    if event in ("pickle.find_class", "os.system", "subprocess.Popen", "socket.connect", "socket.getaddrinfo",
                 "socket.sendto", "socket.bind"):
        told.append(f"{event} {values[1:] if event.startswith('socket') else values[:2]}")
sys.addaudithook(hook)
sys.argv = ["run_sweep.py", *sys.argv[1:]]
sys.path.insert(0, ".")
import run_sweep
try:
    run_sweep.command()
finally:
    print(*told, sep="\\n", file=sys.stderr)
"""


def python_files() -> list[Path]:
    folders = (REPOSITORY / name for name in ("fusion_core", "trials", "analysis"))
    return [REPOSITORY / "run_sweep.py", *(file for folder in folders for file in folder.rglob("*.py"))]


def test_the_program_imports_nothing_that_unpickles_and_runs_no_text() -> None:
    found = []
    for file in python_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{file}: {name}" for name in names if name.partition(".")[0] in OPENS_NOTHING]
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                of = ast.unparse(node.func)
                if (isinstance(node.func, ast.Name) and called in RUNS_NOTHING) or of in (
                    "os.system", "os.popen", "torch.load", "torch.save", "np.load", "numpy.load", "pd.read_pickle",
                ):  # fmt: skip
                    found.append(f"{file}:{node.lineno}: {of}")
                found += [
                    f"{file}:{node.lineno}: {keyword.arg}"
                    for keyword in node.keywords
                    if keyword.arg in ("shell", "allow_pickle") and ast.unparse(keyword.value) != "False"
                ]
    assert found == []


@pytest.mark.slow
def test_a_sweep_without_ray_asks_no_network_unpickles_nothing_and_starts_git_alone(tmp_path: Path) -> None:
    text = (
        "name: tiny\ntrial:\n  recipe: {epochs: 2, batch_size: 2, accumulate: 1}\n  policy: {base_channels: 2}\n"
        "  data: {synthetic: {train: 2, test: 1, size: [48, 48]}}\n  loss: {ssim_window_size: 11}\n"
    )
    secret = "s3cr3t-of-the-environment"
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(write_sweep(tmp_path, text)), "--out", str(tmp_path), "--executor", "inline"],
        capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=120,
        env=os.environ | {"AWS_SECRET_ACCESS_KEY": secret, "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    mine = ("subprocess.Popen ('git', ['git', '-C'", "subprocess.Popen ('uname', ['uname', '-p']")
    assert [line for line in done.stderr.splitlines() if not line.startswith(mine)] == []
    written = [file for file in (tmp_path / "tiny").rglob("*") if file.is_file()]
    assert len(written) > 5 and not [file for file in written if secret.encode() in file.read_bytes()]


@pytest.mark.alone
@pytest.mark.slow
def test_ray_tells_nobody_of_its_use_and_its_dashboard_stays_on_this_machine() -> None:
    code = (
        "import os\nfrom trials.executors.ray_cluster import connected\nfrom trials.executors.interrupt import Stop\n"
        "with Stop() as stop, connected(None, 1, 0, stop) as cluster:\n"
        "    from ray._common.usage import usage_lib\n"
        "    print(cluster.dashboard, cluster.ours, usage_lib.usage_stats_enabled(), os.environ['RAY_AUTH_MODE'])\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    dashboard, *said = done.stdout.split()
    assert dashboard.startswith("127.0.0.1:") and said == ["True", "False", "token"], done.stderr


@pytest.mark.parametrize("name", ["../out", "/abs", "a/b", "..", ".hidden", "a\\b", "nul\0", "x" * 300])
@pytest.mark.parametrize(
    "text", ["name: NAME\n", "name: tiny\ntrial: {data: {test: [{name: NAME, visible: a, infrared: b}]}}\n"]
)
def test_names_from_a_sweep_file_never_become_paths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    assert sweep(tmp_path, text.replace("NAME", json.dumps(name)), out=tmp_path / "out") == 2
    assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_names_that_a_worker_sends_stay_in_the_folder_of_their_trial(tmp_path: Path) -> None:
    ArtifactWriter(RunFolder(tmp_path / "run")).write(
        trial_name(1, "a"), Artifacts(None, {"../../../out.png": b"x", "/out.png": b"y"}), checkpoint=True, samples=True
    )
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.png")] == [Path("run/samples/1_a/out.png")]


def test_what_a_table_says_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil_run(tmp_path)
    assert analysis("report", tmp_path) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err and "\x07" not in said.out
    assert "[red]" in said.out and "\\x1b]0;owned\\x07" in said.out


def test_what_a_trial_says_steers_no_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=200, highlight=False)
    display = Display(EVIL, Path(EVIL), EVIL, console)
    row = TrialRow("a", 1, "failed", 1, 1, 0, EVIL)
    display.note(EVIL)
    display.begin([row], [])
    display.started(row)
    display.failed(row, EVIL)
    display.lost(row, EVIL)
    console.print(best_table([RankedTrial(1, "a", {f"loss.{EVIL}": EVIL}, 0, 1, 1.0)], EVIL))
    console.print(display._render())
    assert "\x1b]" not in out.getvalue() and "\x1b[2J" not in out.getvalue() and "\x07" not in out.getvalue()
    assert out.getvalue().count("[red]") >= 6
    assert printable(printable(EVIL)) == printable(EVIL)


def test_a_file_name_in_an_error_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, SWEEP.replace("name: tiny", "name: [red]\\e[2J")) == 2
    assert "\x1b" not in capsys.readouterr().err
    assert analysis("report", tmp_path / "\x1b[2J[red]") == 2
    said = one_error(capsys)
    assert "\x1b" not in said and "\\x1b[2J[red]" in said


def evil_run(folder: Path) -> None:
    """A run in which everything that a file can bring is an attack."""

    def values(value: float) -> dict[str, dict[str, float]]:
        return {EVIL: {"Reward": value, f"VIF{EVIL}": value}}

    trials = [
        Made(
            {f"loss.{EVIL}": value, "loss.b": i},
            [values(i + 0.5 * epoch) for epoch in (1, 2)],
            "failed" if value == EVIL and i == 2 else "finished",
            error=EVIL,
        )
        for value in (EVIL, "plain")
        for i in (1, 2, 3)
    ]
    record: dict[str, Any] = {
        "sweep": EVIL, "spec": EVIL, "command": EVIL, "notes": [EVIL], "devices": [EVIL], "platform": EVIL,
        "packages": {EVIL: EVIL}, "commit": {"commit": EVIL, "dirty": True},
    }  # fmt: skip
    make_run(folder, trials, baselines={"visible": {EVIL: {"Reward": 0.1}}}, record=record, n={EVIL: 4})


def test_a_report_made_of_attacks_does_nothing_in_a_browser(tmp_path: Path, opened: Any) -> None:  # noqa: F811
    evil_run(tmp_path)
    assert analysis("report", tmp_path) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page and "<script>pwned" not in page
    tab = opened(tmp_path / "report.html")
    assert tab.evaluate("window.pwned") is None
    assert tab.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    for place in tab.query_selector_all("canvas, .plot, svg")[:12]:
        place.hover(force=True)
    assert tab.evaluate("window.pwned") is None
    assert tab.evaluate("document.querySelectorAll('img[src=x], script:not([type])').length") < 6
