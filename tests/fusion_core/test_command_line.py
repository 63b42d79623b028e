"""`python -m fusion_core fuse` and `evaluate`, as a user runs them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fusion_core.__main__ import app, main
from fusion_core.checkpoints import to_bytes
from fusion_core.config import PolicyConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import DataError
from fusion_core.metrics.facts import FACTS
from fusion_core.policy import build_policy


@pytest.fixture
def folders(tmp_path: Path, test_pairs: PairSet) -> Path:
    for name, images in (("vi", test_pairs.visible), ("ir", test_pairs.infrared)):
        (tmp_path / name).mkdir()
        for stem, image in zip(test_pairs.stems, images, strict=True):
            cv2.imwrite(str(tmp_path / name / f"{stem}.png"), image.transpose(1, 2, 0)[..., ::-1])
    config = TrialConfig(policy=PolicyConfig(base_channels=2))
    (tmp_path / "policy.safetensors").write_bytes(to_bytes(build_policy(config.policy, 0), config, 1))
    return tmp_path


def arguments(command: str, folder: Path, **options: str) -> list[str]:
    pairs = {"visible": str(folder / "vi"), "infrared": str(folder / "ir")} | options
    return [command, *(part for name, value in pairs.items() for part in (f"--{name}", value))]


def test_fused_images_and_maps_are_written_and_can_be_evaluated(folders: Path, test_pairs: PairSet) -> None:
    out, csv = folders / "fused", folders / "metrics.csv"
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(out)}
    fused = CliRunner().invoke(app, [*arguments("fuse", folders, **options), "--maps"])
    assert fused.exit_code == 0, fused.output
    for stem in test_pairs.stems:
        assert cv2.imread(str(out / f"{stem}.png")).shape == (64, 80, 3)
        assert cv2.imread(str(out / "maps" / f"{stem}.png"), cv2.IMREAD_UNCHANGED).shape == (64, 80)
    result = CliRunner().invoke(app, arguments("evaluate", folders, fused=str(out), out=str(csv)))
    assert result.exit_code == 0, result.output
    table = pd.read_csv(csv)
    assert list(table.columns) == ["image", *FACTS]
    assert list(table["image"]) == list(test_pairs.stems)
    assert np.isfinite(table["VIF"]).all()


def test_fusing_into_the_folder_of_the_sources_is_refused(folders: Path) -> None:
    before = (folders / "vi" / "scene_0000.png").read_bytes()
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(folders / "vi")}
    result = CliRunner().invoke(app, arguments("fuse", folders, **options))
    assert isinstance(result.exception, DataError)
    assert "folder of its own" in str(result.exception)
    assert (folders / "vi" / "scene_0000.png").read_bytes() == before


def test_evaluating_a_copy_of_the_visible_images_gives_its_baseline(folders: Path) -> None:
    csv = folders / "metrics.csv"
    CliRunner().invoke(app, arguments("evaluate", folders, fused=str(folders / "vi"), out=str(csv)))
    table = pd.read_csv(csv)
    assert (table["VIF"] > 1).all()
    assert (table["Nabf"] == 0).all()


def test_every_missing_fused_image_is_named_without_a_traceback(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "other").mkdir()
    cv2.imwrite(str(folders / "other" / "stranger.png"), np.zeros((64, 80), np.uint8))
    monkeypatch.setattr("sys.argv", ["fusion_core", *arguments("evaluate", folders, fused=str(folders / "other"))])
    with pytest.raises(SystemExit) as stop:
        main()
    message = capsys.readouterr().err
    assert stop.value.code == 2
    assert "no fused image" in message
    assert "stranger.png" in message
    assert "Traceback" not in message
