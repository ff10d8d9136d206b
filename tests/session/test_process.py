"""Other programs' keys: what is run, what is refused, what their answers must be."""

from __future__ import annotations

import json
import time

import pytest

from usher.core.errors import UsageError, UsherError
from usher.session import process
from usher.session.process import CHAIN_VARIABLE, ProcessRunner, refuse_circle

GOOD = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program"

    def write(body):
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return str(file)

    return write


def run(command, *, seconds=20.0, **environ):
    return ProcessRunner({"PATH": "/usr/bin:/bin", **environ}, time.time, seconds).keys(command, "p")


def printing(document):
    text = document if isinstance(document, str) else json.dumps(document)
    return f"cat <<'END'\n{text}\nEND"


def test_arguments_are_split_as_a_shell_would_and_no_shell_runs(program):
    file = program(
        printing(GOOD)
        + '\nprintf "%s|" "$@" >&2; test "$#" = 3 && test "$2" = "a b" && test "$3" = \'$HOME\''
    )
    assert run(f"{file} -x 'a b' $HOME").access_key_id == "AKIA"


def test_the_program_gets_no_input_and_knows_who_asks(program):
    file = program(f'test -z "$(cat)" && test "${CHAIN_VARIABLE}" = \'["p"]\' && ' + printing(GOOD))
    assert run(file).secret_access_key.reveal() == "s"


def test_what_a_program_says_reaches_the_person(program, capfd):
    run(program("echo 'touch the key' >&2\n" + printing(GOOD)))
    assert capfd.readouterr().err == "touch the key\n"


def test_a_program_may_be_found_through_the_path(program):
    folder = program(printing(GOOD)).removesuffix("/program")
    assert run("program", PATH=f"{folder}:/usr/bin:/bin").access_key_id == "AKIA"


@pytest.mark.parametrize(
    ("command", "words"), [("'a", "cannot be split"), ("", "not there"), ("~/x", "not there")]
)
def test_commands_that_are_none_are_refused(command, words):
    with pytest.raises(UsageError, match=words):
        run(command)


@pytest.mark.parametrize("which", ["program", "folder"])
def test_a_program_that_anybody_may_change_is_not_run(program, tmp_path, which):
    file = program("touch ran")
    (tmp_path if which == "folder" else tmp_path / "program").chmod(0o777)
    with pytest.raises(UsageError, match="anybody may change it"):
        run(file)
    assert not (tmp_path / "ran").exists()


def test_a_file_that_cannot_be_run_says_why(tmp_path):
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF broken")
    file.chmod(0o755)
    with pytest.raises(UsherError, match="cannot be run"):
        run(str(file))


def test_a_program_that_fails_is_told_with_its_code(program):
    with pytest.raises(UsherError, match="ended with 3"):
        run(program(printing(GOOD) + "\nexit 3"))


def test_a_program_that_does_not_answer_is_ended(program):
    with pytest.raises(UsherError, match="not answered within 0 s"):
        run(program("exec sleep 60"), seconds=0.2)


def test_a_program_that_closes_its_answer_and_stays_is_ended(program, monkeypatch):
    monkeypatch.setattr(process, "_END_SECONDS", 0.1)
    with pytest.raises(UsherError, match="does not end"):
        run(program("exec >&-; exec sleep 60"))


def test_an_answer_without_end_is_cut(program):
    with pytest.raises(UsherError, match="more than 65,536 bytes"):
        run(program("yes"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "no JSON object"),
        ("[1]", "no JSON object"),
        ("[" * 60_000, "no JSON object"),
        ("{}", "version None"),
        ({**GOOD, "Version": 2}, "version 2"),
        ({**GOOD, "AccessKeyId": ""}, "no usable 'AccessKeyId'"),
        ({**GOOD, "SecretAccessKey": "a\nb"}, "no usable 'SecretAccessKey'"),
        ({**GOOD, "SessionToken": 1}, "no usable 'SessionToken'"),
        ({**GOOD, "Expiration": "soon"}, "no time"),
        ({**GOOD, "Expiration": "9999-12-31T23:59:59-23:59"}, "no time"),
        ({**GOOD, "Expiration": "2020-01-01T00:00:00Z"}, "have ended"),
        ({**GOOD, "Expiration": "2020-01-01T00:00:00"}, "have ended"),
        ({**GOOD, "AccountId": "1"}, "not an account id"),
    ],
)
def test_answers_that_are_no_keys_are_refused(program, answer, words):
    with pytest.raises(UsherError, match=words):
        run(program(printing(answer)))


def test_profiles_that_ask_each_other_through_programs_are_stopped():
    refuse_circle({}, "a")
    refuse_circle({CHAIN_VARIABLE: '["b"]'}, "a")
    refuse_circle({CHAIN_VARIABLE: "no json"}, "a")
    refuse_circle({CHAIN_VARIABLE: '"a"'}, "a")
    with pytest.raises(UsageError, match="a -> b -> a"):
        refuse_circle({CHAIN_VARIABLE: '["a", "b"]'}, "a")
    with pytest.raises(UsageError, match="a -> b -> c -> d -> e"):
        refuse_circle({CHAIN_VARIABLE: '["a", "b", "c", "d"]'}, "e")
