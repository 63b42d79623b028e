"""`python -m fusion_core fuse` and `evaluate`, as a user runs them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fusion_core.__main__ import app, main
from fusion_core.config import PolicyConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import DataError
from fusion_core.metrics.facts import FACTS
from fusion_core.models.checkpoints import to_bytes
from fusion_core.models.policy import build_policy


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


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command as a user does and return its exit code."""
    monkeypatch.setattr("sys.argv", ["fusion_core", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("fuse", {"checkpoint": "{}/gone", "out": "{}/out"}, "error: {}/gone: a checkpoint must be a file"),
        (
            "fuse",
            {"checkpoint": "{}/vi", "out": "{}/out"},
            "error: {}/vi: a checkpoint must be a file, but got a folder",
        ),
        ("fuse", {"checkpoint": "{}/vi/scene_0000.png", "out": "{}/out"}, "must be a whole safetensors file"),
        ("fuse", {"out": "{}/policy.safetensors"}, "error: --out must be a folder, but"),
        ("fuse", {"out": "/proc/new"}, "error: --out /proc/new must be a folder that can be written"),
        (
            "fuse",
            {"out": "{}/out", "device": "tpu"},
            "error: --device must be auto, cpu, cuda or cuda:N, but got 'tpu'",
        ),
        ("fuse", {"out": "{}/out", "visible": "{}/gone"}, "error: {}/gone must be a folder that can be read"),
        ("fuse", {"out": "{}/out", "infrared": "{}/vi"}, "error: visible and infrared must be two folders"),
        ("evaluate", {"fused": "{}/gone"}, "error: {}/gone must be a folder that can be read"),
        ("evaluate", {"fused": "{}/vi", "out": "{}/vi"}, "error: --out must be a CSV file, but got {}/vi."),
        ("evaluate", {"fused": "{}/vi", "out": "{}/vi/scene_0000.png"}, "error: --out must be a CSV file, but got"),
    ],
)
def test_a_mistake_is_one_error_and_nothing_is_written(
    folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: dict[str, str],
    message: str,
) -> None:
    checkpoint = {"checkpoint": str(folders / "policy.safetensors")} if command == "fuse" else {}
    given = checkpoint | {name: value.format(folders) for name, value in options.items()}
    before = {path: path.stat().st_mtime_ns for path in folders.rglob("*")}
    assert run(monkeypatch, *arguments(command, folders, **given)) == 2
    said = capsys.readouterr()
    assert message.format(folders) in said.err and said.out == ""
    assert {path: path.stat().st_mtime_ns for path in folders.rglob("*")} == before


def test_all_that_is_wrong_with_folders_comes_at_once(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "vi" / "scene_0000.png").write_bytes(b"")
    (folders / "ir" / "scene_0001.png").rename(folders / "ir" / "scene_\x1b[31m.png")
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(folders / "out")}
    for command in (arguments("fuse", folders, **options), arguments("evaluate", folders, fused=str(folders / "vi"))):
        assert run(monkeypatch, *command) == 2
        error = capsys.readouterr().err
        assert "vi/scene_0000.png: an image must be a PNG, JPEG, BMP or TIFF, but got an empty file" in error
        assert "scene_\\x1b[31m.png: the name holds control characters" in error
        assert "vi/scene_0001.png" in error and "\x1b" not in error
        assert all(line.startswith("error: ") for line in error.splitlines())
    assert not (folders / "out").exists()


def test_weight_maps_do_not_replace_the_sources(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "vi").rename(folders / "maps")
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(folders), "visible": str(folders / "maps")}
    assert run(monkeypatch, *arguments("fuse", folders, **options), "--maps") == 2
    assert "maps holds the sources. Name another." in capsys.readouterr().err


def test_what_was_done_to_images_is_said(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (folders / "ir").iterdir():
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.uint16) * 257)
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(folders / "out")}
    assert run(monkeypatch, *arguments("fuse", folders, **options)) == 0
    note = "note: 3 of 3 infrared images have 16 bits a channel, read as value / 257\n"
    assert capsys.readouterr().err == note
    assert run(monkeypatch, *arguments("evaluate", folders, fused=str(folders / "out"))) == 0
    assert capsys.readouterr().err == note


def test_an_image_whose_fusion_does_not_fit_into_memory_is_named_before_anything_is_written(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    options = {"checkpoint": str(folders / "policy.safetensors"), "out": str(folders / "out")}
    assert run(monkeypatch, *arguments("fuse", folders, **options)) == 2
    assert "scene_0000.png is 64x80: its fusion takes 0.0 GB of memory" in capsys.readouterr().err
    assert not (folders / "out").exists()
