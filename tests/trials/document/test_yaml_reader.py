import math
from pathlib import Path

import pytest

from fusion_core.errors import ConfigError
from trials.document.yaml_reader import read_yaml
from trials.spec.sweep import SweepFile
from trials.sweepfile.load import load

KNOWN = f"Known: {', '.join(SweepFile.model_fields)}."


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
        (b"-\n" * 30_000, "sweep.yaml:20000: a sweep file may be 20000 values long"),
        (b"#" * 10_000_000, "sweep.yaml: a sweep file may hold 100,000 bytes, but this file is larger"),
        (b"", "sweep.yaml:1: name must be given"),
        (b"- a\n", "sweep.yaml:1: a sweep file must be a section of keys"),
        (
            b"name: a\n# \x00\n",
            "sweep.yaml:2: a line must be readable text, but got the character U+0000 in it. Remove",
        ),
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


def test_what_can_be_read_past_comes_with_every_other_problem_of_file_and_command(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text('name: !!str a\nname: b\n? [x]\n: 1\n"\\ud800": 2\nkeep_bst: 3\n')
    with pytest.raises(ConfigError) as caught:
        load(path, ["seeds", "seeds=[-1]"])
    assert [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems] == [
        "sweep.yaml:1: tags are not read, but got 'tag:yaml.org,2002:str'. Remove it.",
        "sweep.yaml:2: a key may stand once, but 'name' is at sweep.yaml:1 already. Remove one.",
        "sweep.yaml:3: a key must be plain text, but got something else",
        "sweep.yaml:5: text must be readable, but got '\\ud800'. Write it again.",
        "sweep.yaml:5: a sweep file has no key '\ufffd'. " + KNOWN,
        "sweep.yaml:6: a sweep file has no key 'keep_bst'. Did you mean 'keep_best'?",
        "--set seeds: an override must be PATH=VALUE, such as trial.recipe.epochs=1",
        "--set seeds=[-1]: seeds[0] must be at least 0, but got -1",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: b: c\n", "Indent the keys of a section alike, and quote text that holds a colon."),
        ("a: [1\nb: 2\n", "Close the bracket, and put a comma between values."),
        ('a: "x\n', "Close the quote."),
        ("a: @x\n", "Quote text that starts with a character of YAML's own"),
        ("a:\tb\n", "replace tabs by spaces."),
    ],
)
def test_what_is_no_yaml_comes_with_a_remedy(tmp_path, content, message):
    assert message in refusal(content.encode(), tmp_path)


def test_merges_that_multiply_are_stopped(tmp_path):
    keys = ", ".join(f"k{i}: 1" for i in range(900))
    lines = [f"x0: &x0 {{{keys}}}"] + [f"x{i}: &x{i} {{<<: [{', '.join([f'*x{i - 1}'] * 10)}]}}" for i in range(1, 900)]
    assert "a sweep file may be 20000 values long" in refusal("\n".join(lines).encode(), tmp_path)


@pytest.mark.parametrize("content", ["*", "!", "? k", "'k"])
def test_a_message_is_short_whatever_it_is_about(tmp_path, content):
    text = refusal((content + content[-1] * 20_000).encode(), tmp_path)
    assert max(map(len, text.splitlines())) < 300


@pytest.mark.timeout(20)
def test_thousands_of_wrong_names_are_refused_in_seconds_and_the_first_hundred_are_shown(tmp_path):
    tests, weights = (", ".join(f"{name}{i}{end}" for i in range(3000)) for name, end in (("x", ""), ("y", ": 1")))
    text = f"name: a\ntrial: {{data: {{test: [{tests}], optional: [{tests.replace('x', 'z')}]}}}}\n"
    found = refusal(f"{text}rank_by: {{dataset_weights: {{{weights}}}}}\n".encode(), tmp_path).splitlines()
    assert len(found) == 101 and found[-1] == "... and at least 102 more problems"
