"""No setting twice: what comes where a sampler has nothing new to propose."""

import pytest

from fusion_core.errors import ConfigError
from trials.ranking.outcome import Outcome
from trials.search.proposals import MOST_TRIES, Proposals, key_of
from trials.search.sampler import Sampling
from trials.space.dimension import Dimension
from trials.space.space import Space
from trials.spec.search import Choices, Range, SearchConfig

MAX, GRAD, WORD = "loss.max_ratio", "loss.grad_ratio", "loss.max_mode"


def line(count: int) -> Space:
    return Space((Dimension.of(MAX, Choices(choices=tuple(float(i) for i in range(count)))),), "supervised")


def proposals(space: Space, kind: str = "tpe") -> Proposals:
    return Proposals(Sampling(space, SearchConfig(kind=kind, trials=10, startup=1), ["Reward"]))


@pytest.mark.parametrize("kind", ["random", "sobol", "tpe", "cmaes", "nsga2"])
def test_a_finite_space_is_tried_whole_and_once(kind: str) -> None:
    space = Space(
        (*line(4).dimensions, Dimension.of(WORD, Choices(choices=("l1", "l2")))), "supervised"
    )  # fmt: skip
    some = proposals(space, kind)
    tried = []
    while (found := some.next()) is not None:
        some.sampling.tell(found[0], Outcome((1.0,)))
        tried.append(key_of(found[1]))
    assert sorted(tried) == sorted(map(key_of, space.all()))


def test_a_known_setting_that_is_proposed_again_gives_way_to_the_nearest_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some = proposals(line(10))
    some.tried |= {key_of({MAX: float(i)}) for i in (4, 5, 6, 7)}
    asked = []
    own = some.sampling.ask

    def ask() -> tuple[int, dict]:
        if not any(trial.state.name == "WAITING" for trial in some.sampling.study.get_trials(deepcopy=False)):
            some.sampling.try_first({MAX: 5.0})
        asked.append(own())
        return asked[-1]

    monkeypatch.setattr(some.sampling, "ask", ask)
    _, found = some.next()
    assert found == {MAX: 3.0}
    assert len(asked) == MOST_TRIES + 1


def test_settings_are_as_far_apart_as_the_places_between_their_values() -> None:
    space = Space(
        (
            Dimension.of(MAX, Choices(choices=(1.0, 10.0, 1000.0))),
            Dimension.of(GRAD, Range(low=1, high=100, log=True)),
            Dimension.of(WORD, Choices(choices=("l1", "l2", "other"))),
        ),
        "supervised",
    )
    here = {MAX: 1.0, GRAD: 1.0, WORD: "l1"}
    assert space.distance(here, here) == 0
    assert space.distance(here, {**here, MAX: 10.0}) == 0.5
    assert space.distance(here, {**here, GRAD: 10.0}) == pytest.approx(0.5)
    assert space.distance(here, {**here, WORD: "other"}) == 1
    assert space.distance(here, {MAX: 1.0, GRAD: 1.0}) == 1


@pytest.mark.parametrize("kind", ["random", "tpe", "nsga2"])
def test_where_trials_cannot_be_what_a_sampler_proposes_one_that_can_is_drawn_at_random(kind: str) -> None:
    # A flat objective draws TPE into the corner that is refused, and it learns nothing from there.
    space = Space(tuple(Dimension.of(name, Range(low=1, high=100), whole=True) for name in (MAX, GRAD)), "supervised")
    refusals: list[int] = []

    def refused(setting: dict) -> str | None:
        return None if setting[MAX] <= setting[GRAD] else "too large."

    some = Proposals(
        Sampling(space, SearchConfig(kind=kind, trials=30, startup=5), ["Reward"]), refused, lambda text: None
    )
    own = some.sampling.tell
    for _ in range(30):
        before = some.sampling.draws
        number, setting = some.next()
        refusals.append(some.sampling.draws - before - 1)
        assert refused(setting) is None
        own(number, Outcome((0.0,)))
    assert 0 < max(refusals) <= 2 * MOST_TRIES  # refused, or refused before


def test_a_space_of_which_all_is_refused_is_an_error() -> None:
    some = proposals(Space((Dimension.of(MAX, Range(low=0, high=1)),), "supervised"), "random")
    some.refused = lambda setting: "too large."
    with pytest.raises(ConfigError, match=r"all that were sampled are refused, such as: too large\. Narrow"):
        some.next()


@pytest.mark.parametrize("kind", ["random", "tpe", "nsga2"])
def test_a_space_of_which_nearly_all_is_refused_ends_when_the_rest_was_tried(kind: str) -> None:
    grid = Dimension.of(MAX, Choices(choices=tuple(range(500))))
    some = proposals(Space((grid,), "supervised"), kind)
    some.refused = lambda setting: None if setting[MAX] in (3, 77, 400) else "no"
    found = set()
    while (proposal := some.next()) is not None:
        some.sampling.tell(proposal[0], Outcome((1.0,)))
        found.add(proposal[1][MAX])
    assert found == {3, 77, 400}
