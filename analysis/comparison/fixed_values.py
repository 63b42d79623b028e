"""What differs between runs apart from what they sweep: recipe, policy, data, program."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from analysis.formatting import text
from analysis.runs.run import Run
from trials.spec.labels import flat

# Locations of data, and fields without effect on results.
_NOT_A_DIFFERENCE = ("data.root", "seed", "evaluation.per_image")
_ABSENT = "–"


def fixed_values(run: Run) -> dict[str, Hashable]:
    """Return what every trial of a run shares, by dotted key; both SSIM weights, where equal, as `loss.ssim_shared`."""
    record = run.record
    values = dict(record.get("fixed") or {})
    trial = flat((record.get("resolved") or {}).get("trial") or {})
    values |= {key: json.dumps(value) if isinstance(value, list) else value for key, value in trial.items()}
    ratios = values.get("loss.ssim_ratio"), values.get("loss.ssim_ir_ratio")
    if values.get("loss.ssim_shared") is None and ratios[0] is not None and ratios[0] == ratios[1]:
        values["loss.ssim_shared"] = ratios[0]
    if "loss.ssim_shared" in (*run.axes, *values):
        values = {key: value for key, value in values.items() if key not in ("loss.ssim_ratio", "loss.ssim_ir_ratio")}
    return {key: value for key, value in values.items() if key not in run.axes and value is not None}


def differences(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return (field, its value in each run) for every fixed field that differs, in words.

    A field that a run does not record is not a difference; one that its recorded config lacks is.
    """
    columns = [_configured(run) | _surroundings(run) for run in runs]
    complete = [bool((run.record.get("resolved") or {}).get("trial")) for run in runs]
    config = {key for run in runs for key in _configured(run)}
    rows = []
    for key in dict.fromkeys(key for column in columns for key in column):
        counted = [
            column.get(key) for column, whole in zip(columns, complete, strict=True)
            if key in column or (whole and key in config)
        ]  # fmt: skip
        if len(set(counted)) > 1:
            rows.append((key, [column.get(key, _ABSENT) for column in columns]))
    return rows


def _configured(run: Run) -> dict[str, str]:
    """Return the configuration of a run's trials, with the values of each axis."""
    fixed = fixed_values(run)
    skipped = [*_NOT_A_DIFFERENCE]
    if not any("synthetic" in str(fixed.get(key)) for key in ("data.train", "data.test")):
        skipped.append("data.synthetic.")
    described = {key: text(value) for key, value in fixed.items() if not key.startswith(tuple(skipped))}
    return described | {key: f"swept: {', '.join(map(text, values))}" for key, values in run.axes.items()}


def _surroundings(run: Run) -> dict[str, str]:
    """Return what else results may depend on: images, seeds, versions, devices, the ranking."""
    described = {}
    for row in run.datasets.itertuples():
        use = "training" if row.dataset.startswith("train:") else "test"
        name = f"{use} images of {row.dataset.removeprefix('train:')}"
        described[name] = f"{row.pairs} of {row.height}x{row.width}, {row.fingerprint[:8]}"
    if len(run.trials):
        described["seeds"] = ", ".join(map(str, sorted(run.trials["seed"].unique())))
    rank_by = run.rank_by
    weights = ", ".join(f"{name} {share:g}" for name, share in rank_by.dataset_weights.items())
    when = f"epoch {rank_by.epoch}" if rank_by.epoch else "the last epoch"
    described["ranked by"] = f"{rank_by.metric} at {when}" + (f", {weights}" if weights else "")
    devices = run.record.get("devices") or sorted(set(run.trials["device"].dropna()))
    if devices:
        described["devices"] = ", ".join(sorted(set(map(str, devices))))
    return described | _program(run.record)


def _program(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions that results may depend on."""
    packages = record.get("packages") or {}
    said = {
        f"version of {name}": str(packages[name]) for name in ("torch", "numpy", "opencv-python") if packages.get(name)
    }
    if record.get("numerics") is not None:
        said["version of the numbers"] = str(record["numerics"])
    if commit := record.get("commit"):
        said["commit"] = f"{commit['commit'][:10]}{' with local changes' if commit.get('dirty') else ''}"
    return said
