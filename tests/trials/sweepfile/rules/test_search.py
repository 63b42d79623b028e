from pathlib import Path

import pytest

from tests.trials.sweepfile.test_load import loaded, problems
from trials.space.size import count_epochs, count_settings, count_trials
from trials.spec.search import Choices, Confirm, Range, SearchConfig, StopEarly
from trials.spec.sweep import SweepFile

SEARCH = "search: {kind: tpe, trials: 5}\n"
SPACE = "space: {loss.max_ratio: {low: 1, high: 64}}\n"
LEARNER = "trial: {start: {}, recipe: {kind: grpo}, reward: {weights: {VIF: 1}}}\n"
BOTH = "trial: {start: {}}\n"


def test_a_sweep_without_a_search_tries_its_grid(tmp_path):
    spec = loaded(tmp_path, "name: a\ngrid: {loss.max_ratio: [1, 2]}\nseeds: [0, 1]\n")
    assert spec.search == SearchConfig(kind="grid") and not spec.search.adaptive
    assert spec.stop_early == StopEarly(kind="none") and spec.confirm is None and spec.start_from == ()
    assert count_settings(spec) == 2 and count_trials(spec) == 4


def test_everything_of_a_search_can_be_said(tmp_path):
    text = """\
name: a
search: {kind: nsga2, trials: 40, seed: 7, objectives: [VIF, Nabf], where: [Nabf <= 0.005, "EN >= 6"], population: 20}
space:
  loss.max_ratio: {low: 1, high: 64, log: true}
  loss.ssim_ratio: {low: 0, high: 0.3, step: 0.1}
  loss.ssim_window_size: {low: 3, high: 33}
  loss.max_mode: [l1, l2]
  loss.grad_ratio: {choices: [1, 10, 40]}
seeds: [0, 5]
confirm: {top: 3, seeds: [1, 2]}
"""
    spec = loaded(tmp_path, text)
    assert spec.search == SearchConfig(
        kind="nsga2",
        trials=40,
        seed=7,
        objectives=("VIF", "Nabf"),
        where=("Nabf <= 0.005", "EN >= 6"),
        population=20,
    )
    assert spec.space["loss.max_ratio"] == Range(low=1, high=64, log=True)
    assert spec.space["loss.max_mode"] == Choices(choices=("l1", "l2"))
    assert spec.space["loss.grad_ratio"] == Choices(choices=(1, 10, 40))
    assert spec.confirm == Confirm(top=3, seeds=(1, 2))
    assert (
        count_settings(spec) == 40
        and count_trials(spec) == 40 * 2 + 3 * 2
        and count_epochs(spec) == count_trials(spec) * 4
    )


def test_what_is_dumped_for_the_record_is_read_again(tmp_path):
    spec = loaded(tmp_path, f"name: a\n{SEARCH}{SPACE}start_from: runs/x\nstop_early: {{kind: asha}}\nconfirm: {{}}\n")
    kept = {name: getattr(spec, name) for name in SweepFile.model_fields}
    assert SweepFile.model_validate_json(spec.model_dump_json(include=set(SweepFile.model_fields))) == SweepFile(**kept)


def test_a_search_tries_no_more_settings_than_its_space_has(tmp_path):
    axes = "space: {loss.max_mode: [l1, l2], loss.ssim_ratio: {low: 0, high: 0.3, step: 0.1}}\n"
    assert count_settings(loaded(tmp_path, f"name: a\nsearch: {{kind: random, trials: 100}}\n{axes}")) == 8
    assert count_settings(loaded(tmp_path, f"name: a\nsearch: {{kind: random, trials: 7}}\n{axes}")) == 7


def test_a_search_may_choose_from_a_grid(tmp_path):
    spec = loaded(tmp_path, f"name: a\n{SEARCH}grid: {{loss.max_ratio: [1, 2, 3], loss.max_mode: [l1, l2]}}\n")
    assert count_settings(spec) == 5 and spec.space == {}
    assert spec.notes == ()


@pytest.mark.parametrize("written", ["where: Nabf <= 0.005", "where: [Nabf <= 0.005]"])
def test_one_constraint_may_be_a_text(tmp_path, written):
    spec = loaded(tmp_path, f"name: a\nsearch: {{kind: tpe, trials: 5, {written}}}\n{SPACE}")
    assert spec.search.where == ("Nabf <= 0.005",)


@pytest.mark.parametrize("written", ["when: ppo", "when: [ppo]"])
def test_one_kind_may_be_a_text(tmp_path, written):
    axes = f"space: {{recipe.kind: [ppo, grpo], recipe.clip: {{low: 0.1, high: 0.3, {written}}}}}\n"
    assert loaded(tmp_path, f"name: a\n{SEARCH}{BOTH}{axes}").space["recipe.clip"].when == ("ppo",)


def test_runs_to_start_from_become_absolute_and_one_may_stand_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for written in ("runs/x", "[runs/x]"):
        assert loaded(tmp_path, f"name: a\n{SEARCH}{SPACE}start_from: {written}\n").start_from == (tmp_path / "runs/x",)
    two = loaded(tmp_path, f"name: a\n{SEARCH}{SPACE}start_from: [~/x, /y]\n")
    assert two.start_from == (Path.home() / "x", Path("/y"))
    assert loaded(tmp_path, f"name: a\n{SEARCH}{SPACE}", "start_from=runs/x").start_from == (tmp_path / "runs/x",)


def test_options_reach_into_a_search_and_its_space(tmp_path):
    text = f"name: a\n{SEARCH}{SPACE}"
    assert loaded(tmp_path, text, "search.trials=9").search.trials == 9
    assert loaded(tmp_path, text, "space.loss.max_ratio.low=2").space["loss.max_ratio"] == Range(low=2, high=64)
    assert loaded(tmp_path, text, "space.loss.max_ratio=[1,2]").space["loss.max_ratio"] == Choices(choices=(1, 2))
    added = loaded(tmp_path, text, "space.loss.terms.low={low: 0, high: 1}").space
    assert added["loss.terms.low"] == Range(low=0, high=1)
    assert problems(tmp_path, text, "space.loss.max_ratio.hihg=5") == [
        "--set space.loss.max_ratio.hihg=5: space.loss.max_ratio has no key 'hihg'. Did you mean 'high'?"
    ]
    assert problems(tmp_path, text, "space.loss.max_ratio.low=-2") == [
        "--set space.loss.max_ratio.low=-2: space.loss.max_ratio.low must be at least 0, but got -2"
    ]
    assert problems(tmp_path, text, "trial.loss.max_ratio=5") == [
        "--set trial.loss.max_ratio=5: trial.loss.max_ratio is a dimension of the space, so this does nothing. Write "
        "--set 'space.loss.max_ratio=[5]'."
    ]


def test_dimensions_that_a_sampler_draws_at_random_are_noted(tmp_path):
    axes = "space: {loss.max_ratio: {low: 1, high: 2}, loss.ir_compose: {low: 1, high: 2}, loss.max_mode: [l1, l2]}\n"
    assert loaded(tmp_path, f"name: a\nsearch: {{kind: cmaes, trials: 5}}\n{axes}").notes == (
        "search: cmaes draws loss.max_mode at random, since it cannot learn values without an order or that only some "
        "trials have",
    )
    assert loaded(tmp_path, f"name: a\nsearch: {{kind: gp, trials: 5}}\n{axes}").notes == ()
    kinds = "space: {recipe.kind: [ppo, grpo], recipe.learning_rate: {low: 1.0e-5, high: 1.0e-3}, recipe.sigma: "
    text = f"name: a\nsearch: {{kind: gp, trials: 5}}\n{BOTH}{kinds}{{low: 0.01, high: 0.1}}}}\n"
    assert loaded(tmp_path, text).notes == (
        "search: gp draws recipe.sigma at random, since it cannot learn what only some trials have",
    )


KNOWN = "grid, random, sobol, tpe, gp, cmaes, nsga2"
FORM = "{low: A, high: B}, {choices: [A, B]} or [A, B]"
EXAMPLE = "a section of dimensions such as `loss.max_ratio: {low: 1, high: 64}`"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("tpe", ["search must be a section of keys, but got 'tpe'. Write {kind: tpe}."]),
        ("[]", ["search must be a section of keys, but got an empty list"]),
        ("{knid: tpe}", ["search has no key 'knid'. Did you mean 'kind'?"]),
        ("{kind: 3}", [f"search.kind must be one of {KNOWN}, but got 3"]),
        ("{kind: tpee}", [f"search.kind must be one of {KNOWN}, but got 'tpee'. Did you mean 'tpe'?"]),
        (
            "{kind: tpe}",
            ["search.trials must say how many settings tpe may try, but is not given. Write search: {kind: tpe,"],
        ),
        ("{kind: tpe, trials: null}", ["search.trials must say how many settings tpe may try, but got nothing."]),
        ("{kind: tpe, trials: 0}", ["search.trials must be at least 1, but got 0"]),
        ("{kind: tpe, trials: 2.5}", ["search.trials must be a whole number, but got 2.5"]),
        (
            "{kind: tpe, trials: 100001}",
            ["search.trials must be at most 100,000, but got 100001. Write 100000 or less."],
        ),
        ("{kind: tpe, trials: 5, seed: -1}", ["search.seed must be at least 0, but got -1"]),
        (
            "{kind: tpe, trials: 5, population: 8}",
            ["search.population does nothing with kind tpe, but is given. Remove it, or choose cmaes or nsga2."],
        ),
        (
            "{kind: sobol, trials: 5, startup: 8}",
            ["search.startup does nothing with kind sobol, but is given. Remove it, or choose tpe or gp."],
        ),
        ("{kind: tpe, trials: 5, objectives: VIF}", ["search.objectives must be a list, but got 'VIF'. Write [VIF]."]),
        (
            "{kind: tpe, trials: 5, objectives: [1, VIFF]}",
            [
                "search.objectives[0] must be text, but got 1",
                "search.objectives[1] must be a known metric, but got 'VIFF'. Did you mean 'VIF'?",
            ],
        ),
        (
            "{kind: tpe, trials: 5, objectives: [VIF, VIF]}",
            ["search.objectives must hold each metric once, but 'VIF' is repeated. Remove it."],
        ),
        (
            "{kind: tpe, trials: 5, objectives: [VIF]}",
            ["search.objectives must be what the sweep ranks by (Reward) where it is one, but is VIF. Write rank_by:"],
        ),
        (
            "{kind: cmaes, trials: 5, objectives: [VIF, EN]}",
            [
                "search.objectives must be one with kind cmaes, which knows no fronts, but are 2. Choose nsga2, tpe",
            ],
        ),
        (
            "{kind: cmaes, trials: 5, where: VIF >= 1}",
            ["search.where does nothing with kind cmaes, which knows no constraints. Remove it, or choose tpe, gp"],
        ),
        (
            "{kind: tpe, trials: 5, where: 3}",
            ["search.where must be a list of constraints such as Nabf <= 0.005, but got 3"],
        ),
        (
            "{kind: tpe, trials: 5, where: [3, VIF > 3, Vif >= 3]}",
            [
                "search.where[0] must be text, but got 3",
                "search.where[1] must be METRIC <= NUMBER or METRIC >= NUMBER, such as Nabf <= 0.005, but got 'VIF",
                "search.where[2] must name a known metric, but got 'Vif'. Did you mean 'VIF'?",
            ],
        ),
        (
            "{kind: tpe, trials: 5, where: Nabf <= 5}",
            ["search.where must bound Nabf by a number that it can have (0 to 1), but got 'Nabf <= 5'"],
        ),
        (
            "{kind: tpe, trials: 5, where: [VIF >= 3, VIF <= 2]}",
            ["search.where[1] must leave something beside VIF >= 3, but got VIF <= 2. Remove one."],
        ),
        (
            "{kind: tpe, trials: 5, where: [VIF >= 3, VIF >= 2]}",
            ["search.where[1] bounds VIF as VIF >= 3 does, but got VIF >= 2. Remove one."],
        ),
    ],
)
def test_a_wrong_search_is_one_error_for_each_mistake(tmp_path, search, expected):
    axes = "space: {loss.max_ratio: {low: 1, high: 64}, loss.grad_ratio: {low: 1, high: 64}}\n"
    found = problems(tmp_path, f"name: a\nsearch: {search}\n{axes}")
    assert len(found) == len(expected)
    for one, text in zip(found, expected, strict=True):
        assert one.startswith(f"sweep.yaml:2: {text}")


def test_a_constraint_is_found_at_its_line(tmp_path):
    text = "name: a\nsearch:\n  kind: tpe\n  trials: 5\n  where:\n    - Nabf <= 0.005\n    - Vif >= 3\n"
    assert problems(tmp_path, text + SPACE) == [
        "sweep.yaml:7: search.where[1] must name a known metric, but got 'Vif'. Did you mean 'VIF'?"
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("[]", f"must be {EXAMPLE}, but got an empty list"),
        ("3", f"must be {EXAMPLE}, but got 3"),
        ("", f"must be {EXAMPLE}, but got nothing"),
    ],
)
def test_a_space_that_is_no_section_is_shown_what_one_is(tmp_path, given, expected):
    assert problems(tmp_path, f"name: a\n{SEARCH}space: {given}\n") == [f"sweep.yaml:3: space {expected}"]
    assert problems(tmp_path, f"name: a\ngrid: {{loss.max_ratio: [1]}}\nspace: {given}\n") == [
        f"sweep.yaml:3: space {expected}"
    ]


@pytest.mark.parametrize(
    ("given", "there"),
    [("", "there is neither space nor grid"), ("space: {}\n", "space is empty"), ("grid: {}\n", "grid is empty")],
)
def test_a_search_must_have_something_to_choose(tmp_path, given, there):
    (found,) = problems(tmp_path, f"name: a\n{SEARCH}{given}")
    assert found.startswith(
        f"sweep.yaml:2: search.kind tpe must have something to choose, but {there}. Write space: {{"
    )


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("{}", [": a dimension must have low and high, or choices, but has neither. Write {low: A, high: B} or"]),
        ("{lo: 1, hi: 2}", [": a dimension must have low and high, or choices, but has lo, hi. Write {low: A, high"]),
        ("3", [f" must be {FORM}, but got 3"]),
        ("", [f" must be {FORM}, but got nothing"]),
        ("[]", [" must be a list of at least 1 value, but got 0"]),
        ("{choices: []}", [".choices must be a list of at least 1 value, but got 0"]),
        ("{choices: 3}", [".choices must be a list, but got 3. Write [3]."]),
        ("{choices: [1, 2], low: 1}", [": a dimension must have either choices or low and high, but has choices and"]),
        ("[1, 2, 1]", [" must hold each value once, but 1 is repeated. Remove it."]),
        ("{choices: [1, 2, 1]}", [" must hold each value once, but 1 is repeated. Remove it."]),
        ("[1, two]", ["[1] must be a number, but got 'two'"]),
        ("{choices: [1, two]}", [".choices[1] must be a number, but got 'two'"]),
        ("{choices: [1, null]}", [".choices[1] must be a number, text, true or false, but got nothing"]),
        ("{low: 1}", [".high must be given, but is not there. Add it."]),
        ("{low: 1, high: 2, setp: 1}", [" has no key 'setp'. Did you mean 'step'?"]),
        ("{low: one, high: 2}", [".low must be a number, but got 'one'"]),
        ("{low: true, high: 2}", [".low must be a number, but got true"]),
        ("{low: 1, high: 2, log: 1}", [".log must be true or false, but got 1"]),
        ("{low: -3, high: 2}", [".low must be at least 0, but got -3"]),
        ("{low: 1, high: -3}", [".high must be at least 0, but got -3"]),
        ("{low: .nan, high: 2}", [".low must be a finite number, but got nan"]),
        ("{low: 2, high: 1}", [".low must be less than high (1), but is 2. Exchange them."]),
        ("{low: 2, high: 2}", [".low must be less than high, but both are 2. Write trial.loss.max_ratio instead."]),
        ("{low: 0, high: 1e200}", [".high must be at most 1e+100 in size, but got 1e+200. Write a smaller one."]),
        ("{low: 0, high: 1, log: true}", [".low must be above 0 where log is true, but got 0"]),
        ("{low: 1, high: 2, log: true, step: 1}", [".step does nothing where log is true. Remove one of them."]),
        ("{low: 1, high: 2, step: 0}", [".step must be more than 0, but got 0"]),
        ("{low: 1, high: 2, step: 5}", [".step must be at most high - low (1), but got 5. Write a smaller one."]),
        (
            "{low: 0, high: 0.35, step: 0.1}",
            [".high must be some steps of 0.1 above low (0), but got 0.35. Write 0.3 or"],
        ),
        ("{low: 0, high: 1, step: 1e-9}", [".step must leave at most 1,000,000 values, but got 1e-09. Leave it out,"]),
        (
            "{low: 1, high: 2, when: ppo}",
            [".when must name kinds of recipe that the sweep has, but got 'ppo'. Known: su"],
        ),
        ("{low: 1, high: 2, when: 3}", [".when must be a list, but got 3. Write [3]."]),
        ("{low: x, high: -1}", [".low must be a number, but got 'x'", ".high must be at least 0, but got -1"]),
    ],
)
def test_a_wrong_dimension_is_one_error_for_each_mistake(tmp_path, dimension, expected):
    found = problems(tmp_path, f"name: a\n{SEARCH}space: {{loss.max_ratio: {dimension}}}\n")
    assert len(found) == len(expected)
    for text in expected:
        assert any(one.startswith(f"sweep.yaml:3: space.loss.max_ratio{text}") for one in found), found


def test_the_remedy_of_a_step_is_taken(tmp_path):
    given = "space: {loss.max_ratio: {low: 0, high: 0.3, step: 0.1}, recipe.batch_size: {low: 1, high: 57, step: 8}}\n"
    assert count_settings(loaded(tmp_path, f"name: a\n{SEARCH}{given}")) == 5


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (
            "loss.grad_rato: [1, 2]",
            "space must name fields of the trial, but got 'loss.grad_rato'. Did you mean 'loss.gr",
        ),
        ("loss.grad_rato: {low: 1, high: 2}", "space must name fields of the trial, but got 'loss.grad_rato'. Did you"),
        (
            "trial.loss.max_ratio: [1, 2]",
            "space must name fields of the trial, but got 'trial.loss.max_ratio'. Did you",
        ),
        ("loss: {low: 1, high: 2}", "space.loss must name one field of that section. Known: loss.ssim_ratio, "),
        (
            "recipe.sigma: {low: 0.1, high: 1}",
            "space.recipe.sigma must be a field of recipe of kind supervised, but is",
        ),
        ("recipe.epochs: [1, 2]", "space.recipe.epochs cannot be an axis: no epoch's numbers depend on it. Set trial."),
        ("recipe.epochs: {low: 1, high: 2}", "space.recipe.epochs cannot be an axis: no epoch's numbers depend on it."),
        ("data.crop: [none, square]", "space.data.crop cannot be an axis: all trials of a sweep share their data."),
        (
            "seed: {low: 1, high: 2}",
            "space.seed cannot be an axis: seeds have a key of their own. Write seeds: [0, 1].",
        ),
        ("loss.terms.a-c: {low: 0, high: 1}", "space.loss.terms.a-c must end in the name of a term"),
        ("loss.max_mode: {low: 0, high: 1}", "space.loss.max_mode must be a list of values, since no number is one of"),
        (
            "recipe.kind: {low: 1, high: 2}",
            "space.recipe.kind must be a list of values, since no number is one of recip",
        ),
        (
            "loss.ssim_window_size: {low: 3.5, high: 9}",
            "space.loss.ssim_window_size.low must be a whole number, but got",
        ),
        (
            "loss.ssim_window_size: {low: 3, high: 9, step: 0.5}",
            "space.loss.ssim_window_size.step must be a whole number",
        ),
        (
            "loss.ssim_window_size: {low: 3, high: 300}",
            "space.loss.ssim_window_size.high must fit into the training im",
        ),
        (
            "recipe.batch_size: {low: 1, high: 9e6}",
            "space.recipe.batch_size.high must be a whole number, but got 9000000",
        ),
        (
            "recipe.batch_size: {low: 1, high: 9000000}",
            "space.recipe.batch_size.high must be at most 1,000,000 above low",
        ),
        (
            "reward.temperature: {low: 0.1, high: 1}",
            "space.reward.temperature does nothing with recipe supervised, which",
        ),
    ],
)
def test_a_dimension_must_be_a_field_that_takes_its_values(tmp_path, dimension, expected):
    (found,) = problems(tmp_path, f"name: a\n{SEARCH}space: {{{dimension}}}\n")
    assert found.startswith(f"sweep.yaml:3: {expected}"), found


def test_a_dimension_is_named_in_full_beside_an_axis_whose_name_it_begins(tmp_path):
    text = f"name: a\n{SEARCH}space: {{loss: [1]}}\ngrid: {{loss.max_ratio: [-1]}}\n"
    assert [one.split(" must")[0] for one in problems(tmp_path, text)] == [
        "sweep.yaml:3: space.loss",
        "sweep.yaml:4: grid.loss.max_ratio[0]",
    ]


@pytest.mark.parametrize("given", ["[1, 2]", "{choices: [1, 2]}", "{low: 1, high: 2}"])
def test_a_field_is_in_the_grid_or_in_the_space(tmp_path, given):
    for first, second in (("space", "grid"), ("grid", "space")):
        written = {"space": f"space: {{loss.max_ratio: {given}}}\n", "grid": "grid: {loss.max_ratio: [1, 2]}\n"}
        (found,) = problems(tmp_path, f"name: a\n{SEARCH}{written[first]}{written[second]}")
        assert found.endswith(": space.loss.max_ratio is an axis of the grid too. Keep one of them.")


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (
            "recipe.kind: [ppo, grppo]",
            "space.recipe.kind[1] must be one of supervised, ppo, grpo, arithmetic, but got 'grppo'. Did you mean",
        ),
        (
            "recipe.kind: {choices: [ppo, grpo], when: ppo}",
            "space.recipe.kind.when does nothing: the kind is what `when`",
        ),
        (
            "recipe.kind: [ppo, grpo], recipe.lora.rank: {low: 2, high: 8, when: ppo}",
            "space.recipe.lora.rank.when must name kinds that have recipe.lora.rank, but got 'ppo'. Remove it.",
        ),
        (
            "recipe.kind: [supervised, grpo], reward.aggregate: {choices: [min, sum], when: supervised}",
            "space.reward.aggregate.when must name kinds that have reward.aggregate, but got 'supervised'. Remove it.",
        ),
        (
            "recipe.kind: [ppo, grpo], reward.temperature: {low: 0.1, high: 1}",
            "space.reward.temperature must affect some trial, but affects none: only aggregate softmin has",
        ),
    ],
)
def test_conditions_that_no_trial_meets_are_refused(tmp_path, space, expected):
    (found,) = problems(tmp_path, f"name: a\n{SEARCH}{BOTH}space: {{{space}}}\n")
    assert found.startswith(f"sweep.yaml:4: {expected}"), found


def test_an_axis_that_no_trial_minds_is_refused_in_a_space_and_is_none_where_one_may(tmp_path):
    rank = "recipe.lora.rank: {low: 2, high: 8}"
    (found,) = problems(tmp_path, f"name: a\n{SEARCH}{LEARNER}space: {{{rank}}}\n")
    assert found == (
        "sweep.yaml:4: space.recipe.lora.rank must affect some trial, but affects none: LoRA is not trained. "
        "Remove it, or write train: lora."
    )
    assert loaded(tmp_path, f"name: a\n{SEARCH}{LEARNER}space: {{{rank}, recipe.train: [lora, heads]}}\n")


def test_a_temperature_is_searched_where_every_trial_has_one(tmp_path):
    temperature = "reward.temperature: {low: 0.1, high: 1}"
    text = f"name: a\n{SEARCH}{LEARNER}space: {{{temperature}, reward.aggregate: [min, softmin]}}\n"
    assert problems(tmp_path, text) == [
        "sweep.yaml:4: space.reward.temperature must change every trial of a search, but with aggregate min there is "
        "none. Write reward.aggregate: [softmin], or set trial.reward.temperature."
    ]
    assert loaded(tmp_path, text.replace("[min, softmin]", "[softmin]"))


def test_reward_weights_and_worst_pairs_may_be_searched(tmp_path):
    space = (
        "reward.weights.VIF: {low: 0, high: 1}, reward.weights.MI: [0, 1], data.worst.percent: {low: 0.1, high: 0.5}"
    )
    assert loaded(tmp_path, f"name: a\n{SEARCH}{LEARNER}space: {{{space}}}\n")
    (found,) = problems(tmp_path, f"name: a\n{SEARCH}{LEARNER}space: {{reward.weights.VIFF: {{low: 0, high: 1}}}}\n")
    assert found == "sweep.yaml:4: space.reward.weights.VIFF must end in a metric, but got 'VIFF'. Did you mean 'VIF'?"


def test_a_space_of_which_no_trial_can_be_made_is_refused(tmp_path):
    assert problems(tmp_path, f"name: a\n{SEARCH}{LEARNER}space: {{reward.weights.VIF: [0]}}\n") == [
        "sweep.yaml:4: a space must hold valid configurations, but none is: reward.weights must hold one "
        "above 0. Give a metric a weight."
    ]


def test_cmaes_must_have_two_numbers_to_learn(tmp_path):
    axes = "space: {loss.max_ratio: {low: 1, high: 64}, loss.max_mode: [l1, l2], loss.grad_ratio: [4]}\n"
    assert problems(tmp_path, f"name: a\nsearch: {{kind: cmaes, trials: 5}}\n{axes}") == [
        "sweep.yaml:2: search.kind cmaes must have two dimensions of numbers that all trials have, but has "
        "loss.max_ratio. Choose tpe or gp."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            SPACE,
            "space has no last combination, so a sampler must choose, but search.kind is grid. Write search: {kind",
        ),
        ("start_from: [a]\n", "start_from does nothing with search.kind grid, which has no sampler to tell. Remove it"),
        (
            "search: {trials: 5}\n",
            "search.trials does nothing with kind grid, but is given. Remove it, or choose a sam",
        ),
        (
            "search: {seed: 5}\n",
            "search.seed does nothing with kind grid, but is given. Remove it, or choose a sampler",
        ),
    ],
)
def test_a_grid_has_no_use_for_what_a_sampler_takes(tmp_path, text, expected):
    (found,) = problems(tmp_path, f"name: a\n{text}")
    assert found.startswith(f"sweep.yaml:2: {expected}")


def test_a_misspelt_section_is_the_one_mistake(tmp_path):
    assert problems(tmp_path, f"name: a\nserach: {{kind: tpe, trials: 5}}\n{SPACE}") == [
        "sweep.yaml:2: a sweep file has no key 'serach'. Did you mean 'search'?"
    ]
    assert problems(tmp_path, f"name: a\n{SEARCH}spaces: {{loss.max_ratio: [1, 2]}}\n") == [
        "sweep.yaml:3: a sweep file has no key 'spaces'. Did you mean 'space'?"
    ]
    assert problems(tmp_path, "name: a\nseeds: [0, 1]\nconfirm: {seed: [3]}\n") == [
        "sweep.yaml:3: confirm has no key 'seed'. Did you mean 'seeds'?"
    ]
    assert problems(tmp_path, "name: a\nstop_early: {kind: asha, grace: 1}\n") == [
        "sweep.yaml:2: stop_early has no key 'grace'. Known: kind, grace_epochs, reduction."
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("''", ["start_from must be the folder of a run, but got ''"]),
        ('["a\\0b"]', ["start_from[0] must be the folder of a run, but got 'a\\x00b'"]),
        (
            "['', 3]",
            ["start_from[0] must be the folder of a run, but got ''", "start_from[1] must be a path, but got 3"],
        ),
        ("{a: 1}", ["start_from must be the folder of a run, or a list of them, but got a section"]),
        ("[/x, /x]", ["start_from must name each run once, but '/x' is repeated. Remove it."]),
    ],
)
def test_runs_to_start_from_must_be_folders(tmp_path, given, expected):
    found = problems(tmp_path, f"name: a\n{SEARCH}{SPACE}start_from: {given}\n")
    assert found == [f"sweep.yaml:4: {one}" for one in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stop_early: asha", "stop_early must be a section of keys, but got 'asha'. Write {kind: asha}."),
        ("stop_early: {kind: hyperband}", "stop_early.kind must be one of none, asha, median, but got 'hyperband'"),
        ("stop_early: {grace_epochs: 2}", "stop_early.grace_epochs does nothing without a kind. Write kind: asha."),
        ("stop_early: {kind: asha, reduction: 1}", "stop_early.reduction must be at least 2, but got 1"),
        (
            "stop_early: {kind: median, reduction: 2}",
            "stop_early.reduction does nothing with kind median. Remove it, or write kind: asha.",
        ),
        (
            "stop_early: {kind: asha, grace_epochs: 4}",
            "stop_early.grace_epochs must be less than trial.recipe.epochs (4), or no trial is stopped, but got 4. "
            "Write 3 or less.",
        ),
        ("confirm: yes", "confirm must be a section of keys, but got 'yes'"),
        ("confirm: {tops: 3}", "confirm has no key 'tops'. Did you mean 'top'?"),
        ("confirm: {top: 0}", "confirm.top must be at least 1, but got 0"),
        ("confirm: {top: 30000}", "confirm.top must be at most 25,000 with 4 seeds, but got 30000"),
        ("confirm: {seeds: []}", "confirm.seeds must be a list of at least 1 value, but got 0"),
        ("confirm: {seeds: 1}", "confirm.seeds must be a list, but got 1. Write [1]."),
        ("confirm: {seeds: [2, 2]}", "confirm.seeds must hold each seed once, but 2 is repeated. Remove it."),
        (
            "confirm: {seeds: [0, 1]}",
            "confirm.seeds must be fresh, but seeds, which the search itself runs, has 0 too. Write [1, 2, 3, 4].",
        ),
    ],
)
def test_stopping_early_and_confirming_have_one_error_for_each_mistake(tmp_path, text, expected):
    assert problems(tmp_path, f"name: a\n{text}\n") == [f"sweep.yaml:2: {expected}"]


def test_confirming_seeds_are_fresh_by_default_too(tmp_path):
    (found,) = problems(tmp_path, "name: a\nseeds: [0, 1, 2]\nconfirm: {}\n")
    assert found.endswith("which the search itself runs, has 1, 2 too. Write [3, 4, 5, 6].")


def test_several_objectives_are_not_judged_by_one(tmp_path):
    text = f"name: a\nsearch: {{kind: nsga2, trials: 5, objectives: [VIF, EN]}}\n{SPACE}stop_early: {{kind: asha}}\n"
    assert problems(tmp_path, text) == [
        "sweep.yaml:4: stop_early must judge by one metric, but search.objectives are several. Remove stop_early, or "
        "all objectives but one."
    ]


def test_seeds_count_among_the_trials_of_a_search(tmp_path):
    text = f"name: a\nsearch: {{kind: random, trials: 60000}}\n{SPACE}seeds: [0, 1]\n"
    assert problems(tmp_path, text) == [
        "sweep.yaml:2: search.trials must be at most 50,000 with 2 seeds, but got 60000. Write 50000 or less."
    ]


def test_weights_of_equal_ratio_are_settings_of_their_own_to_a_sampler(tmp_path):
    weights = "grid: {reward.weights.VIF: [1, 2], reward.weights.MI: [1, 2]}\n"
    assert loaded(tmp_path, f"name: a\n{SEARCH}{LEARNER}{weights}").notes == ()
    assert loaded(tmp_path, f"name: a\n{LEARNER}{weights}").notes != ()
