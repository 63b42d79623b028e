from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fusion_core.config import DataConfig
from fusion_core.data import fetch as fetching
from fusion_core.data.catalog import CATALOG, load_data
from fusion_core.data.fetch import fetch
from fusion_core.errors import DataError
from tests.fusion_core.data.conftest import Write

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

CONTENT = {
    "msrs": ("{}/vi", "{}/ir"),
    "roadscene": ("crop_LR_visible", "cropinfrared"),
    "pet": ("MyDatasets/PET-MRI/{}/PET", "MyDatasets/PET-MRI/{}/MRI"),
    "ct": ("CT-MRI/CT", "CT-MRI/MRI"),
}


def git(*arguments: str, folder: Path) -> None:
    identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **identity})


def serve(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str, commit: str = "", pairs: tuple[int, int] | None = None
) -> None:
    entry = CATALOG[name]
    assert entry.repository
    repository = dataclasses.replace(entry.repository, url=url, commit=commit, pairs=pairs)
    monkeypatch.setitem(CATALOG, name, dataclasses.replace(entry, repository=repository))


@pytest.fixture
def upstream(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local repository that stands in for every known one that can be fetched."""
    folder = tmp_path / "upstream"
    for visible, infrared in CONTENT.values():
        for place in (visible, infrared):
            for split in ("train", "test"):
                for index in range(12):
                    write(folder / place.format(split) / f"{index:04}.png")
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "-m", "images", folder=folder)
    for name in CONTENT:
        serve(monkeypatch, name, folder.as_uri())
    return folder


@needs_git
@pytest.mark.parametrize("name", CONTENT)
def test_a_fetched_set_is_found_by_the_catalog(upstream: Path, tmp_path: Path, name: str) -> None:
    root, lines = tmp_path / "data", list[str]()
    folder = fetch(name, root, lines.append)
    assert list(root.iterdir()) == [folder]
    assert lines[0].startswith(f"Fetching {name} from {upstream.as_uri()}")
    assert any("done." in line for line in lines)
    assert len(load_data(DataConfig(train=name, test=(name,), root=root)).train) > 0


def head(folder: Path) -> str:
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@needs_git
def test_the_commit_that_the_catalog_names_is_fetched_and_not_a_newer_one(
    upstream: Path, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = head(upstream)
    for folder in ("vi", "ir"):
        write(upstream / "train" / folder / "added.png")
    git("add", ".", folder=upstream)
    git("commit", "--quiet", "-m", "more", folder=upstream)
    lines: list[str] = []
    serve(monkeypatch, "msrs", upstream.as_uri(), known, (12, 12))
    folder = fetch("msrs", tmp_path / "data", lines.append)
    assert head(folder) == known != head(upstream)
    assert lines[-1] == f"msrs is in {folder}: 12 pairs to train and 12 to test with, commit {known}"


@needs_git
@pytest.mark.parametrize(
    ("commit", "pairs", "message"),
    [
        ("0" * 40, None, "git fetch of"),
        ("", (12, 13), "must hold 12 and 13 pairs of msrs to train and to test with, but has 12 and 12"),
    ],
)
def test_what_is_not_as_the_catalog_says_is_refused_and_not_kept(
    upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str, pairs: tuple[int, int], message: str
) -> None:
    serve(monkeypatch, "msrs", upstream.as_uri(), commit, pairs)
    with pytest.raises(DataError, match=message):
        fetch("msrs", tmp_path / "data", lambda line: None)
    assert list((tmp_path / "data").iterdir()) == []


@needs_git
def test_links_hooks_and_unpaired_files_of_a_repository_come_to_nothing(
    upstream: Path, tmp_path: Path, write: Write
) -> None:
    (upstream / "train" / "vi" / "secret.png").symlink_to("/etc/passwd")
    write(upstream / "train" / "ir" / "secret.png")
    git("add", ".", folder=upstream)
    git("commit", "--quiet", "-m", "link", folder=upstream)
    folder = fetch("msrs", tmp_path / "data", lambda line: None)
    assert not (folder / "train" / "vi" / "secret.png").is_symlink()
    with pytest.raises(DataError, match=r"secret\.png: an image must be a PNG"):
        load_data(DataConfig(train="msrs", test=("msrs",), root=tmp_path / "data"))
    (upstream / "train" / "ir" / "secret.png").unlink()
    git("commit", "--quiet", "-a", "-m", "unpaired", folder=upstream)
    with pytest.raises(DataError, match=r"must hold pairs of msrs, but:\nno partner of that name in MSRS/train/ir"):
        fetch("msrs", tmp_path / "other", lambda line: None)
    assert list((tmp_path / "other").iterdir()) == []


def test_every_repository_of_the_catalog_is_reached_by_https() -> None:
    urls = [entry.repository.url for entry in CATALOG.values() if entry.repository]
    assert urls and all(url.startswith("https://github.com/") for url in urls)


@needs_git
def test_what_is_there_is_not_fetched_again(upstream: Path, tmp_path: Path) -> None:
    folder = fetch("msrs", tmp_path / "data", lambda line: None)
    lines: list[str] = []
    shutil.rmtree(upstream)
    assert fetch("msrs", tmp_path / "data", lines.append) == folder
    assert lines == [f"msrs is already in {folder}"]


@needs_git
def test_a_failed_clone_says_what_git_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (tmp_path / "nowhere").as_uri()
    serve(monkeypatch, "msrs", url)
    root = tmp_path / "data"
    with pytest.raises(DataError) as caught:
        fetch("msrs", root, lambda line: None)
    message = str(caught.value)
    assert "fatal:" in message
    assert f"download {url} by hand and put it at {root / 'MSRS'}" in message
    assert list(root.iterdir()) == []


@needs_git
def test_an_interrupted_clone_leaves_nothing(upstream: Path, tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if not line.startswith("Fetching"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("msrs", tmp_path / "data", interrupt)
    assert list((tmp_path / "data").iterdir()) == []


@needs_git
def test_a_repository_without_the_expected_folders_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "upstream"
    write(folder / "elsewhere" / "a.png")
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "-m", "images", folder=folder)
    serve(monkeypatch, "msrs", folder.as_uri())
    with pytest.raises(DataError, match="has none of MSRS/"):
        fetch("msrs", tmp_path / "data", lambda line: None)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_folder_that_holds_something_else_is_not_overwritten(tmp_path: Path, write: Write) -> None:
    kept = write(tmp_path / "MSRS" / "mine.png")
    with pytest.raises(DataError, match="move it away"):
        fetch("msrs", tmp_path, lambda line: None)
    assert kept.exists()


def test_without_git_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    with pytest.raises(DataError, match=r"install git, or download https://github\.com/Linfeng-Tang/MSRS by hand"):
        fetch("msrs", tmp_path, lambda line: None)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("m3fd", "download it by hand"),
        ("synthetic", "made from a seed"),
        ("mrsr", "Did you mean 'msrs'"),
    ],
)
def test_what_cannot_be_fetched_is_explained(tmp_path: Path, name: str, remedy: str) -> None:
    with pytest.raises(DataError, match=remedy):
        fetch(name, tmp_path, lambda line: None)
