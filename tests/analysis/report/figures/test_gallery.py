"""The gallery: the right images of the right trials, with the numbers of those very images."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from analysis.findings.findings import Findings
from analysis.report.figures.gallery import gallery
from analysis.report.report import write_report
from analysis.runs import samples
from analysis.runs.open_run import open_run
from tests.analysis.make import Made, make_run
from tests.browser.conftest import expose
from trials.storage.results import Results

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STEMS = {"b": ["z", "y", "x"], "a": ["one", "two", "four"]}  # neither in the order of the alphabet
# Trial 3 is best and trial 2 worst by Reward; trial 4 has max_ratio at its default.
REWARDS = {4: 0.5, 40: 0.1, 16: 0.9, 10: 0.4, 64: 0.8}
TRIALS = [
    Made({"loss.max_ratio": ratio}, [{name: {"Reward": value, "MSE": value / 4} for name in STEMS}],
         config={"data": {"test": list(STEMS)}})
    for ratio, value in REWARDS.items()
]  # fmt: skip


def run_with(
    folder: Path, kept: Sequence[int], made: Sequence[Made] = TRIALS, *, per_image: bool = True, **more: Any
) -> Path:
    """A run with images of the first two pairs of each data set from the `kept` trials, the grey of trial n being 10 n.

    The image at place p of its data set has the metric's mean plus p.
    """
    more = {"rank_by": {"metric": "Reward", "epoch": 1}, **more}
    make_run(folder, made, n={name: len(stems) for name, stems in STEMS.items()}, **more)
    with Results.open(folder / "results.sqlite") as results:
        for name, stems in STEMS.items():
            results.query("UPDATE datasets SET stems = ? WHERE dataset = ?", (json.dumps(stems), name))
        for trial, dataset, metric, mean in results.query("SELECT trial, dataset, metric, mean FROM metrics"):
            values = (np.arange(3) + mean).astype("<f4").tobytes() if per_image else None
            results.query(
                "UPDATE metrics SET per_image = ? WHERE trial = ? AND dataset = ? AND metric = ?",
                (values, trial, dataset, metric),
            )
    for number in kept:
        samples = folder / "samples" / f"{number}_id{number - 1}"
        samples.mkdir(parents=True)
        for name, stems in STEMS.items():
            for stem in stems[:2]:
                for kind in ("visible", "infrared", "weight_map", "fused"):
                    image = np.full((30, 40, 3), 10 * number, np.uint8)
                    assert cv2.imwrite(str(samples / f"{name}_{stem}_{kind}.png"), image)
    return folder


def gallery_of(folder: Path) -> Any:
    run = open_run(folder)
    return gallery(Findings.of(run))


def decoded(uri: str) -> np.ndarray:
    head, _, data = uri.partition(",")
    assert head == "data:image/webp;base64"
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_the_columns_are_the_best_the_worst_and_the_default_and_then_come_others_by_rank(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [1, 2, 3, 4, 5]))
    assert [(trial["number"], trial["roles"], trial["rank"]) for trial in made["trials"]] == [
        (3, ["best"], 1), (2, ["worst"], 5), (4, ["default"], 4), (5, [], 2), (1, [], 3),
    ]  # fmt: skip
    assert (made["ranked"], made["rankedBy"], made["apart"]) == (5, "Reward at epoch 1", "")
    assert made["notes"] == []


def test_best_and_worst_follow_the_direction_of_the_metric(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [2, 3], rank_by={"metric": "MSE", "epoch": 1}))
    assert [(trial["number"], trial["roles"]) for trial in made["trials"]] == [(2, ["best"]), (3, ["worst"])]


def test_each_image_is_the_trials_own(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [2, 3]))
    for pair in made["pairs"]:
        for number, images in pair["made"].items():
            assert all(abs(int(decoded(uri).mean()) - 10 * number) <= 2 for uri in images.values())


def test_pairs_come_data_sets_in_turn_each_in_the_order_of_its_stems(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [3]))
    assert [(pair["dataset"], pair["stem"]) for pair in made["pairs"]] == [
        ("b", "z"), ("a", "one"), ("b", "y"), ("a", "two"),
    ]  # fmt: skip


def test_the_metrics_under_an_image_are_those_of_that_image(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [3]))
    reward = [metric["name"] for metric in made["metrics"]].index("Reward")
    own = {pair["stem"]: (pair["values"][3]["own"], pair["values"][3]["numbers"][reward]) for pair in made["pairs"]}
    assert own == {"z": (True, 0.9), "y": (True, 1.9), "one": (True, 0.9), "two": (True, 1.9)}


def test_without_values_per_image_the_mean_stands_there_and_says_so(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [3], per_image=False))
    values = [pair["values"][3] for pair in made["pairs"]]
    assert [(value["own"], value["numbers"][0]) for value in values] == [(False, 0.9)] * 4


def test_a_run_that_kept_only_its_best_says_what_is_missing(tmp_path: Path) -> None:
    made = gallery_of(run_with(tmp_path, [3, 5]))
    assert [trial["number"] for trial in made["trials"]] == [3, 5]
    assert made["notes"] == ["No samples were kept of the worst (trial 2) and the default (trial 4)."]


def test_a_default_that_failed_is_said_to_have_failed(tmp_path: Path) -> None:
    trials = [replace(made, status="failed") if made.parameters["loss.max_ratio"] == 10 else made for made in TRIALS]
    made = gallery_of(run_with(tmp_path, [2, 3, 4], trials))
    assert [trial["number"] for trial in made["trials"]] == [3, 2], (
        "what lies there of an unfinished trial is not shown"
    )
    assert made["notes"] == ["No samples were kept of the default (trial 4, failed)."]


def test_the_nearest_to_the_defaults_says_what_sets_it_apart(tmp_path: Path) -> None:
    assert gallery_of(run_with(tmp_path, [1], TRIALS[:3]))["apart"] == "max_ratio"


def test_a_run_without_samples_has_no_gallery(tmp_path: Path) -> None:
    assert gallery_of(run_with(tmp_path, [])) is None


def test_images_that_cannot_be_read_are_one_note_and_the_others_stay(tmp_path: Path) -> None:
    run_with(tmp_path, [3])
    (tmp_path / "samples/3_id2/b_z_fused.png").write_bytes(b"cut off")
    (tmp_path / "samples/3_id2/b_z_visible.png").unlink()
    made = gallery_of(tmp_path)
    first = made["pairs"][0]
    assert first["visible"] is None and first["made"][3]["fused"] is None and first["infrared"].startswith("data:")
    assert made["notes"][-1] == "Cannot be read as an image: 3_id2/b_z_visible.png and 1 more."


def test_pairs_that_the_table_does_not_list_are_shown_with_the_mean(tmp_path: Path) -> None:
    run_with(tmp_path, [3])
    with Results.open(tmp_path / "results.sqlite") as results:
        results.query("UPDATE datasets SET stems = '[]'")
    made = gallery_of(tmp_path)
    assert [(pair["dataset"], pair["stem"]) for pair in made["pairs"]] == [
        ("b", "y"), ("a", "one"), ("b", "z"), ("a", "two"),
    ]  # fmt: skip
    assert not any(pair["values"][3]["own"] for pair in made["pairs"])


def test_large_images_are_made_640_pixels_wide_and_small_ones_stay(tmp_path: Path) -> None:
    for width, shown in ((1280, 640), (200, 200)):
        file = tmp_path / f"{width}.png"
        cv2.imwrite(str(file), np.zeros((width // 2, width, 3), np.uint8))
        image = samples.picture(file, "fused")
        assert image is not None and decoded(image.uri).shape == (shown // 2, shown, 3)
        assert (image.width, image.height) == (width, width // 2)


@pytest.mark.parametrize("budget", [1, 2500, 8000, 10**6])
def test_the_images_stay_below_the_budget_and_what_is_left_out_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    monkeypatch.setattr(samples, "_BUDGET", budget)
    made = gallery_of(run_with(tmp_path, [1, 2, 3, 4, 5]))
    uris = [pair[kind] for pair in made["pairs"] for kind in ("visible", "infrared")]
    uris += [uri for pair in made["pairs"] for images in pair["made"].values() for uri in images.values()]
    assert made["pairs"], "the first pair is always there"
    assert sum(map(len, uris)) <= budget or len(made["pairs"]) == 1
    left = 4 * (2 + 2 * 5) - len(uris)
    said = f"{left} images are left out to keep this page small; they lie in samples/."
    assert made["notes"] == ([said] if left else [])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(run_with(tmp_path_factory.mktemp("run"), [1, 2, 3, 4, 5]))


@pytest.fixture
def opened(browser: Any, report: Path) -> Iterator[Any]:
    """The gallery in a browser, a phone's width; anything written to its console as an error fails the test."""
    page = browser.new_page(viewport={"width": 390, "height": 1800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(report.as_uri())
    expose(page)
    page.locator("#fig-gallery").scroll_into_view_if_needed()
    page.wait_for_selector("#fig-gallery[data-drawn=yes]")
    yield page
    page.close()
    assert errors == []


def windows(page: Any) -> set[str]:
    """The transforms of all images of the gallery, in shares of an image."""
    script = """images => images.map((image) => {
        const { a, e, f } = new DOMMatrix(getComputedStyle(image).transform);
        return [a, e / image.offsetWidth, f / image.offsetHeight].map((x) => x.toFixed(2)).join(" ");
    })"""
    return set(page.locator("#gallery .frame img").evaluate_all(script))


@pytest.mark.slow
def test_all_images_zoom_and_move_together_by_keys_and_wheel(opened: Any) -> None:
    stage = opened.locator("#gallery")
    assert opened.locator("#gallery .frame img").count() == 2 + 2 + 3 * 2
    stage.focus()
    for _ in range(4):
        opened.keyboard.press("+")
    (zoomed,) = windows(opened)
    assert zoomed.split()[0] == "2.44"
    opened.keyboard.press("ArrowRight")
    (moved,) = windows(opened)
    assert float(moved.split()[1]) == pytest.approx(float(zoomed.split()[1]) - 0.15, abs=0.011)
    opened.keyboard.press("0")
    assert windows(opened) == {"1.00 0.00 0.00"}
    opened.locator("#gallery-pair").focus()
    opened.locator("#gallery .frame").first.hover()
    opened.mouse.wheel(0, -300)
    assert windows(opened) == {"1.00 0.00 0.00"}, "the page scrolls until an image is clicked"
    opened.locator("#gallery .frame").first.click()
    opened.mouse.wheel(0, -300)
    opened.wait_for_selector("#gallery.zoomed")
    opened.locator("#gallery .frame").first.dblclick()
    assert windows(opened) == {"1.00 0.00 0.00"}


@pytest.mark.slow
def test_the_slider_and_the_divider_wipe_between_two_settings(opened: Any) -> None:
    clip = "node => getComputedStyle(node).clipPath"
    over = opened.locator(".wipe .over")
    opened.locator(".wipe input").fill("20")
    assert "80%" in over.evaluate(clip)
    box = opened.locator(".wipe .frame").bounding_box()
    opened.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20)
    opened.mouse.up()
    assert "25%" in over.evaluate(clip)
    assert opened.locator(".wipe input").input_value() == "75"


@pytest.mark.slow
def test_choices_change_what_is_shown(opened: Any) -> None:
    first = opened.locator("#gallery-columns .measured").first
    assert "Reward ↑\t0.9000" in first.inner_text() and "of this image" in first.inner_text()
    assert "MSE" not in first.inner_text()
    opened.evaluate("choose({ metric: D.metrics.findIndex((metric) => metric.name === 'MSE') })")
    assert "MSE ↓" in first.inner_text()
    opened.evaluate("choose({ dataset: D.datasets.indexOf('a') })")
    assert opened.locator("#gallery-pair option:checked").inner_text() == "a one"
    opened.locator("#gallery-pair").select_option(label="b y")
    assert "Reward ↑\t1.900" in first.inner_text()
    opened.locator("#gallery-columns select").first.select_option(label="Rank 2: trial 5")
    assert "Trial 5, rank 2 of 5: max_ratio 64" in opened.locator(".gallery-head").first.inner_text()
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
