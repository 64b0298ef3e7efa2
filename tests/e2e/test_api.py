"""What programs call: search, rank, evaluate and encode return what the commands print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from eval import report
from eval.evaluation import Evaluation
from studio.answers import answer
from studio.records import FusionSettings
from studio.workspace import Workspace
from tests.e2e.conftest import Site, Write

QUERY = "Which lighthouse was built first?"


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Client]:
    client = Client(site.url, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def truth(site: Site, settings: FusionSettings, top: int) -> dict[str, Any]:
    """The command's JSON; tuples are lists in JSON."""
    index = Workspace(site.server.home).index("atlas")
    found = answer(index, site.server.encoder.get(), QUERY, settings, top)
    found["settings"]["weights"] = list(found["settings"]["weights"])
    return found


def test_search_returns_the_command_s_json(client: Client, site: Site) -> None:
    found = client.predict(QUERY, "atlas", 0.2, 0.8, 0.4, "min-max", 7, api_name="/search")
    assert found == truth(site, FusionSettings((0.2, 0.8, 0.4), "min-max"), 7)
    for result in found["results"]:
        assert sum(result["contributions"].values()) == pytest.approx(result["score"], abs=1e-12)


def test_rank_takes_the_method_as_well(client: Client, site: Site) -> None:
    found = client.predict(QUERY, "atlas", 1, 0.3, 1, "none", 5, "rrf", api_name="/rank")
    assert found == truth(site, FusionSettings((1, 0.3, 1), "none", "rrf"), 5)


def test_evaluate_returns_the_report(client: Client, atlas: Evaluation) -> None:
    found, expected = client.predict("atlas", api_name="/evaluate"), report.as_json(atlas)
    assert list(found) == list(expected)
    assert {k: v for k, v in found.items() if k != "seconds"} == {
        k: v for k, v in expected.items() if k != "seconds"
    }


def test_encode_keeps_the_files_under_the_name(client: Client, site: Site, write: Write) -> None:
    files = [handle_file(write("birds.csv", "id,text\na,A grey bird\nb,An owl\n"))]
    made = client.predict(files, "by program", api_name="/encode")
    assert made == Workspace(site.server.home).get("by program").as_json()
    assert (made["documents"], made["passages"], made["encoder"]) == (2, 2, "embedded")
    found = client.predict("owl", "by program", 1, 0.3, 1, "none", 10, api_name="/search")
    assert {result["passage"] for result in found["results"]} == {"a", "b"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("q", "nowhere", 1, 1, 1, "none", 5), "There is no collection 'nowhere'"),
        ((" ", "atlas", 1, 1, 1, "none", 5), "The query is blank"),
        (("q", "atlas", 0, 0, 0, "none", 5), "All three weights are 0"),
        (("q", "atlas", -1, 0, 1, "none", 5), "Weights cannot be negative"),
        (("q", "atlas", 1, 1, 1, "softmax", 5), "There is no normalisation 'softmax'"),
        (("q", "atlas", 1, 1, 1, "none", 0), "ask for 1 or more"),
    ],
)
def test_what_a_program_can_mend_is_said_in_a_sentence(
    client: Client, arguments: tuple[Any, ...], sentence: str
) -> None:
    with pytest.raises(AppError) as refused:
        client.predict(*arguments, api_name="/search")
    assert sentence in str(refused.value)


def test_nothing_else_is_an_endpoint(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/search", "/rank", "/evaluate", "/encode"}


def test_a_program_can_use_a_public_server_too(public_site: Site, write: Write) -> None:
    client = Client(public_site.url, verbose=False, analytics_enabled=False)
    files = [handle_file(write("birds.csv", "id,text\na,A grey bird\n"))]
    assert client.predict(files, "mine", api_name="/encode")["passages"] == 1
    found = client.predict("bird", "mine", 1, 0.3, 1, "none", 10, api_name="/search")
    assert [result["passage"] for result in found["results"]] == ["a"]
    client.close()
