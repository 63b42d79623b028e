"""Parses the searches of the replay command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from fusion_core.errors import ConfigError, did_you_mean
from trials.spec.search import SearchConfig, StopEarly

SAMPLERS = ("random", "sobol", "tpe", "gp", "cmaes", "nsga2")
RULES = ("asha", "median")
SETTINGS = {
    "tpe": {"startup": "startup"}, "gp": {"startup": "startup"},
    "cmaes": {"population": "population"}, "nsga2": {"population": "population"},
    "asha": {"grace": "grace_epochs", "reduction": "reduction"}, "median": {"grace": "grace_epochs"},
}  # fmt: skip
DEFAULT = "random,tpe,asha,tpe+asha"
SEARCH_HELP = (
    "Searches, parted by commas. Samplers: random, sobol, tpe, gp, cmaes, nsga2. asha and median alone: the whole grid "
    "in random order with that rule; with a sampler: tpe+asha. Settings after colons: tpe:startup=20, "
    "nsga2:population=12, asha:reduction=8:grace=1, median:grace=1. Fewer repeats of one: gp@20."
)


@dataclass(frozen=True)
class Search:
    """A sampler (of kind `grid`: the whole grid in random order), an early stopping rule, and the number of repeats."""

    name: str
    sampler: SearchConfig
    rule: StopEarly
    repeats: int

    @property
    def whole(self) -> bool:
        """Whether it tries every setting of the grid."""
        return self.sampler.kind == "grid"

    @property
    def stops_early(self) -> bool:
        return self.rule.kind != "none"


def read_searches(text: str, repeats: int) -> tuple[Search, ...]:
    """Read `tpe:startup=20+asha:reduction=8@50,random`. Raises ConfigError with the problem of each.

    `@` is followed by the repeats of one search, instead of `repeats`.
    """
    problems = [] if repeats >= 1 else [f"--repeats must be at least 1, but got {repeats}"]
    found: list[Search] = []
    for word in (one.strip() for one in text.split(",")):
        try:
            found.append(_search(word, max(repeats, 1)))
        except ConfigError as problem:
            problems += problem.problems
    names = [one.name for one in found]
    problems += [f"--search must name each search once, but got {name} twice" for name in _twice(names)]
    if problems:
        raise ConfigError(*problems)
    return tuple(found)


def _search(word: str, repeats: int) -> Search:
    name, at, count = word.partition("@")
    problems: list[str] = []
    if at and not (count.isdecimal() and int(count) >= 1):
        problems.append(f"--search: @ must be followed by the repeats, at least 1, but got {word!r}")
    configs: dict[type, SearchConfig | StopEarly] = {}
    for part in name.split("+"):
        kind, *settings = part.split(":")
        if kind not in SETTINGS and kind not in SAMPLERS:
            known = did_you_mean(kind, (*SAMPLERS, *RULES))
            problems.append(f"--search must be of known samplers and rules, but got {kind!r}.{known}")
            continue
        of = StopEarly if kind in RULES else SearchConfig
        if of in configs:
            problems.append(f"--search must join one sampler with one rule, such as tpe+asha, but got {name!r}")
            continue
        try:
            configs[of] = of.model_validate({"kind": kind, **_settings(kind, settings, problems)})
        except ValidationError as problem:
            problems += [f"--search {part}: {one['loc'][-1]} {_lower(one['msg'])}, but got {one['input']!r}"
                         for one in problem.errors()]  # fmt: skip
    if problems:
        raise ConfigError(*problems)
    sampler, rule = configs.get(SearchConfig, SearchConfig()), configs.get(StopEarly, StopEarly())
    assert isinstance(sampler, SearchConfig) and isinstance(rule, StopEarly)
    return Search(name, sampler, rule, int(count) if at else repeats)


def _settings(kind: str, words: Sequence[str], problems: list[str]) -> dict[str, int]:
    """Return the values of `reduction=8` and the like, by field."""
    found, own = {}, SETTINGS.get(kind, {})
    for word in words:
        name, _, value = word.partition("=")
        if name not in own:
            hint = did_you_mean(name, own) if own else " It has none."
            problems.append(f"--search {kind}: must be followed by a setting of {kind}, but got {name!r}.{hint}")
        elif not value.isdecimal():
            problems.append(f"--search {kind}: {name} must be a whole number, but got {value!r}")
        else:
            found[own[name]] = int(value)
    return found


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].replace("input ", "")


def _twice(names: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]
