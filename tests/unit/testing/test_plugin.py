"""The pytest plugin in a pytest of its own, without an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ("pytester",)

# By name, in an installation that declares it and in one that is older alike.
PLUGIN = ("-p", "no:toolkit", "-p", "toolkit.testing.plugin", "-p", "no:cacheprovider", "--strict-markers")


@pytest.fixture
def root(pytester: pytest.Pytester) -> Path:
    (pytester.path / "envs").mkdir()
    (pytester.path / "envs" / "web-app.yaml").write_text("version: 1\nname: web-app\n", encoding="utf-8")
    return pytester.path


def run(pytester: pytest.Pytester, test: str, *words: str) -> pytest.RunResult:
    pytester.makepyfile(test)
    return pytester.runpytest_subprocess(*PLUGIN, *words)


def test_it_costs_those_nothing_who_do_not_use_it() -> None:
    source = "import json, sys, pytest; before = set(sys.modules); import toolkit.testing.plugin as _; "
    source += "print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True, timeout=60)
    own = {"toolkit", "toolkit.testing", "toolkit.testing.plugin"}
    assert set(json.loads(done.stdout)) == own


def test_a_test_without_the_marker_is_told_how_to_mark_it(pytester: pytest.Pytester, root: Path) -> None:
    found = run(pytester, "def test_it(toolkit_environment): pass")
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(['*toolkit_environment needs the environment*@pytest.mark.toolkit_env("NAME")'])


@pytest.mark.parametrize("mark", ["()", "(1)", "('a', 'b')", "(name='web-app')"])
def test_a_marker_names_one_environment(pytester: pytest.Pytester, root: Path, mark: str) -> None:
    test = f"import pytest\n@pytest.mark.toolkit_env{mark}\ndef test_it(toolkit_session): pass"
    found = run(pytester, test)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*toolkit_session needs the environment*"])


def test_an_unknown_environment_is_named_and_what_there_is(pytester: pytest.Pytester, root: Path) -> None:
    test = "import pytest\n@pytest.mark.toolkit_env('web-ap')\ndef test_it(toolkit_environment): pass"
    found = run(pytester, test)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*web-ap*", "*hint: *web-app*"])


def test_without_an_engine_it_is_told(pytester: pytest.Pytester, root: Path) -> None:
    test = "import pytest\n@pytest.mark.toolkit_env('web-app')\ndef test_it(toolkit_session): pass"
    found = run(pytester, test)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*engine*"])


def test_the_root_is_the_options_and_relative_to_where_pytest_was_started(
    pytester: pytest.Pytester, root: Path
) -> None:
    test = "from pathlib import Path\ndef test_it(toolkit_root): assert toolkit_root == Path.cwd() / 'below'"
    run(pytester, test, "--toolkit-root", "below").assert_outcomes(passed=1)
    run(pytester, "def test_it(toolkit_root): assert toolkit_root is None").assert_outcomes(passed=1)


def test_the_marker_and_the_option_explain_themselves(pytester: pytest.Pytester) -> None:
    assert "toolkit_env(name):" in pytester.runpytest_subprocess(*PLUGIN, "--markers").stdout.str()
    assert "--toolkit-root=DIR" in pytester.runpytest_subprocess(*PLUGIN, "--help").stdout.str()


def test_no_other_name_is_there() -> None:
    import toolkit.testing

    with pytest.raises(AttributeError, match="EnvironmentContaner"):
        _ = toolkit.testing.EnvironmentContaner
