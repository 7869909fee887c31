"""What OpenAPI says: examples that work when pasted, and the problems of every route."""

from typing import Any

from fastapi.testclient import TestClient


def operations(client: TestClient) -> dict[str, Any]:
    paths = client.get("/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_every_example_of_a_training_is_accepted_as_it_stands(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    examples = schemas["TrainingRequest"]["examples"]

    assert len(examples) >= 3
    for example in examples:
        assert client.post("/v1/trainings", json=example).status_code == 202, example


def test_every_error_of_every_route_is_documented_as_a_problem(client: TestClient) -> None:
    for name, operation in operations(client).items():
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and name != "GET /readyz":
                assert list(response["content"]) == ["application/problem+json"], (name, status)


def test_every_route_says_what_it_does_and_which_problems_it_can_have(client: TestClient) -> None:
    without_problems = {
        name
        for name, operation in operations(client).items()
        if not any(status.startswith("4") for status in operation["responses"])
    }

    health = {"GET /livez", "GET /readyz", "GET /metrics"}
    assert without_problems == health | {"GET /v1/datasets", "GET /v1/networks", "GET /v1/models", "GET /v1/presets"}
    assert all(operation["summary"] for operation in operations(client).values())


def test_the_type_of_every_documented_problem_can_be_looked_up(client: TestClient) -> None:
    for operation in operations(client).values():
        for response in operation["responses"].values():
            for name in response.get("content", {}).get("application/problem+json", {}).get("examples", {}):
                assert client.get(f"/problems/{name}").status_code == 200


def test_the_documentation_loads_nothing_from_other_hosts(client: TestClient) -> None:
    page = client.get("/docs").text

    assert "https://" not in page
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200
