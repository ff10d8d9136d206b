"""The AWS config file's text: read as the SDKs read it, edited without losing a byte."""

from pathlib import Path

import pytest
from botocore.configloader import load_config
from hypothesis import example, given, settings
from hypothesis import strategies as st

from usher.profiles.config_text import ConfigFileError, read_sections, replace_block, split_lines

PATH = Path("config")
BODY = "[profile a]\nregion = eu-west-1\n"


def block(name="mkdev", body=BODY):
    return replace_block("", name, body, PATH)


def outside(text, name="mkdev"):
    """The text without the block and its markers."""
    lines = split_lines(text)
    edges = [
        i
        for i, line in enumerate(lines)
        if line.startswith((f"# usher:begin {name} ", f"# usher:end {name}"))
    ]
    return "".join(lines[: edges[0]] + lines[edges[1] + 1 :])


def test_a_block_is_marked_and_says_that_changes_in_it_are_overwritten():
    text = block()
    assert text.startswith("# usher:begin mkdev ")
    assert "overwritten" in text.split("\n")[0]
    assert text.endswith("# usher:end mkdev\n")


lines_of_a_config = st.lists(
    st.one_of(
        st.sampled_from(
            ["# a comment\n", "; another\n", "\n", "[default]\n", "[profile x]\r\n", "region = eu-west-1\n",
             "s3 =\n  max = 1\n", "[plugins]\n", "not a setting\n", "\x0b\n", "key: value\x85\n", "\udcff\n"]
        ),
        st.text(max_size=30).map(lambda t: t.replace("\n", "") + "\n"),
    ),
    max_size=12,
).map("".join)  # fmt: skip


def has_markers(text):
    return "# usher:" in text


@settings(max_examples=300, deadline=None)
@given(before=lines_of_a_config, after=lines_of_a_config, body=st.sampled_from([BODY, BODY * 3]))
@example(before="[default]", after="", body=BODY)
def test_everything_outside_the_block_stays_byte_for_byte(before, after, body):
    if has_markers(before + after):
        return
    ended = before if not before or before.endswith("\n") else before + "\n"
    added = replace_block(before, "mkdev", BODY, PATH)
    assert outside(added) == ended
    surrounded = added + "[profile own]\n" + after
    replaced = replace_block(surrounded, "mkdev", body, PATH)
    assert outside(replaced) == ended + "[profile own]\n" + after
    assert replace_block(replaced, "mkdev", body, PATH) == replaced
    assert replace_block(replaced, "mkdev", "", PATH) == ended + "[profile own]\n" + after


def test_blocks_of_several_organizations_live_side_by_side():
    text = replace_block(block("one"), "two", BODY, PATH)
    assert replace_block(text, "one", "", PATH) == block("two")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# usher:begin mkdev x\n[a]\n", "no end"),
        ("# usher:end mkdev\n", "config:1"),
        ("[a]\n# usher:begin x\n# usher:begin mkdev\n# usher:end mkdev\n", "config:3"),
        ("# usher:begin x\n# usher:end mkdev\n", "config:2"),
        (block() + block(), "config:5: there are two"),
    ],
)
def test_damaged_markers_are_named_by_line_and_nothing_is_changed(text, line):
    with pytest.raises(ConfigFileError, match=line):
        replace_block(text, "mkdev", BODY, PATH)


def test_a_setting_straight_after_the_block_would_change_its_section_and_is_refused():
    with pytest.raises(ConfigFileError, match="config:5"):
        replace_block(block() + "output = json\n", "mkdev", "", PATH)
    assert replace_block(block() + "\n# note\n[b]\n", "mkdev", "", PATH) == "\n# note\n[b]\n"


SAMPLE = """\
[default]
region = eu-west-1
# comment
[profile a]
Region: eu-west-2
s3 =
  max = 1
  min = 2

[profile "b c"]
x = y = z
[sso-session corp]
sso_start_url = https://x.awsapps.com/start#/
[services local]
sso =
  endpoint_url = http://127.0.0.1
[plugins]
[profile broken name here]
[profile 'open]
not a setting
"""


def test_sections_are_those_that_botocore_sees(tmp_path):
    (tmp_path / "config").write_text(SAMPLE.replace("not a setting\n", ""))
    theirs = load_config(str(tmp_path / "config"))
    ours = read_sections(SAMPLE, PATH)
    assert {s.name for s in ours if s.kind == "profile"} == set(theirs["profiles"])
    assert {s.name for s in ours if s.kind == "sso-session"} == set(theirs["sso_sessions"])
    assert {s.name for s in ours if s.kind == "services"} == set(theirs["services"])
    by_name = {s.name: s for s in ours}
    assert by_name["a"].values["region"] == theirs["profiles"]["a"]["region"] == "eu-west-2"
    assert by_name["b c"].values["x"] == theirs["profiles"]["b c"]["x"] == "y = z"
    assert by_name["corp"].values["sso_start_url"] == "https://x.awsapps.com/start#/"
    assert by_name["a"].line == 4
    assert by_name["a"].values["s3"] == "\nmax = 1\nmin = 2"
