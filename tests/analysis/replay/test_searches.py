"""Names of searches on the command line, and what is said of those that are none."""

import pytest

from analysis.replay.searches import DEFAULT, read_searches
from fusion_core.errors import ConfigError


def test_a_name_is_a_sampler_a_rule_or_both_with_their_settings() -> None:
    tpe, asha, both = read_searches("tpe:startup=20@50, asha:reduction=8:grace=2,nsga2:population=12+median", 200)
    assert (tpe.sampler.kind, tpe.sampler.startup, tpe.rule.kind, tpe.repeats) == ("tpe", 20, "none", 50)
    assert (asha.sampler.kind, asha.rule.reduction, asha.rule.grace_epochs, asha.repeats) == ("grid", 8, 2, 200)
    assert (both.sampler.population, both.rule.kind) == (12, "median")
    assert [one.name for one in (tpe, asha, both)] == [
        "tpe:startup=20", "asha:reduction=8:grace=2", "nsga2:population=12+median",
    ]  # fmt: skip
    assert [one.whole for one in (tpe, asha, both)] == [False, True, False]


def test_the_default_searches_are_searches() -> None:
    assert len(read_searches(DEFAULT, 1)) == 4


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        read_searches("tpa,tpe+gp,asha:reduction=1,random@0,tpe:statup=3,sobol:startup=4,gp:startup=x,sobol,sobol", 0)
    said = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 9
    for part in (
        "--repeats must be at least 1, but got 0", "'tpa'. Did you mean 'tpe'?", "one sampler with one rule",
        "reduction", "at least 1, but got 'random@0'", "Did you mean 'startup'?", "It has none.", "whole number",
        "once, but got sobol twice",
    ):  # fmt: skip
        assert part in said


@pytest.mark.parametrize("text", ["", ",", "tpe,,gp", "+", "tpe+", "@3"])
def test_no_name_at_all_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_searches(text, 1)
