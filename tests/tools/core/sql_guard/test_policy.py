"""Reading policies and users: what they grant, and every way in which they can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from guard_people import POLICY

from tools.core.errors import ModelInvalid, NotAllowed
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import Policy, explain_rights, read_policy, read_users, rights_of, validate_policy, validate_users

TEXT = POLICY.read_text(encoding="utf-8")


def test_roles_see_the_columns_of_their_classes_and_nothing_unlisted(policy: Policy) -> None:
    held = policy.rights_for("bob", "business_user")
    assert held.columns["customers"] == {"customer_id", "region", "city", "birth_date", "segment", "signup_date", "marketing_consent"}
    assert held.columns["tickets"] == {"ticket_id", "customer_id", "opened_on", "topic"}
    assert "app_users" not in held.columns
    assert held.may_read("orders", "amount")
    assert not held.may_read("customers", "email")
    assert (held.min_group_size, held.may_list_individuals) == (5, False)


def test_secrets_are_for_nobody(policy: Policy) -> None:
    for role in policy.roles:
        assert not policy.rights_for("u", role, {"region": "EMEA"}).may_read("customers", "password_hash")


def test_hidden_tables_and_columns_are_taken_away_from_one_role(policy: Policy) -> None:
    held = policy.rights_for("mia", "marketer")
    assert "tickets" not in held.columns
    assert not held.may_read("customers", "city")
    assert (held.min_group_size, held.purposes) == (10, ("marketing",))
    assert held.consent_filters == {"marketing": "marketing_consent"}


def test_row_rule_on_people_follows_the_paths_to_their_records(policy: Policy) -> None:
    held = policy.rights_for("eva", "regional_manager", {"region": "EMEA, APAC"})
    assert held.row_rules["customers"] == "region IN ('EMEA', 'APAC')"
    assert held.row_rules["orders"] == "customer_id IN (SELECT customer_id FROM main.customers WHERE (region IN ('EMEA', 'APAC')))"
    assert held.row_rules["order_lines"].startswith("order_id IN (SELECT order_id FROM main.orders WHERE (customer_id IN")
    assert "products" not in held.row_rules
    assert held.narrowed == ("your view: region EMEA, APAC",)


def test_attributes_arrive_as_literals_whatever_they_hold(policy: Policy) -> None:
    held = policy.rights_for("eve", "regional_manager", {"region": "x') OR ('1' = '1"})
    assert held.row_rules["customers"] == "region IN ('x'') OR (''1'' = ''1')"


def test_a_user_without_the_attribute_or_with_an_unknown_role_gets_nothing(policy: Policy) -> None:
    with pytest.raises(NotAllowed, match="attribute region"):
        policy.rights_for("eva", "regional_manager")
    with pytest.raises(NotAllowed, match="role is not in the policy"):
        policy.rights_for("eva", "boss")


def test_version_changes_with_the_text(tmp_path: Path, policy: Policy) -> None:
    other = tmp_path / "policy.yaml"
    other.write_text(TEXT + "\n# reviewed\n", encoding="utf-8")
    assert read_policy(other).version != policy.version


def test_rights_are_explained_in_words(policy: Policy) -> None:
    words = explain_rights(policy, policy.rights_for("eva", "regional_manager", {"region": "EMEA"}))
    assert "eva has the role regional_manager" in words
    assert "your view: region EMEA" in words
    assert "customers: without full_name, email, phone, gender, password_hash" in words
    assert "privacy desk" in words


MISTAKES = {
    "unknown key": ("version: 1", "version: 1\nversions: 2", "unknown key 'versions' (did you mean 'version'?)"),
    "unknown table": ("  products:\n    plain", "  product:\n    plain", "the warehouse has no table 'product' (did you mean 'products'?)"),
    "unknown column": ("amount, channel", "amuont, channel", "table 'orders' has no column 'amuont' (did you mean 'amount'?)"),
    "unknown class": ("    secret: [", "    secrets: [", "unknown class 'secrets' (did you mean 'secret'?)"),
    "column in two classes": ("plain: [segment,", "plain: [region, segment,", "column 'region' of 'customers' is in two classes"),
    "role without rules": ("sees: [plain, key, quasi, protected]\n", "sees: []\n", "role 'administrator' has no rules"),
    "secret granted": ("quasi, protected]\n", "quasi, secret]\n", "role 'administrator' sees 'secret', which is for nobody"),
    "groups yet identifiers": (
        "sees: [plain, key, quasi]\n  regional",
        "sees: [plain, free_text]\n  regional",
        "sees free_text, yet may not see individuals",
    ),
    "individuals yet minimum": ("    free_sql: false", "    minimum_group_size: 7", "may see individuals, yet has a minimum group size"),
    "rule over unlisted column": (
        "region IN (:region)",
        "regoin IN (:region)",
        "the rule on 'customers' cannot be used: A column is not known",
    ),
    "rule over unlisted table": (
        "region IN (:region)",
        "region IN (SELECT token FROM app_users)",
        "the rule on 'customers' cannot be used",
    ),
    "rule that is no condition": ("region IN (:region)", "region IN (", "the rule on 'customers' is not a boolean expression"),
    "rule that reads a file": (
        "region IN (:region)",
        "region IN (SELECT * FROM read_text(:region))",
        "the rule on 'customers' cannot be used",
    ),
    "rule on a table not listed": ("customers: region IN", "clients: region IN", "table 'clients' is not listed under 'tables'"),
    "rule without words": ('    view: "region {region}"\n', "", "role 'regional_manager' has row rules without 'view'"),
    "word that is in no rule": ("region {region}", "city {city}", "'{city}' is in no row rule"),
    "local missing": ("  local:\n", "  locl:\n", "the role 'local' is missing"),
    "purpose unknown": ("purposes: [service]", "purposes: [sales]", "unknown purpose 'sales'"),
    "consent for nothing": ("consent:\n  marketing:", "consent:\n  sales:", "unknown purpose 'sales'"),
    "table without a path": ("    tickets: customer_id\n", "", "how rows of 'tickets' belong to a person is not said"),
    "path to nowhere": (
        "order_id -> orders.order_id",
        "order_id -> order.order_id",
        "which has no path of its own (did you mean 'orders'?)",
    ),
    "path in a circle": ("orders: customer_id\n", "orders: order_id -> order_lines.order_id\n", "goes in a circle"),
    "hidden thing unknown": ("hidden: [customers.city", "hidden: [customers.town", "'customers.town' is not a listed table or column"),
    "key twice": ("    gender", "    gender", ""),
    "request text missing": ("request_access:", "request_acces:", "'request_access' is missing"),
    "minimum out of range": ("minimum_group_size: 5", "minimum_group_size: 1", "greater than or equal to 2"),
}


@pytest.mark.parametrize("mistake", [name for name, (_, _, message) in MISTAKES.items() if message])
def test_mistakes_are_named_with_line_and_suggestion(mistake: str, tmp_path: Path, catalog: Catalog) -> None:
    old, new, message = MISTAKES[mistake]
    assert old in TEXT
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    problems = [str(problem) for problem in validate_policy(path, catalog=catalog)]
    assert any(message in problem for problem in problems), problems
    with pytest.raises(ModelInvalid, match=r"policy\.yaml:"):
        read_policy(path, catalog=catalog)


def test_line_is_that_of_the_mistake(tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace("amount, channel", "amuont, channel"), encoding="utf-8")
    (problem,) = validate_policy(path, catalog=catalog)
    assert TEXT.splitlines()[problem.line - 1].strip().startswith("plain: [ordered_on, amount")


@pytest.mark.parametrize("text", ["", "[]", "just words", "a: [1", "\x00", "roles: 5"])
def test_documents_that_are_no_policy_are_refused_without_a_trace(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelInvalid):
        read_policy(path)
    with pytest.raises(ModelInvalid):
        read_policy(tmp_path / "missing.yaml")


def users_file(folder: Path, users: dict[str, object]) -> Path:
    path = folder / "users.yaml"
    path.write_text(yaml.safe_dump({"users": users}), encoding="utf-8")
    return path


def test_users_get_the_rights_of_their_role(tmp_path: Path, policy: Policy) -> None:
    users = read_users(users_file(tmp_path, {"eva": {"role": "regional_manager", "attributes": {"region": "EMEA"}}}), policy)
    assert rights_of("eva", users, policy).row_rules["customers"] == "region IN ('EMEA')"
    with pytest.raises(NotAllowed, match="no role here"):
        rights_of("mallory", users, policy)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ({}, "'role' is missing"),
        ({"role": "manager"}, "unknown role 'manager' (did you mean"),
        ({"role": "regional_manager"}, "needs the attribute 'region'"),
        ({"role": "business_user", "attributes": {"region": "EMEA"}}, "role 'business_user' has no attribute 'region'"),
        ({"role": "regional_manager", "attributes": {"region": "EMEA", "regoin": "x"}}, "(did you mean 'region'?)"),
        ({"role": "business_user", "rights": "all"}, "unknown key 'rights'"),
    ],
)
def test_mistakes_in_users_are_named(user: dict[str, object], message: str, tmp_path: Path, policy: Policy) -> None:
    path = users_file(tmp_path, {"eva": user})
    assert any(message in str(problem) for problem in validate_users(path, policy))
    with pytest.raises(ModelInvalid, match=r"users\.yaml:"):
        read_users(path, policy)
