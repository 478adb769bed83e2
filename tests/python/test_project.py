"""profiles.yml and dbt_project.yml, read as dbt reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from handmade_warehouse import write_project

from python_stats.errors import UserError
from python_stats.project import Flags, open_project


def test_search_order(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_project(Flags()).profiles_folder == project
    for name in ("flag", "variable", "here", "home"):
        write_project(tmp_path / name / ".dbt" if name == "home" else tmp_path / name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    given = str(project)
    assert open_project(Flags(project_dir=given)).profiles_folder == tmp_path / "here"
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path / "variable"))
    assert open_project(Flags(project_dir=given)).profiles_folder == tmp_path / "variable"
    assert open_project(Flags(project_dir=given, profiles_dir=str(tmp_path / "flag"))).profiles_folder == tmp_path / "flag"
    monkeypatch.delenv("DBT_PROFILES_DIR")
    monkeypatch.chdir(tmp_path)
    assert open_project(Flags(project_dir=given)).profiles_folder == project
    (project / "profiles.yml").unlink()
    assert open_project(Flags(project_dir=given)).profiles_folder == tmp_path / "home" / ".dbt"


def test_rendering(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_ROI_TEST_DATABASE", "007")
    found = open_project(Flags())
    assert found.output["path"] == "007" and found.output["threads"] == 2
    assert found.schema == "main" and found.target_name == "duckdb"


def test_from_a_folder_below(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "models" / "deep").mkdir(parents=True)
    monkeypatch.chdir(project / "models" / "deep")
    assert open_project(Flags()).folder == project


def test_variables(project: Path) -> None:
    assert open_project(Flags(vars="{reporting_currency: USD}")).variables["reporting_currency"] == "USD"
    assert open_project(Flags(vars="{one_of_my_own: 1}")).variables["one_of_my_own"] == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (Flags(project_dir="nowhere"), "--project-dir nowhere: no dbt_project.yml"),
        (Flags(profiles_dir="nowhere"), "--profiles-dir nowhere: no profiles.yml"),
        (Flags(profile="other"), "no profile 'other'; it has 'empathy_roi'"),
        (Flags(target="prod"), "no target 'prod'; it has 'duckdb', 'elsewhere'"),
        (Flags(vars="[1, 2"), "--vars"),
        (Flags(vars="7"), "must be a YAML mapping"),
        (Flags(vars="{mart_grants: 5}"), "variable 'mart_grants' is 5"),
        (Flags(vars="{reporting_curency: USD}"), "no variable 'reporting_curency' in dbt_project.yml; did you mean 'reporting_currency'?"),
    ],
)
def test_mistakes(project: Path, flags: Flags, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        open_project(flags)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not valid YAML"),
        ("- a", "must be a YAML mapping"),
        (
            "empathy_roi:\n  outputs: {default: {type: duckdb, path: \"{{ env_var('NOT_SET_ANYWHERE') }}\"}}",
            "'NOT_SET_ANYWHERE' is not set",
        ),
        ("empathy_roi:\n  outputs: {default: {type: duckdb, path: \"{{ var('none') }}\"}}", "variable 'none' is not set"),
        ('empathy_roi:\n  outputs: {default: {type: duckdb, path: "{{ oops( }}"}}', "cannot render"),
        (
            "empathy_roi:\n  outputs: {default: {type: duckdb, threads: \"{{ env_var('NOT_SET_ANYWHERE', 'abc') | as_number }}\"}}",
            r"profiles.yml: '{{ env_var\('NOT_SET_ANYWHERE', 'abc'\) \| as_number }}' gives 'abc', which is no number; write a whole number",
        ),
    ],
)
def test_broken_profiles(project: Path, text: str, message: str) -> None:
    (project / "profiles.yml").write_text(text)
    with pytest.raises(UserError, match=message):
        open_project(Flags())
