"""LPIPS and NIQE through stand-ins for their packages, and the sentence where they are not here."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fusion_core.config import RewardConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import ConfigError
from fusion_core.evaluation import copy_of_visible, evaluate
from fusion_core.metrics import optional
from fusion_core.metrics.facts import FACTS, OPTIONAL, facts_of
from fusion_core.metrics.optional import METRICS, lpips_distances, problems
from fusion_core.rewards import Reward
from fusion_core.sources import Fused, Sources, SourceSet

ALEXNET = "alexnet-owt-00000000.pth"


class Distance(nn.Module):
    """Stands in for lpips.LPIPS: mean absolute difference, of images as the package wants them."""

    made = 0

    def __init__(self, net: str, verbose: bool) -> None:
        super().__init__()
        assert (net, verbose) == ("alex", False)
        type(self).made += 1
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, image: Tensor, source: Tensor) -> Tensor:
        assert not self.training
        assert image.shape == source.shape
        assert image.shape[1] == 3
        assert image.dtype == torch.float32
        assert min(image.min(), source.min()) >= -1
        assert max(image.max(), source.max()) <= 1
        return (image - source).abs().mean(dim=(1, 2, 3), keepdim=True) * self.scale


def create_metric(name: str, device: torch.device) -> Any:
    """Stand in for pyiqa.create_metric: the mean of the image; one value without a batch where there is one image."""
    assert (name, device) == ("niqe", torch.device("cpu"))

    def metric(image: Tensor) -> Tensor:
        assert image.shape[1] == 3
        assert image.min() >= 0
        assert image.max() <= 1
        return image.mean(dim=(1, 2, 3)).squeeze()

    return metric


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.__dict__.update(content)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where weights would lie, and the packages."""
    weights = SimpleNamespace(IMAGENET1K_V1=SimpleNamespace(url=f"https://somewhere/{ALEXNET}"))
    stand_in(monkeypatch, "lpips", LPIPS=Distance)
    stand_in(monkeypatch, "torchvision")
    stand_in(monkeypatch, "torchvision.models", AlexNet_Weights=weights)
    stand_in(monkeypatch, "pyiqa", create_metric=create_metric)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(Distance, "made", 0)
    for loader in (optional._lpips, optional._niqe):
        loader.cache_clear()
    return tmp_path


@pytest.fixture
def installed(hub: Path) -> Path:
    for file in (hub / "checkpoints" / ALEXNET, hub / "pyiqa" / "niqe_modelparameters.mat"):
        file.parent.mkdir()
        file.touch()
    return hub


@pytest.fixture
def sources(test_pairs: PairSet) -> Sources:
    return Sources.from_pixels(torch.from_numpy(test_pairs.visible), torch.from_numpy(test_pairs.infrared))


def test_lpips_is_the_mean_over_both_sources(installed: Path, sources: Sources) -> None:
    got = METRICS["LPIPS"](sources, copy_of_visible(sources))
    infrared = sources.infrared.expand(-1, 3, -1, -1)
    expected = (sources.visible - infrared).abs().mean(dim=(1, 2, 3)) / 2
    torch.testing.assert_close(got, expected)


def test_lpips_takes_grey_images_and_passes_gradients_to_them_but_not_to_its_network(
    installed: Path, sources: Sources
) -> None:
    grey = Sources(sources.luma, sources.infrared)
    image = (0.5 * grey.luma).requires_grad_()
    value = METRICS["LPIPS"](grey, Fused(image))
    assert value.shape == (3,)
    (gradient,) = torch.autograd.grad(value.sum(), image)
    assert (gradient != 0).any()
    assert not any(parameter.requires_grad for parameter in optional._lpips(image.device).parameters())


def test_the_network_is_built_once_and_a_fused_image_is_compared_once(installed: Path, sources: Sources) -> None:
    fused = copy_of_visible(sources)
    first = lpips_distances(sources, fused)
    assert lpips_distances(sources, fused) is first
    lpips_distances(sources, Fused(0.5 * sources.visible))
    assert Distance.made == 1


def test_lpips_joins_its_sources_as_the_reward_says(installed: Path, sources: Sources) -> None:
    some = Reward(RewardConfig(weights={"LPIPS": 1.0}))
    fused = copy_of_visible(sources)
    mean, worse = (one.terms(sources, fused)["LPIPS"] for one in (some, some.also("min")))
    torch.testing.assert_close(worse, 2 * mean)
    assert (some(sources, fused) == -mean).all()


@pytest.mark.parametrize("n", [1, 2])
def test_niqe_sees_colour_images_in_0_to_1_and_gives_one_value_each(installed: Path, n: int) -> None:
    sources = Sources(torch.zeros(n, 1, 96, 100), torch.zeros(n, 1, 96, 100))
    got = METRICS["NIQE"](sources, Fused(torch.full((n, 1, 96, 100), 1.5)))
    assert got.tolist() == [1.0] * n


def test_niqe_of_a_small_image_says_how_large_it_must_be(installed: Path, sources: Sources) -> None:
    with pytest.raises(ValueError, match="images must be at least 96 x 96 pixels for NIQE, but got 64 x 80"):
        METRICS["NIQE"](sources, copy_of_visible(sources))


def test_evaluation_measures_what_the_reward_names_beside_the_catalog(installed: Path, test_pairs: PairSet) -> None:
    kept = SourceSet(torch.from_numpy(test_pairs.visible), torch.from_numpy(test_pairs.infrared), 1 << 30)
    columns = evaluate(copy_of_visible, kept, {"LPIPS": METRICS["LPIPS"]})
    assert set(columns) == {*FACTS, "LPIPS"}
    expected = METRICS["LPIPS"](sources := kept.batch(slice(0, 3)), copy_of_visible(sources))
    np.testing.assert_allclose(columns["LPIPS"], expected.numpy(), rtol=1e-6)


def test_nothing_is_missing_where_packages_and_weights_are_there(installed: Path) -> None:
    assert problems(OPTIONAL) == []


def test_weights_that_are_not_on_disk_are_named_and_never_fetched(hub: Path, sources: Sources) -> None:
    lpips, niqe = problems(["VIF", "LPIPS", "NIQE"])
    assert lpips.startswith(f"LPIPS needs its weights on disk, but {hub / 'checkpoints' / ALEXNET} is not there: pip")
    assert niqe.startswith("NIQE needs its weights on disk, but ")
    with pytest.raises(ConfigError, match="LPIPS needs its weights on disk"):
        METRICS["LPIPS"](sources, copy_of_visible(sources))
    assert Distance.made == 0


@pytest.mark.parametrize("package", ["lpips", "torchvision"])
def test_a_package_that_is_not_installed_is_named_with_how_to_get_it(
    hub: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = optional.find_spec
    monkeypatch.setattr(optional, "find_spec", lambda name: None if name == package else find(name))
    (sentence,) = problems(["LPIPS"])
    assert sentence == f"LPIPS needs {package}, not installed here: {optional.LPIPS_GET}."


def test_without_the_packages_the_sentence_is_there_for_real() -> None:
    for name, (packages, *_) in optional.NEEDS.items():
        if any(optional.find_spec(package) is None for package in packages):
            assert "not installed here: pip install" in problems([name])[0]


def test_facts_are_found_by_either_kind_of_name() -> None:
    assert facts_of("VIF") is FACTS["VIF"]
    assert facts_of("NIQE") is OPTIONAL["NIQE"]
    with pytest.raises(KeyError):
        facts_of("nothing")
