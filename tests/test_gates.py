"""The workflow and the commit hooks run the make targets of the Makefile, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


def targets(commands: list[str]) -> set[str]:
    """The targets of commands that are all `make TARGET`."""
    assert all(re.fullmatch(r"make [a-z]+", command) for command in commands), commands
    return {command.removeprefix("make ") for command in commands}


def test_the_workflow_runs_make_test_and_make_check_on_each_supported_python() -> None:
    job = read(".github/workflows/ci.yml")["jobs"]["test"]
    assert targets([step["run"] for step in job["steps"] if "run" in step]) == {"test", "check"} <= TARGETS
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_the_workflow_uses_the_official_checkout_and_python_actions_only() -> None:
    workflow = read(".github/workflows/ci.yml")
    used = {step["uses"].partition("@")[0] for step in workflow["jobs"]["test"]["steps"] if "uses" in step}
    assert used == {"actions/checkout", "actions/setup-python"}
    assert workflow["permissions"] == {"contents": "read"}


def test_the_hooks_before_commit_and_push_run_make_check_and_make_test() -> None:
    repositories = read(".pre-commit-config.yaml")["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert targets([hook["entry"] for hook in hooks]) == {"test", "check"} <= TARGETS
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in hooks)
