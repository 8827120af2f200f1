"""What a reviewer would otherwise have to say twice."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reelway
from reelway import errors
from reelway.domain.states import State
from reelway.providers import registry
from reelway.settings import describe

ROOT = Path(reelway.__file__).parent
PROJECT = Path(__file__).parents[2]
MODULES = sorted(p for p in ROOT.rglob("*.py") if p.name != "__init__.py")
NEEDS_A_LINE = [p for p in MODULES if p.read_text().strip()]


@pytest.mark.parametrize("path", NEEDS_A_LINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_providers_do_not_import_each_other() -> None:
    shared = registry._NOT_PROVIDERS | {"__init__"}
    folder = ROOT / "providers"
    vendors = {p.stem for p in folder.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()} - shared
    for name in vendors:
        for file in (*folder.glob(f"{name}.py"), *folder.glob(f"{name}/*.py")):
            tree = ast.parse(file.read_text())
            imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
            others = {".".join(module.split(".")[:3]) for module in imported}
            assert not others & {f"reelway.providers.{v}" for v in vendors - {name}}, file


def test_only_the_guarded_client_and_the_command_line_open_connections() -> None:
    """The doctor asks its own server on this machine; everything else goes out through kit/outbound."""
    allowed = {"kit/outbound.py", "kit/guard.py", "kit/answers.py", "kit/addresses.py", "kit/multipart.py"}
    dialling = re.compile(
        r"^\s*(?:import|from) (?:aiohttp|httpx2?|requests|urllib\.request|http\.client|socket)\b", re.M
    )
    found = {str(p.relative_to(ROOT)) for p in MODULES if dialling.search(p.read_text())}
    assert {f for f in found if not f.startswith("cli/")} <= allowed


def test_every_provider_has_facts_and_a_build() -> None:
    for name in registry.names():
        module = registry.find(name)
        assert module.FACTS.in_flight_max >= 1
        assert callable(module.build)


def test_every_error_code_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for cls in vars(errors).values():
        if (
            isinstance(cls, type)
            and issubclass(cls, errors.ReelwayError)
            and cls not in (errors.ReelwayError, errors.ModelNotFound)
        ):
            assert cls.__name__ in drawn


def test_the_architecture_page_draws_every_state() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text()
    assert [s for s in State if s not in page] == []


def test_every_setting_is_in_its_page() -> None:
    page = (PROJECT / "docs" / "how-to" / "settings.md").read_text()
    assert [s["setting"] for s in describe() if s["variable"] not in page] == []


def test_importing_the_server_loads_no_engine_and_no_codec() -> None:
    """The idle server stays small; PyAV, Pillow, numpy and numba come with the first clip."""
    heavy = "print([m for m in ('av', 'PIL', 'numpy', 'numba') if m in sys.modules])"
    code = f"import sys, reelway.app, reelway.api.server\n{heavy}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_file_names_a_path_of_somebodys_machine_or_unfinished_work() -> None:
    odd = re.compile(r"(?<![\w.])/(?:home|Users|root|tmp)/\w|\b(?:TODO|FIXME)\b|NotImplementedError")
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    hits = []
    for name in listed.splitlines():
        path = PROJECT / name
        if (
            path.suffix not in (".py", ".md", ".toml", ".json", ".yml", "")
            or path == Path(__file__)
            or not path.is_file()
        ):
            continue
        if "assets" in path.parts:
            continue
        hits += [f"{name}:{i}" for i, line in enumerate(path.read_text().splitlines(), 1) if odd.search(line)]
    assert hits == []
