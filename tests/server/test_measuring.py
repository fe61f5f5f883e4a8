"""What columns can be compared by besides the network's own facts: measured times, and numbers of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from pellucid import Input, Network, engines
from pellucid.errors import DataError, UnknownNameError
from pellucid.explain import trace
from pellucid.explorer import Session, read_numbers
from pellucid.explorer import facts as told
from pellucid.explorer.timing import alone, layer_seconds
from pellucid.layers import Add, BatchNorm2d, Conv2d, Flatten, Linear, ReLU


def branching() -> Network:
    """A network with a layer that reads two values, one that is used twice, and one with statistics."""
    image = Input((2, 5, 5))
    again = Conv2d(2, 3, padding=1)
    first = again(image, name="first")
    both = Add()(first, BatchNorm2d()(again(first, name="second"), name="norm"), name="both")
    return Network(image, Linear(3)(Flatten()(ReLU()(both, name="bend"), name="flat"), name="says"), seed=5)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_each_layer_is_timed_on_its_own_numbers(engine: str) -> None:
    """As a network of its own it gives exactly what it gave in the run, so that what is timed is what was done."""
    net = branching()
    run = trace(net, np.random.default_rng(0).random((2, 5, 5), np.float32), engine=engine)
    for node in net.nodes:
        read = tuple(run[str(before.name)][None] for before in node.inputs)
        (given,) = engines.get(engine).program(alone(net, node)).run(read)
        np.testing.assert_allclose(given[0], run[str(node.name)], rtol=1e-6, atol=1e-6)
    seconds = layer_seconds(run, engines.get(engine))
    assert list(seconds) == list(net.layers)
    assert all(value > 0 for value in seconds.values())


def test_times_are_told_with_how_they_were_measured(client: TestClient, session: Session) -> None:
    """Milliseconds by layer, and a sentence that names the engine; a run that is not there is none to be timed."""
    run = client.post("/api/run", json={"sample": 1}).json()["run"]
    times = client.get("/api/times", params={"run": run}).json()
    assert list(times["milliseconds"]) == list(session.net.layers)
    assert f"engine {session.engine.name}" in times["how"]
    assert client.get("/api/times", params={"run": "another"}).status_code == 404


def test_the_page_is_told_the_users_numbers() -> None:
    """They are floats by layer."""
    session = Session(branching(), numbers={"first": 3, "says": np.float64(0.5)})
    assert told.network(session)["numbers"] == {"first": 3.0, "says": 0.5}
    assert told.network(Session(branching()))["numbers"] == {}


def test_numbers_of_layers_that_are_not_there_are_refused() -> None:
    """The error says which names there are."""
    with pytest.raises(UnknownNameError, match="frist") as refused:
        Session(branching(), numbers={"frist": 3.2})
    assert "first" in str(refused.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "3", True, None, [1]])
def test_what_is_no_number_is_refused(value: object) -> None:
    """The error names the layer."""
    with pytest.raises(DataError, match="layer 'first'"):
        Session(branching(), numbers={"first": value})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('{"conv1": 3.2, "fc": -1}', {"conv1": 3.2, "fc": -1.0}),
        ("conv1,3.2\nfc,-1e2\n", {"conv1": 3.2, "fc": -100.0}),
        ("layer,milliseconds\nconv1,3.2\n", {"conv1": 3.2}),
        ('\ufeff"a,b",1\n\nc , 2\n', {"a,b": 1.0, "c": 2.0}),
        ("", {}),
    ],
)
def test_numbers_are_read_from_json_and_csv(tmp_path: Path, text: str, numbers: dict[str, float]) -> None:
    """As other programs write them: with a heading or without, with a byte order mark, with names in quotes."""
    path = tmp_path / "numbers.txt"
    path.write_text(text, encoding="utf-8")
    assert read_numbers(path) == numbers


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b'{"conv1": "fast"}', "an object whose values are not all numbers"),
        (b'{"conv1": true}', "an object whose values are not all numbers"),
        (b"{", "Expecting property name"),
        (b"conv1,fast\nfc,slow\n", "'slow', which is no number"),
        (b"conv1,1,2\n", "a line of 3 fields"),
        (b"\xff\xfe", "can't decode"),
        (b" " * ((8 << 20) + 1), "more than 8,388,608 bytes"),
    ],
    ids=["words", "truth", "torn", "csv words", "three fields", "no text", "too large"],
)
def test_files_that_hold_no_numbers_are_refused(tmp_path: Path, content: bytes, got: str) -> None:
    """The error names the file, and says what one looks like."""
    path = tmp_path / "numbers.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_numbers(path)
    assert got in str(refused.value)
    assert "conv1,3.2" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As every file that we open."""
    with pytest.raises(DataError, match="No such file"):
        read_numbers(tmp_path / "none.csv")
