"""Checkpoints that are none: one error with what to do, nothing run, nothing built that the file does not hold."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from fusion_core.config import PolicyConfig, TrialConfig
from fusion_core.errors import CheckpointError
from fusion_core.models.checkpoints import load_checkpoint, load_state, save_state, to_bytes
from fusion_core.models.policy import build_policy

CONFIG = TrialConfig(policy=PolicyConfig(base_channels=2))
GOOD = to_bytes(build_policy(CONFIG.policy, 0), CONFIG, 1)
WEIGHTS = load(GOOD)
(LENGTH,) = struct.unpack("<Q", GOOD[:8])
HEADER = json.loads(GOOD[8 : 8 + LENGTH])
METADATA = HEADER["__metadata__"]
FIRST = "leave.bias"


class Opens:
    """What a pickle does when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and message.isprintable() and len(message) < len(str(path)) + 500
    assert message.endswith("Take one from the checkpoints folder of a run of this program.")
    return message


def changed(weights: dict[str, torch.Tensor] | None = None, **metadata: str) -> bytes:
    return save(WEIGHTS | (weights or {}), METADATA | metadata)


def with_header(**entry: object) -> bytes:
    """Return a checkpoint whose header says something else of its first tensor."""
    header = json.dumps(HEADER | {FIRST: HEADER[FIRST] | entry}).encode()
    return struct.pack("<Q", len(header)) + header + GOOD[8 + LENGTH :]


def described(section: str, value: object) -> str:
    return json.dumps(json.loads(METADATA["config"]) | {section: value})


def test_a_checkpoint_comes_back_with_its_weights_and_epoch(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(GOOD)
    checkpoint = load_checkpoint(path)
    assert checkpoint.epoch == 1 and not checkpoint.policy.training
    assert all(torch.equal(value, WEIGHTS[name]) for name, value in checkpoint.policy.state_dict().items())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be a whole safetensors file, but"),
        (b"this is text", "must be a whole safetensors file, but"),
        (GOOD[:700], "must be a whole safetensors file, but"),
        (GOOD[:-1], "must be a whole safetensors file, but"),
        (struct.pack("<Q", 2**63) + b"{}", "must be a whole safetensors file, but"),
        (struct.pack("<Q", 90_000) + b"[" * 90_000, "must be a whole safetensors file, but"),
        (with_header(data_offsets=[0, 10**12]), "must be a whole safetensors file, but"),
        (with_header(shape=[2**40, 2**40]), "must be a whole safetensors file, but"),
        (with_header(dtype="F99"), "must be a whole safetensors file, but"),
        (save(WEIGHTS), "the format must be 'fusion-policy-1', but got none."),
        (save(WEIGHTS, {"format": "\x1b[31m" + "a" * 9000}), "but got '\\x1b[31maaa"),
        (save(WEIGHTS, {"format": "fusion-policy-1"}), "must carry 'config', but does not."),
        (changed(config="[1]"), "must carry its config, but"),
        (changed(config="[" * 100_000), "must carry its config, but"),
        (changed(epoch="9" * 5000), "must carry its config, but"),
        (changed(config=described("kernel", {"levels": 99})), "must carry its config, but"),
        (changed(config=described("policy", {"base_channels": 10**9})), "must carry its config, but"),
        (changed(config=described("policy", {"base_channels": 1024})), "88 more are of another shape."),
        (save({"w": torch.zeros(3)}, METADATA), "and 107 more are missing; w is unknown."),
        (changed({FIRST: torch.zeros(5)}), "but leave.bias is of another shape."),
        (changed({FIRST: WEIGHTS[FIRST].half()}), "but leave.bias is of another type."),
        (changed({FIRST: torch.tensor([0.0, torch.nan])}), "but leave.bias is not finite."),
        (changed({"\x1b[2J\n": torch.zeros(1)}), "but \\x1b[2J is unknown."),
    ],
    ids=["empty", "text", "cut", "cut by one", "huge header", "deep header", "offsets", "shape", "dtype", "no metadata",
         "another format", "no config", "config a list", "deep config", "long epoch", "levels", "huge policy",
         "larger policy", "other names", "other shape", "half", "nan", "escape"],
)  # fmt: skip
def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(tmp_path / "x.safetensors", content)


def test_a_pickle_is_refused_and_not_run_whatever_its_name(tmp_path: Path) -> None:
    content = pickle.dumps(Opens(tmp_path / "opened"))
    refusal(tmp_path / "x.safetensors", content)
    torch.save({"w": Opens(tmp_path / "opened")}, tmp_path / "y.safetensors")
    refusal(tmp_path / "x.safetensors", (tmp_path / "y.safetensors").read_bytes())
    assert not (tmp_path / "opened").exists()
    pickle.loads(content)  # it would have
    assert (tmp_path / "opened").exists()


@pytest.mark.parametrize("what", ["folder", "loop", "nothing"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.safetensors"
    if what == "folder":
        path.mkdir()
    elif what == "loop":
        path.symlink_to(path)
    with pytest.raises(CheckpointError, match="a checkpoint must be a file, but got"):
        load_checkpoint(path)


def test_a_state_is_no_checkpoint_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    save_state(path, WEIGHTS, {"epoch": "1"})
    tensors, metadata = load_state(path)
    assert metadata["epoch"] == "1" and tensors.keys() == WEIGHTS.keys()
    refusal(path, path.read_bytes())
    path.write_bytes(GOOD[:700])
    with pytest.raises(CheckpointError, match=r"must be a whole safetensors file, but .*\.$"):
        load_state(path)
