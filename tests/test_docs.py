"""Whatever the documentation names exists: links, paths, packages, commands and their options."""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
SWEEPS = sorted(ROOT.glob("sweeps/*.yaml"))
PACKAGES = ("fusion_core", "trials", "analysis")

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
NAMED_PATH = re.compile(rf"(?<![\w/.-])((?:{'|'.join(PACKAGES)}|tests|docs|sweeps|benchmarks)/[\w./-]*\w)")
NAMED_FILE = re.compile(r"`([\w./-]+\.(?:py|toml))`")
COMMAND = re.compile(r"python (run_sweep\.py|-m [\w.]+)([^`#(\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
PLACEHOLDER = "NAME"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8").replace("\\\n", " ")


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each command of a page, with its subcommand, and its options."""
    for program, rest in COMMAND.findall(text_of(page)):
        first = rest.split()[:1]
        subcommand = first if program == "-m analysis" or program == "-m fusion_core" else []
        if program == "-m analysis" and first and ("/" in first[0] or first[0].isupper()):
            subcommand = ["report"]
        yield (program, *subcommand), OPTION.findall(rest)


@cache
def help_of(command: tuple[str, ...]) -> str:
    """What a command prints for --help, run in this process."""
    program, *subcommand = command
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(sys, "argv", [program, *subcommand, "--help"])
        patch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            if program.startswith("-m "):
                runpy.run_module(program.removeprefix("-m "), run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(str(ROOT / program), run_name="__main__")
    assert not ended.value.code, f"python {' '.join(command)} --help"
    printed.seek(0)
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.read())


def options_of(command: tuple[str, ...]) -> set[str]:
    return set(OPTION.findall(help_of(command)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, anchor in LINK.findall(text_of(page)):
        path = page.parent / target if target else page
        assert path.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(path), f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", [*PAGES, *SWEEPS], ids=name_of)
def test_every_path_of_this_repository_that_is_named_exists(page: Path) -> None:
    named = {*NAMED_PATH.findall(text_of(page)), *NAMED_FILE.findall(text_of(page))}
    assert [path for path in sorted(named) if PLACEHOLDER not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, *SWEEPS], ids=name_of)
def test_every_command_that_is_named_knows_its_options(page: Path) -> None:
    for command, options in commands(page):
        if command[0].startswith("-m "):
            assert importlib.util.find_spec(command[0].removeprefix("-m ")), f"{page.name} names {command[0]}"
        if options:
            assert set(options) <= options_of(command), f"{page.name} names {command} {options}"


def test_every_option_that_is_named_alone_belongs_to_a_command() -> None:
    named = {command for page in PAGES for command, options in commands(page) if options or len(command) > 1}
    known = set().union(*(options_of(command) for command in {*named, ("run_sweep.py",)}))
    for page in [*PAGES, *SWEEPS]:
        assert set(OPTION.findall(text_of(page))) <= known, page.name


def test_the_readme_links_every_page_of_the_documentation() -> None:
    for index in (ROOT / "README.md", ROOT / "docs" / "README.md"):
        linked = {(index.parent / target).resolve() for target, _ in LINK.findall(text_of(index))}
        assert {page for page in PAGES if page.parent.name == "docs" and page.name != "README.md"} <= linked


def test_the_architecture_page_describes_every_package_in_its_own_words() -> None:
    described = text_of(ROOT / "docs" / "architecture.md")
    for root in PACKAGES:
        for file in sorted((ROOT / root).glob("*/**/__init__.py")):
            words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
            folder = file.parent.relative_to(ROOT).as_posix()
            assert words, f"{folder} has no docstring"
            assert f"| [{folder}/](../{folder}) | {words.splitlines()[0]} |" in described
