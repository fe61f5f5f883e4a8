"""What the page asks for when a network is changed and trained: right answers, and what is wrong with bad questions."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from pellucid import Network
from pellucid.explorer.gate import Keys
from pellucid.explorer.server import guarded
from pellucid.explorer.session import Session
from pellucid.explorer.training import OPTIMIZERS, SCHEDULES
from pellucid.images import read_image
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import Dataset

from .conftest import HOST, PORT


@pytest.fixture
def session() -> Session:
    """A small network with two classes, and data to train on."""
    random = np.random.default_rng(0)
    labels = np.arange(20) % 2
    images = (random.random((20, 1, 6, 4)) + labels[:, None, None, None]) / 2
    classes = ("dark", "<b>bright</b>")
    pets = Dataset(images, labels, classes, "pets")
    layers = [Conv2d(4, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(2)]
    net = Network((1, 6, 4), layers, classes=classes)
    return Session(net, data=(pets, pets), engine="reference")


def refused(answer: Any, status: int = 400) -> dict[str, str]:
    """Where, got, expected and fix of a refusal."""
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def edit(client: TestClient, **wanted: Any) -> dict[str, Any]:
    """The answer to an edit that can be."""
    answer = client.post("/api/edit", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Forms


def test_a_layer_tells_its_form(client: TestClient) -> None:
    """A layer's parameters come with their values, how each is written, and what may stand in it."""
    told = client.get("/api/layer", params={"layer": "conv1"}).json()
    assert told["kind"] == "Conv2d"
    fields = {field["name"]: field for field in told["parameters"]}
    assert fields["kernel_size"]["value"] == [3, 3]
    assert (fields["kernel_size"]["form"], fields["kernel_size"]["limits"]) == ("pair", "whole numbers, 1 or more")
    assert fields["padding"]["value"] == [[1, 1], [1, 1]]
    assert fields["padding_mode"]["names"] == ["zeros", "reflect", "replicate", "circular"]
    assert client.get("/api/layer", params={"layer": "input"}).json() == {
        "layer": "input",
        "kind": "Input",
        "parameters": [],
    }
    refused(client.get("/api/layer", params={"layer": "conv9"}), 404)


def test_what_fits_is_told(client: TestClient) -> None:
    """What fits in a parameter is told in words, before anything is changed."""
    told = client.get("/api/fits", params={"layer": "conv1", "parameter": "kernel_size"}).json()
    assert told == {"fits": "1 to 5"}
    refused(client.get("/api/fits", params={"layer": "conv1", "parameter": "size"}), 404)
    refused(client.get("/api/fits", params={"layer": "input", "parameter": "size"}), 404)


def test_kinds_that_fit_are_told(client: TestClient) -> None:
    """The kinds that could stand in a layer's place, or behind it, are told; any other place is refused."""
    instead = client.get("/api/kinds", params={"layer": "relu1", "where": "instead"}).json()["kinds"]
    after = client.get("/api/kinds", params={"layer": "linear1", "where": "after"}).json()["kinds"]
    assert {"ReLU", "Tanh", "Dropout"} <= set(instead)
    assert "Softmax" in after
    assert "Conv2d" not in after
    refused(client.get("/api/kinds", params={"layer": "relu1", "where": "before"}), 404)


# Edits


def test_an_edit_changes_what_is_told(client: TestClient) -> None:
    """After an edit the network is told as it is then: shapes, costs, version, new weights, what undo would do."""
    done = edit(client, change="conv1", values={"out_channels": 6})
    assert done["done"] == "change conv1's out_channels to 6"
    assert done["layer"] == "conv1"
    assert (
        done["fresh"] == ["conv1.weight", "conv1.bias", "linear1.weight", "linear1.bias"]
        or "conv1.weight" in (done["fresh"])
    )
    network = done["network"]
    assert network == client.get("/api/network").json()
    assert [node["shape"] for node in network["nodes"]][1] == [6, 6, 4]
    assert (network["version"], network["structure"], network["undo"], network["redo"]) == (2, 2, done["done"], None)


def test_undo_and_redo(client: TestClient) -> None:
    """Undo and redo tell what they did, and the network as it is then; where there is nothing, they say so."""
    first = client.get("/api/network").json()
    edit(client, remove="relu1")
    undone = client.post("/api/undo", json={}).json()
    assert undone["done"] == "undone: remove relu1"
    assert undone["network"] == {**first, "redo": "remove relu1"}
    assert client.post("/api/redo", json={}).json()["done"] == "done again: remove relu1"
    assert refused(client.post("/api/redo", json={}))["expected"] == "something to redo"


def test_a_layer_is_added(client: TestClient) -> None:
    """A layer is put in by its kind alone, or with parameters and a name."""
    assert edit(client, after="relu1", kind="BatchNorm2d")["layer"] == "norm1"
    done = edit(client, after="norm1", kind="Conv2d", values={"out_channels": 7, "kernel_size": 1}, name="extra")
    assert done["layer"] == "extra"
    names = [node["name"] for node in done["network"]["nodes"]]
    assert names == ["input", "conv1", "relu1", "norm1", "extra", "pool1", "flatten1", "linear1"]


def test_an_impossible_value_says_what_fits(client: TestClient) -> None:
    """A value that cannot be is refused with why, and with the values for which the whole network can be built."""
    why = refused(client.post("/api/edit", json={"change": "conv1", "values": {"kernel_size": 9}}))
    assert why == {
        "where": "Conv2d 'conv1'",
        "got": "kernel_size=9: input (1, 6, 4): kernel 9 spans 9; 6 places + padding 1 + 1 = 8",
        "expected": "kernel_size 1 to 5, for which the whole network can be built",
        "fix": "use kernel_size 5",
    }
    assert client.get("/api/network").json()["version"] == 1


BAD = [
    ({}, 400, "an empty object"),
    ({"change": 3}, 400, "3"),
    ({"change": "x" * 300}, 400, "'xxx"),
    ({"change": "conv1", "values": [1]}, 400, "something else"),
    ({"change": "conv1", "values": {"kernel_size": {"a": 1}}}, 400, "something else"),
    ({"change": "conv1", "values": {"kernel_size": [[[3]]]}}, 400, "something else"),
    ({"change": "conv1", "values": {"kernel_size": [1] * 99}}, 400, "something else"),
    ({"change": "conv1", "values": {"kernel_size": "y" * 999}}, 400, "something else"),
    ({"change": "conv1", "values": {str(n): 1 for n in range(99)}}, 400, "something else"),
    ({"change": "conv1", "values": {"": 1}}, 400, "''"),
    ({"change": "conv1", "values": {"kernel_size": None}}, 400, "kernel_size=none"),
    ({"change": "conv1", "values": {"kernel_size": True}}, 400, "kernel_size=yes"),
    ({"change": "conv1", "values": {"kernel_size": 3.0}}, 400, "kernel_size=3"),
    ({"change": "conv1", "values": {"kernel_size": 10**30}}, 400, "kernel_size=1000"),
    ({"change": "conv1", "values": {"padding": [[1, 2], 3, 4]}}, 400, "padding="),
    ({"change": "conv1", "kind": 7}, 400, "7"),
    ({"change": "conv1", "kind": "Conv3d"}, 404, "'Conv3d'"),
    ({"change": "conv1", "kind": "Add"}, 400, "the kind Add"),
    ({"change": "nowhere"}, 404, "'nowhere'"),
    ({"after": "relu1", "kind": "ReLU", "name": ""}, 400, "''"),
    ({"after": "relu1", "kind": "ReLU", "name": "a[b"}, 400, "name 'a[b'"),
    ({"after": "relu1", "kind": "ReLU", "name": "conv1"}, 400, "name 'conv1' twice"),
    ({"remove": ["relu1"]}, 400, "['relu1']"),
    ({"remove": "input"}, 404, "'input'"),
]


@pytest.mark.parametrize(("wanted", "status", "got"), BAD)
def test_bad_edits_change_nothing(client: TestClient, wanted: dict[str, Any], status: int, got: str) -> None:
    """Whatever an edit holds, it is carried out or refused with the four words of an error; nothing changes."""
    before = client.get("/api/network").content
    why = refused(client.post("/api/edit", json=wanted), status)
    assert got in why["got"]
    assert client.get("/api/network").content == before


# Runs of versions


def test_an_old_run_is_answered_as_it_was(client: TestClient) -> None:
    """A run of an earlier version is told with that version's layers as long as it is kept; then it is refused."""
    run = client.post("/api/run", json={"sample": 1}).json()
    assert (run["version"], run["structure"]) == (1, 1)
    edit(client, remove="relu1")
    maps = client.get("/api/maps", params={"run": run["run"], "parts": "2:0:4"})
    assert len(maps.content) == 4 * 4 * 6 * 4
    told = client.get("/api/explain", params={"run": run["run"], "layer": 2, "index": "0,0,0"}).json()
    assert told["layer"] == "relu1"
    again = client.post("/api/again", json={"run": run["run"]}).json()
    assert (again["run"], again["version"], again["sample"]) == ("2-sample-1", 2, 1)
    told = client.get("/api/explain", params={"run": again["run"], "layer": 2, "index": "0,0,0"}).json()
    assert told["layer"] == "pool1"
    for sample in range(13):
        client.post("/api/run", json={"sample": sample})
    refused(client.get("/api/maps", params={"run": run["run"], "parts": "2:0:4"}), 404)
    refused(client.post("/api/again", json={"run": run["run"]}), 404)
    refused(client.post("/api/again", json={}), 404)


# Training


def wait(client: TestClient, session: Session) -> dict[str, Any]:
    """What is told of the training when it is over."""
    training = session.studio.training
    assert training is not None
    training.join(60)
    return client.get("/api/training").json()


def test_training_is_told(client: TestClient, session: Session) -> None:
    """A training is begun, and its points are told from any number on."""
    told = client.get("/api/training").json()
    assert (told["state"], told["training"], told["points"]) == ("ready", 0, [])
    assert (told["data"], told["train"], told["test"]) == ("pets", 20, 20)
    assert (told["optimizers"], told["schedules"]) == (list(OPTIMIZERS), list(SCHEDULES))
    begun = client.post("/api/train", json={"do": "start", "epochs": 3, "batch_size": 4, "rate": 0.05})
    assert (begun.status_code, begun.json()["training"]) == (200, 1)
    over = wait(client, session)
    assert (over["state"], over["epochs"], over["version"], over["structure"]) == ("finished", 3, 4, 1)
    assert [point["at"] for point in over["points"] if "test_loss" in point] == [1, 2, 3]
    rest = client.get("/api/training", params={"since": len(over["points"]) - 1}).json()
    assert (rest["from"], rest["points"]) == (len(over["points"]) - 1, over["points"][-1:])
    assert client.get("/api/network").json()["untrained"] is False


def test_a_failed_training_is_told(client: TestClient, session: Session) -> None:
    """A training that cannot go on says why."""
    edit(client, remove="relu1")
    client.post(
        "/api/train", json={"do": "start", "rate": 1e6, "epochs": 99, "optimizer": "SGD", "schedule": "constant"}
    )
    over = wait(client, session)
    assert over["state"] == "failed"
    assert "not finite" in over["problem"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 404),
        ({"do": "explode"}, 404),
        ({"do": ["start"]}, 404),
        ({"do": "start", "epochs": 0}, 400),
        ({"do": "start", "epochs": 10**6}, 400),
        ({"do": "start", "epochs": 1.5}, 400),
        ({"do": "start", "batch_size": 0}, 400),
        ({"do": "start", "rate": 0}, 400),
        ({"do": "start", "rate": "0.1"}, 400),
        ({"do": "start", "rate": True}, 400),
        ({"do": "start", "rate": float("nan")}, 400),
        ({"do": "start", "pace": -1}, 400),
        ({"do": "start", "pace": 1e9}, 400),
        ({"do": "start", "optimizer": "Adma"}, 404),
        ({"do": "start", "schedule": "sine"}, 404),
        ({"do": "start", "seed": -1}, 400),
        ({"do": "start", "anew": 1}, 400),
    ],
)
def test_bad_trainings_do_not_begin(client: TestClient, wanted: dict[str, Any], status: int) -> None:
    """Settings out of range are refused, and no training begins."""
    content = json.dumps(wanted)
    refused(client.post("/api/train", content=content, headers={"content-type": "application/json"}), status)
    assert client.get("/api/training").json()["training"] == 0


def test_stop_and_continue_without_training(client: TestClient) -> None:
    """Where nothing goes on, stop and continue are answered and change nothing."""
    for do in ("stop", "continue"):
        assert client.post("/api/train", json={"do": do}).json()["state"] == "ready"


def test_without_data_the_page_is_told(keys: Keys) -> None:
    """A session without data says so, and how to give some."""
    session = Session(Network((1, 2, 2), [Flatten(), Linear(2)]))
    client = TestClient(guarded(session, PORT, keys), base_url=f"http://{HOST}", follow_redirects=False)
    client.get("/", params={"token": keys.token})
    assert client.get("/api/training").json()["state"] == "no data"
    assert "--data DATA" in refused(client.post("/api/train", json={"do": "start"}))["fix"]
    assert "--data DATA" in refused(client.get("/api/judged"))["fix"]


def test_how_well_it_does_is_told(client: TestClient, session: Session) -> None:
    """Accuracy, confusions and mistakes are those of the version that is shown."""
    told = client.get("/api/judged").json()
    assert told == client.get("/api/judged").json()
    assert np.sum(told["confusion"]) == told["of"] == 20
    assert (told["version"], told["first"], told["classes"]) == (1, 0, ["dark", "<b>bright</b>"])
    client.post("/api/train", json={"do": "start", "epochs": 20, "batch_size": 4})
    wait(client, session)
    later = client.get("/api/judged").json()
    assert later["version"] == 21
    assert later["accuracy"] == 1.0
    assert later["mistakes"] == []


def test_images_are_sent_as_numbers(client: TestClient, session: Session) -> None:
    """Images to choose from come as float32, one after another; others, or too many, are refused."""
    answer = client.get("/api/images", params={"numbers": "3,0"})
    sent = np.frombuffer(answer.content, "<f4").reshape(2, 1, 6, 4)
    assert np.array_equal(sent, np.stack([session.image(3)[0], session.image(0)[0]]))
    refused(client.get("/api/images", params={"numbers": "20"}))
    refused(client.get("/api/images", params={"numbers": ""}))
    refused(client.get("/api/images", params={"numbers": ",".join(["1"] * 65)}))


# Pictures


def picture(pixels: np.ndarray, **more: Any) -> dict[str, Any]:
    """A picture as the page sends it."""
    height, width, _ = pixels.shape
    return {"width": width, "height": height, "pixels": base64.b64encode(pixels.tobytes()).decode(), **more}


@pytest.mark.parametrize("invert", [False, True])
def test_a_picture_is_read_as_its_file_is(client: TestClient, session: Session, tmp_path: Any, invert: bool) -> None:
    """Pixels from the browser give the bits that the same picture gives as a file on the command line."""
    pixels = np.random.default_rng(0).integers(0, 256, (31, 47, 4), np.uint8)
    pixels[:9, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    made = client.post("/api/picture", json=picture(pixels, invert=invert)).json()
    read = read_image(tmp_path / "picture.png", (1, 6, 4), invert)
    assert np.array_equal(session.run(made["run"]).trace["input"], read)
    assert (made["sample"], made["label"]) == (None, None)


def test_a_picture_runs_again_on_another_version(client: TestClient, session: Session) -> None:
    """What was brought is looked at again after an edit, exactly as it was."""
    made = client.post("/api/picture", json=picture(np.full((5, 5, 4), 200, np.uint8))).json()
    edit(client, remove="relu1")
    again = client.post("/api/again", json={"run": made["run"]}).json()
    first, second = (session.run(run["run"]).trace["input"] for run in (made, again))
    assert np.array_equal(first, second)
    assert again["version"] == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"width": 2, "height": 2, "pixels": ""},
        {"width": 0, "height": 2, "pixels": ""},
        {"width": 2, "height": 2, "pixels": "AAAA"},
        {"width": 2, "height": 2, "pixels": "\u00e4" * 24},
        {"width": 10**8, "height": 10**8, "pixels": "AAAA"},
        {"width": "two", "height": 2, "pixels": "AAAA"},
    ],
)
def test_bad_pictures(client: TestClient, wanted: dict[str, Any]) -> None:
    """A picture whose pixels are not all there, or are too many, is refused."""
    refused(client.post("/api/picture", json=wanted))


def test_a_network_that_reads_no_picture(keys: Keys) -> None:
    """A network of two channels reads nothing that a camera gives."""
    session = Session(Network((2, 4, 4), [Flatten(), Linear(2)]))
    client = TestClient(guarded(session, PORT, keys), base_url=f"http://{HOST}", follow_redirects=False)
    client.get("/", params={"token": keys.token})
    assert client.get("/api/network").json()["pictures"] is False
    why = refused(client.post("/api/picture", json=picture(np.zeros((4, 4, 4), np.uint8))))
    assert why["expected"] == "a network that reads one image, grey or of three colours"
