import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from trials.space.grid import expand
from trials.space.size import count_trials
from trials.spec.identity import trial_id
from trials.sweepfile.load import load

ROOT = Path(__file__).parents[3]
SWEEPS = sorted((ROOT / "sweeps").glob("*.yaml"))


def by_name(name: str) -> Path:
    return ROOT / "sweeps" / f"{name}.yaml"


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_file_has_the_trials_and_epochs_that_its_first_line_says(path):
    first = path.read_text().splitlines()[0]
    spec = load(path)
    assert int(re.search(r"(\d+) trials", first)[1]) == count_trials(spec)
    assert int(re.search(r"(\d+) epochs each", first)[1]) == spec.trial.recipe.epochs
    if spec.search.adaptive:
        return
    trials = expand(spec)
    assert len(trials) == count_trials(spec)
    assert len({trial_id(trial.config, {}) for trial in trials}) == len(trials)


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_file_opens_with_its_command_and_bears_its_own_name(path):
    assert f"#   python run_sweep.py sweeps/{path.name}" in path.read_text().splitlines()[1]
    assert load(path).name == path.stem


@pytest.mark.parametrize("name", ["loss_grid", "loss_grid_small"])
def test_the_loss_grid_is_the_one_that_the_reference_ran(name):
    spec = load(by_name(name))
    assert spec.grid == {
        "loss.max_ratio": (10, 4, 16, 40),
        "loss.grad_ratio": (2, 32, 40, 64, 90),
        "loss.ssim_shared": (1, 10, 32),
        "loss.consist_ratio": (2, 12, 24, 40),
    }
    loss = spec.trial.loss
    assert (loss.ir_compose, loss.color_ratio, loss.ssim_window_size) == (2, 2, 48)
    assert (loss.max_mode, loss.consist_mode, loss.fusion_weight, loss.kl_weight) == ("l1", "l1", 0.1, 1e-5)


def test_the_loss_grid_weighs_the_test_sets_as_the_reference_does():
    spec = load(by_name("loss_grid"))
    assert spec.rank_by.dataset_weights == {
        "msrs": 0.7, "m3fd": 0.06, "roadscene": 0.06, "pet": 0.06, "spect": 0.06, "ct": 0.06,
    }  # fmt: skip
    assert set(spec.trial.data.test) - set(spec.trial.data.optional) == {"msrs"}


def test_the_quick_grid_is_a_part_of_the_loss_grid_s_setting():
    quick, full = load(by_name("loss_quick")), load(by_name("loss_grid"))
    assert quick.trial == full.trial and quick.rank_by == full.rank_by
    assert [trial.parameters["loss.grad_ratio"] for trial in expand(quick)] == [32, 64]


def test_the_small_grid_runs_on_synthetic_scenes_where_the_user_says_so():
    spec = load(by_name("loss_grid_small"), ["trial.data.train=synthetic", "trial.data.test=[synthetic]"])
    assert (spec.trial.data.train, spec.trial.data.test, count_trials(spec)) == ("synthetic", ("synthetic",), 240)


def test_reading_a_sweep_needs_neither_torch_nor_ray():
    code = (
        "import sys; from pathlib import Path; import trials.spec.identity, trials.space.grid, trials.sweepfile.load;"
        "trials.space.grid.expand(trials.sweepfile.load.load(Path(sys.argv[1])));"
        "sys.exit(', '.join({'torch', 'ray', 'pandas', 'cv2'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(by_name("demo"))], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_trials_of_a_sweep_file_keep_their_ids(path):
    """A sweep resumes by the ids in its table; only a new NUMERICS (trials/spec/identity.py) may change them."""
    ids = json.loads((ROOT / "tests" / "golden" / "trial_ids.json").read_text())[path.name]
    assert [trial_id(trial.config, {}) for trial in expand(load(path))] == ids
