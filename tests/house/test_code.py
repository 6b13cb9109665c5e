"""Rules of the house that the source itself shows."""

import ast

import pytest

from .source import APPS, ROOT, modules, nodes, tree

STATES = "config/common/states.py"
ABOUT_250 = 275
ONE_FILE_BY_DESIGN = {"config/settings.py"}


def test_nobody_but_states_writes_a_status():
    def writes(node):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return any(
                isinstance(part, ast.Attribute) and part.attr == "status" for t in targets for part in ast.walk(t)
            )
        function = node.func
        if isinstance(function, ast.Name) and function.id == "setattr":
            return isinstance(node.args[1], ast.Constant) and node.args[1].value == "status"
        if not isinstance(function, ast.Attribute):
            return False
        if function.attr == "update":
            return any(keyword.arg == "status" for keyword in node.keywords)
        if function.attr == "bulk_update":
            return "'status'" in ast.unparse(node)
        return False

    found = [
        f"{module}:{node.lineno}"
        for module, node in nodes(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Call)
        if str(module) != STATES and writes(node)
    ]

    assert found == []


@pytest.mark.parametrize("app", [app for app in APPS if (ROOT / app / "tasks.py").exists()] + ["config/common"])
def test_a_task_only_rings_the_bell(app):
    module = (ROOT / app / "tasks.py").relative_to(ROOT)
    for function in (node for node in tree(module).body if isinstance(node, ast.FunctionDef)):
        statements = [
            statement
            for statement in function.body
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))  # its docstring
            and ast.unparse(statement) != "source.set('task')"
        ]
        assert len(statements) <= 2, f"{module}: {function.name} does the work of a service"


def test_every_service_has_its_tests():
    missing = [
        f"tests/{module.parts[0]}/test_{module.stem}.py for {module}"
        for module in modules()
        if len(module.parts) > 2 and module.parts[1] == "services" and module.stem != "__init__"
        if not ROOT.joinpath("tests", module.parts[0], *module.parts[2:-1], f"test_{module.stem}.py").exists()
    ]

    assert missing == []


def test_no_module_outgrows_its_room():
    lines = {str(module): len((ROOT / module).read_text().splitlines()) for module in modules()}

    assert {module: n for module, n in lines.items() if n > ABOUT_250 and module not in ONE_FILE_BY_DESIGN} == {}
    assert {module: n for module, n in lines.items() if n > 400} == {}


# Where a fraction is a length on paper or a moment of waiting, never money.
MEASURES = {
    "config/settings.py",
    "config/common/supervising.py",
    "config/common/management/commands/run.py",
    "config/common/currency.py",  # asks for a float in order to refuse it
    "customers/services/logos.py",
    "invoicing/masking.py",  # what a provider tells may hold fractions; none of it is money
    "invoicing/merge.py",  # how near a misspelt field is
    "invoicing/services/ending.py",  # seconds until the next try
    "invoicing/services/batches/filling.py",  # a moment of the monotonic clock
    "invoicing/services/batches/limits.py",  # seconds
}


def test_money_is_never_a_float():
    def is_float(node):
        if isinstance(node, ast.Constant):
            return isinstance(node.value, float)
        if isinstance(node, ast.Name):
            return node.id == "float"
        return node.attr in ("FloatField", "FloatInput")

    found = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, node in nodes(ast.Constant, ast.Name, ast.Attribute)
        if str(module) not in MEASURES and is_float(node)
    ]

    assert found == []


def test_services_take_what_they_need_by_name_and_never_a_request():
    wrong = []
    for module in modules():
        if len(module.parts) < 3 or module.parts[1] != "services":
            continue
        public = (f for f in tree(module).body if isinstance(f, ast.FunctionDef) and not f.name.startswith("_"))
        for function in public:
            arguments = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
            if "request" in arguments:
                wrong.append(f"{module}: {function.name} takes a request")
            if "by" in [argument.arg for argument in function.args.args]:
                wrong.append(f"{module}: {function.name} takes `by` without its name")

    assert wrong == []


def test_nothing_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "misc", "manager", "managers", "common_utils"}

    assert [str(module) for module in modules() if module.stem in vague] == []
