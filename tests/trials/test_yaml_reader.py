import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion_core.errors import ConfigError
from trials.spec import load
from trials.yaml_reader import read_yaml

SWEEPS = sorted((Path(__file__).parents[2] / "sweeps").glob("*.yaml"))
LENIENT = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def refusal(content: bytes, folder: Path) -> str:
    path = folder / "sweep.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: a\nname: b\n", "sweep.yaml:2: a key may stand once, but 'name' is at sweep.yaml:1 already"),
        (b"name: a\ntrial:\n\tloss: {}\n", "sweep.yaml:3: lines must be indented with spaces, but got a tab"),
        (b"\xef\xbb\xbfname: a\n", "sweep.yaml:1: a sweep file must start with text, but got a byte order mark"),
        (b"name: a\n# caf\xe9\n", "sweep.yaml:2: a sweep file must be UTF-8, but got the byte 0xe9. Save as UTF-8."),
        ("name: a\n".encode("utf-16"), "sweep.yaml:1: a sweep file must be UTF-8"),
        (b"name: [a\n", "sweep.yaml:2: this must be YAML, but"),
        (b"name: !!python/object:os.system a\n", "sweep.yaml:1: tags are not read"),
        (b"name: !env HOME\n", "sweep.yaml:1: tags are not read, but got '!env'"),
        (b"%YAML 1.1\n---\nname: a\n", "%YAML and %TAG lines are not read"),
        (b"name: a\n---\nname: b\n", "sweep.yaml:2: one document is read, but a second starts here"),
        (b"name: *a\n", "*a must stand after the end of its &anchor"),
        (b"name: &a [*a]\n", "*a must stand after the end of its &anchor"),
        (b"? [a]\n: 1\n", "a key must be plain text"),
        (b"[" * 1000, "sweep.yaml:1: a sweep file may be 24 levels deep"),
        (b"- 1\n" * 30_000, "sweep.yaml:20000: a sweep file may be 20000 values long"),
        (b"#" * 1_000_001, "sweep.yaml: a sweep file may hold 1000000 bytes"),
        (b"", "sweep.yaml:1: name must be given"),
        (b"- a\n", "sweep.yaml:1: a sweep file must be a section of keys"),
        (b"name: a\x00\n", "this must be YAML, but"),
    ],
    ids=range(19),
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(tmp_path, content, message):
    assert message in refusal(content, tmp_path)


def test_aliases_that_multiply_are_stopped(tmp_path):
    lines = ["a0: &a0 [1, 1]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert "aliases must not make a file grow beyond 20000 values" in refusal("\n".join(lines).encode(), tmp_path)


def test_aliases_that_nest_are_stopped(tmp_path):
    lines = ["a0: &a0 [1]"] + [f"a{i}: &a{i} [[[[*a{i - 1}]]]]" for i in range(1, 500)]
    assert "aliases must not make a file grow" in refusal("\n".join(lines).encode(), tmp_path)


def test_anchors_and_merges_mean_what_yaml_says():
    node = read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n", "f")
    assert node.data() == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}


def test_plain_text_is_read_by_yaml_1_2():
    text = "[1e-4, 10, 0x10, 010, yes, 'no', true, ~, .5, -.inf, 1_000, 2025-01-01, 1:30]"
    expected = [1e-4, 10, 16, 10, "yes", "no", True, None, 0.5, -math.inf, "1_000", "2025-01-01", "1:30"]
    assert read_yaml(text, "f").data() == expected


def test_a_value_knows_the_line_of_its_key_and_an_item_its_own():
    node = read_yaml("a:\n  b:\n    - 1\n    - 2\n", "f")
    assert str(node.at(["a", "b"]).place) == "f:2"
    assert str(node.at(["a", "b", 1]).place) == "f:4"


def test_values_from_the_file_cannot_steer_the_terminal(tmp_path):
    text = refusal(b'name: "\\e[31m"\n"\\e[2J": 1\ngrid: {"loss.\\e]0;x": [1]}\n', tmp_path)
    assert "\x1b" not in text and text.count("\\x1b") == 3


def test_names_from_the_file_are_escaped_where_they_are_suggested_too(tmp_path):
    text = refusal(b'name: a\ntrial: {data: {test: ["\\e[31m"]}}\nrank_by: {dataset_weights: {pet: 1}}\n', tmp_path)
    assert "Known: \\x1b[31m." in text and "\x1b" not in text


def only_config_errors(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        load(path)
    except ConfigError as error:
        assert str(error)
        str(error).encode()


@LENIENT
@given(st.binary(max_size=300))
def test_random_bytes_give_a_sweep_or_a_config_error(tmp_path, content):
    only_config_errors(tmp_path / "sweep.yaml", content)


@LENIENT
@given(st.text(alphabet=st.sampled_from("ab: \n-[]{}&*!|>'\"%@`,?#~<0.e\t\\"), max_size=80))
def test_random_yaml_gives_a_sweep_or_a_config_error(tmp_path, text):
    only_config_errors(tmp_path / "sweep.yaml", text.encode())


@LENIENT
@given(st.data())
def test_a_mutated_sweep_file_gives_a_sweep_or_a_config_error(tmp_path, data):
    text = data.draw(st.sampled_from(SWEEPS)).read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.text(alphabet="ab:[]{}&*!\n -'\"0.e,~", max_size=6)) + text[start + cut :]
    only_config_errors(tmp_path / "sweep.yaml", text.encode())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_subnormal=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "name", "train", "a"]), inner),
    max_leaves=5,
)
PATHS = (
    "name", "trial", "trial.recipe", "trial.recipe.kind", "trial.recipe.epochs", "trial.data", "trial.data.train",
    "trial.data.test", "trial.data.root", "trial.data.limit", "trial.data.resize", "trial.data.synthetic.size",
    "trial.data.optional", "trial.loss", "trial.loss.terms", "trial.loss.ssim_shared", "trial.loss.ssim_window_size",
    "grid", "grid.loss.max_ratio", "grid.recipe.kind", "grid.loss.ssim_ratio", "grid.loss.ssim_window_size", "seeds",
    "grid.loss.terms.a", "rank_by", "rank_by.metric", "rank_by.dataset_weights", "rank_by.epoch", "resources.gpu",
)  # fmt: skip


@LENIENT
@given(st.dictionaries(st.sampled_from(PATHS), VALUES, max_size=4), st.sampled_from(SWEEPS))
def test_any_value_anywhere_gives_a_sweep_or_a_config_error(values, sweep):
    overrides = [f"{path}={json.dumps(value).replace('NaN', '.nan')}" for path, value in values.items()]
    try:
        load(sweep, overrides)
    except ConfigError as error:
        str(error).encode()
