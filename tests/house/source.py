"""The project's own source, for the tests that read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("config", "customers", "invoicing", "dunning", "portal")
TEMPLATES = ROOT / "templates"


@cache
def modules() -> list[Path]:
    """Every Python module of the project but migrations, relative to its root."""
    found = [path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(), str(module))


def nodes(*kinds) -> Iterator[tuple[Path, ast.AST]]:
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, kinds):
                yield module, node


@cache
def templates() -> list[Path]:
    """Every template, relative to the project's root: those of templates/ and those that an app brings."""
    found = [TEMPLATES.rglob("*"), *((ROOT / app).glob("**/templates/**/*") for app in APPS)]
    return sorted(path.relative_to(ROOT) for group in found for path in group if path.is_file())


def name_of(template: Path) -> str:
    """The name a template is asked for by."""
    parts = template.parts
    return "/".join(parts[parts.index("templates") + 1 :])
