"""Where the project and its connection are: dbt's own files, flags and search order, read without importing dbt.

The order for profiles.yml is --profiles-dir, DBT_PROFILES_DIR, the current folder, the project folder, ~/.dbt.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from python_stats.errors import UserError
from python_stats.metrics import use_project

_MISSING = object()


@dataclass(frozen=True)
class Flags:
    """dbt's connection flags as given on the command line; None where left out."""

    project_dir: str | None = None
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    vars: str | None = None
    target_path: str | None = None


@dataclass(frozen=True)
class Project:
    """A dbt project and the connection its profile gives.

    Attributes:
        folder: holds dbt_project.yml; relative paths in a profile count from here, as they do for dbt.
        profiles_folder: holds the profiles.yml that was read.
        target_name: the output's name; `output` is that output with its Jinja rendered.
        variables: the project's variables, those of --vars on top.
        target_folder: where dbt leaves run_results.json.
    """

    folder: Path
    profiles_folder: Path
    profile_name: str
    target_name: str
    output: Mapping[str, Any]
    variables: Mapping[str, Any]
    target_folder: Path

    @property
    def schema(self) -> str:
        """The schema all marts are in."""
        return str(self.output.get("schema", "main"))

    @property
    def raw_location(self) -> str | None:
        """Where the raw files are, a path with {table} in it; None where the raw tables are in the warehouse."""
        return str(os.environ.get("EMPATHY_ROI_RAW_LOCATION") or self.variables.get("raw_location") or "") or None


def open_project(flags: Flags) -> Project:
    """Read dbt_project.yml and the profile that the flags lead to.

    Raises:
        UserError: one line naming the file and the key that is missing or wrong.
    """
    folder = project_folder(flags.project_dir)
    settings = _yaml(folder / "dbt_project.yml")
    own, given = _own_variables(settings), command_line_variables(flags.vars)
    _refuse_misspelt(given, own)
    if not isinstance(given.get("mart_grants") or {}, dict):
        raise UserError(f"--vars: variable 'mart_grants' is {given['mart_grants']!r}; write it like {{select: [analysts]}}")
    variables = {**own, **given}
    profiles_folder = _profiles_folder(flags.profiles_dir, folder)
    source = profiles_folder / "profiles.yml"
    profiles = _yaml(source)
    profile_name = flags.profile or os.environ.get("DBT_PROFILE") or _render(settings.get("profile"), variables, folder / "dbt_project.yml")
    if profile_name not in profiles:
        raise UserError(f"{source}: no profile '{profile_name}'; it has {_names(profiles)}")
    profile = profiles[profile_name] or {}
    target_name = flags.target or os.environ.get("DBT_TARGET") or _render(profile.get("target", "default"), variables, source)
    outputs = profile.get("outputs") or {}
    if target_name not in outputs:
        raise UserError(f"{source}, profile '{profile_name}': no target '{target_name}'; it has {_names(outputs)}")
    output = _render(outputs[target_name], variables, source)
    target_path = flags.target_path or os.environ.get("DBT_TARGET_PATH") or "target"
    use_project(folder)
    return Project(folder, profiles_folder, str(profile_name), str(target_name), output, variables, folder / target_path)


def project_folder(given: str | None) -> Path:
    """--project-dir, DBT_PROJECT_DIR, or the nearest folder upwards with a dbt_project.yml.

    Raises:
        UserError: where there is none.
    """
    named = given or os.environ.get("DBT_PROJECT_DIR")
    if named:
        folder = Path(named).expanduser().resolve()
        if not (folder / "dbt_project.yml").is_file():
            raise UserError(f"--project-dir {named}: no dbt_project.yml there")
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise UserError(f"no dbt_project.yml in {here} or above it; go to the project or give --project-dir")


def command_line_variables(text: str | None) -> dict[str, Any]:
    """--vars as dbt reads it: a YAML mapping.

    Raises:
        UserError: where it is none.
    """
    if not text:
        return {}
    import yaml

    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError:
        values = None
    if not isinstance(values, dict):
        raise UserError(f"--vars {text}: must be a YAML mapping such as '{{as_of: 2026-04-01}}'")
    return values


def _refuse_misspelt(given: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """dbt takes any variable and ignores what nobody asks for; a name that is nearly one of the project's is a slip."""
    for name in given:
        meant = [] if name in own else get_close_matches(str(name), map(str, own), n=1, cutoff=0.8)
        if meant:
            raise UserError(f"--vars: no variable '{name}' in dbt_project.yml; did you mean '{meant[0]}'?")


def _own_variables(settings: Mapping[str, Any]) -> dict[str, Any]:
    variables = settings.get("vars") or {}
    own = variables.get(settings.get("name")) if isinstance(variables, dict) else None
    return {**variables, **(own if isinstance(own, dict) else {})}


def _profiles_folder(given: str | None, project: Path) -> Path:
    named = given or os.environ.get("DBT_PROFILES_DIR")
    if named:
        folder = Path(named).expanduser().resolve()
        if not (folder / "profiles.yml").is_file():
            raise UserError(f"{'--profiles-dir' if given else 'DBT_PROFILES_DIR'} {named}: no profiles.yml there")
        return folder
    places = [Path.cwd(), project, Path.home() / ".dbt"]
    for folder in places:
        if (folder / "profiles.yml").is_file():
            return folder
    raise UserError(f"no profiles.yml in {', '.join(map(str, dict.fromkeys(places)))}; give --profiles-dir")


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: is not valid YAML") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: must be a YAML mapping")
    return content


def _render(value: Any, variables: Mapping[str, Any], source: Path) -> Any:
    """Render Jinja in every text of a profile, with dbt's `env_var`, `var`, `as_number`, `as_bool` and `as_text`."""
    if isinstance(value, dict):
        return {key: _render(part, variables, source) for key, part in value.items()}
    if isinstance(value, list):
        return [_render(part, variables, source) for part in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.nativetypes import NativeEnvironment

    def env_var(name: str, default: Any = _MISSING) -> str:
        if name in os.environ:
            return os.environ[name]
        if default is _MISSING:
            raise UserError(f"{source}: environment variable '{name}' is not set; set it, or give env_var() a default")
        return str(default)

    def var(name: str, default: Any = _MISSING) -> Any:
        if name not in variables and default is _MISSING:
            raise UserError(f"{source}: variable '{name}' is not set; give it with --vars")
        return variables.get(name, default)

    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters.update(
        as_number=_number, as_native=lambda text: text, as_bool=lambda text: str(text).lower() == "true", as_text=str
    )
    try:
        # Text stays text unless a filter says otherwise: '007' is a password, not a number.
        template = environment.from_string(value)
        parts = list(template.root_render_func(template.new_context({"env_var": env_var, "var": var})))
    except TemplateError as error:
        raise UserError(f"{source}: cannot render '{value}' ({error})") from error
    except _NoNumberError as error:
        raise UserError(f"{source}: '{value}' gives '{error}', which is no number; write a whole number") from error
    return parts[0] if len(parts) == 1 else "".join(str(part) for part in parts)


class _NoNumberError(Exception):
    """What was to be a number."""


def _number(text: Any) -> int | float:
    try:
        return float(text) if "." in str(text) else int(text)
    except (TypeError, ValueError) as error:
        raise _NoNumberError(text) from error


def _names(mapping: Mapping[str, Any]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(map(str, mapping)) if name != "config") or "none"
