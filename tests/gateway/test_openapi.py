"""The document of the API is valid, whole, and what is served."""

import json
from typing import Any

import jsonschema
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import OpenAPIV31SpecValidator

from archive.reads import Reads
from domain.plan.access import MAY, OPEN
from gateway import openapi
from gateway.access import Proofs
from gateway.api import application, routes
from gateway.reception import Reception
from process.in_force import InForce
from tests.support import example_directory

URL = "https://vigil.example"
DOCUMENT = openapi.document(routes, URL)
OPERATIONS = {said["operationId"]: said for path in DOCUMENT["paths"].values() for said in path.values()}
NOBODY: Any = None
"""A desk at which nobody asks anything."""


def app() -> web.Application:
    """The application, without anything behind it."""
    reception: Reception = NOBODY
    reads: Reads = NOBODY
    return application(reception, Proofs(InForce(example_directory()), URL), reads, NOBODY)


def test_it_is_valid_openapi_3_1() -> None:
    """By the published schema, references and all."""
    assert [] == [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]
    assert "3.1.0" == DOCUMENT["openapi"]


def test_every_route_of_the_running_application_is_in_it_and_no_other() -> None:
    """What the router answers is what the document says; HEAD is GET without the body. The pages are no API."""
    served = {
        (route.method, route.resource.canonical) for route in app().router.routes() if route.method != "HEAD" and route.resource
    }
    served = {(method, path) for method, path in served if not path.startswith("/desk")}
    said = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert served == said


def test_each_record_has_a_name_of_its_own() -> None:
    """Of two that bear one name, both would be shown under the names of our modules, which are nobody's business."""
    assert [] == [name for name in DOCUMENT["components"]["schemas"] if "__" in name]


def test_a_route_that_nobody_described_keeps_the_gateway_from_starting() -> None:
    """With its name, and where the description belongs."""
    more = web.RouteTableDef()
    more.get("/v1/new", name="novelty")(lambda _request: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(LookupError, match=r"gateway\.openapi\.SAYS must describe each route .*novelty"):
        openapi.document([*routes, *more], URL)


def test_every_action_of_the_policy_is_a_route_and_every_route_is_in_the_policy() -> None:
    """Nothing is served that the table of who may what does not name."""
    assert OPERATIONS.keys() == {*MAY, *OPEN}


def test_what_needs_no_proof_says_so_and_nothing_else_does() -> None:
    """Security is required of the whole, and lifted for the open ones."""
    assert [{"proof": []}] == DOCUMENT["security"]
    assert set(OPEN) == {name for name, said in OPERATIONS.items() if said.get("security") == []}


@pytest.mark.parametrize("name", sorted(MAY))
def test_every_refusal_a_caller_may_meet_is_described_with_a_problem_document(name: str) -> None:
    """401, 403, 404, 413, 415, 429 with Retry-After, 503 on all; 422 where something is read; each with an example that fits."""
    answers = OPERATIONS[name]["responses"]
    assert {"401", "403", "404", "408", "413", "415", "429", "503"} <= answers.keys()
    assert "Retry-After" in answers["429"]["headers"]
    if "requestBody" in OPERATIONS[name]:
        assert "422" in answers
    for status, said in answers.items():
        if int(status) >= 400:
            content = said["content"]["application/problem+json"]
            assert [] == faults(content["schema"], content["example"])
            assert int(status) == content["example"]["status"]


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    """What of a value does not fit a schema of the document."""
    whole = {"components": DOCUMENT["components"], **schema}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]


def test_every_operation_says_in_words_what_it_does() -> None:
    """A summary of one sentence, from the handler itself."""
    assert all(said["summary"] and said["summary"] in said["description"] for said in OPERATIONS.values())


def test_an_example_of_each_body_fits_its_schema() -> None:
    """The envelope, with the type the route takes."""
    bodies = [said["requestBody"]["content"].get("application/json") for said in OPERATIONS.values() if "requestBody" in said]
    bodies = [body for body in bodies if body is not None and "Envelope" in body["schema"]["$ref"]]
    assert [[]] * 6 == [faults(body["schema"], body["example"]) for body in bodies]


async def test_it_is_served_to_anybody_with_the_address_of_the_installation() -> None:
    """Without a proof; what is served is what has been checked here."""
    async with TestClient(TestServer(app())) as client:
        answer = await client.get("/v1/openapi.json")
        served = await answer.json()

    assert 200 == answer.status
    assert json.loads(json.dumps(DOCUMENT)) == served
    assert [{"url": URL}] == served["servers"]
