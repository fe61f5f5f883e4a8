"""What the page is told of why a class: Python's own numbers, in a time that one can wait for, or given up."""

from __future__ import annotations

import base64
import json
import threading

import numpy as np
import pytest
from starlette.testclient import TestClient

from pellucid import Network
from pellucid.explain import facts, trace
from pellucid.explain.attribution import METHODS, Attribution, Occlusion
from pellucid.explorer import answering, why
from pellucid.explorer.answering import Query
from pellucid.explorer.api.why import doors
from pellucid.explorer.session import Session
from pellucid.explorer.why import Attributions, GivenUpError, Progress, affordable, batch_size, telling
from pellucid.layers import Linear
from pellucid.zoo import NETWORKS


@pytest.fixture
def run(client: TestClient) -> str:
    """The name of a run on sample 2."""
    return client.post("/api/run", json={"sample": 2}).json()["run"]


def test_the_methods_are_told(client: TestClient) -> None:
    """The page offers what the table holds, each with what it is."""
    told = client.get("/api/why/methods").json()
    assert told["methods"] == [{"name": name, "about": method.about} for name, method in METHODS.items()]
    assert told["first"] == "integrated gradients"


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_is_what_python_says(client: TestClient, session: Session, run: str, method: str) -> None:
    """Facts and map are those of the trace, for the predicted class, for another, and for any number."""
    made = trace(session.net, session.image(2)[0])
    for params, target in (({}, None), ({"class": "1"}, 1), ({"layer": "1", "index": "3,2,1"}, ("conv1", (3, 2, 1)))):
        answer = client.get("/api/why", params={"run": run, "method": method, **params})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        right = made.attribute(affordable(method, session.net), target)
        found = np.frombuffer(base64.b64decode(said.pop("map")), "<f4").reshape(said["shape"])
        np.testing.assert_allclose(found, right.map, atol=1e-6)
        names = [None if right.target is None else session.classes[right.target], 0]
        assert [said.pop("label"), said.pop("node")] == names
        wanted = facts.attribution(right)
        del wanted["label"]
        for name in ("score", "reference", "error"):
            assert said.pop(name) == pytest.approx(wanted.pop(name), abs=1e-5)
        assert [place[:2] for place in said.pop("strongest")] == [place[:2] for place in wanted.pop("strongest")]
        assert said == wanted


@pytest.mark.parametrize(
    ("params", "status", "got"),
    [
        ({"method": "guess"}, 404, "'guess'"),
        ({"method": "gradient", "class": "3"}, 400, "target=3"),
        ({"method": "gradient", "class": "dog"}, 400, "'dog'"),
        ({"method": "gradient", "layer": "1", "index": "9,0,0"}, 400, "place (9, 0, 0)"),
        ({"method": "gradient", "layer": "99", "index": "0"}, 400, "layer 99"),
        ({"method": "gradient", "layer": "0", "index": "0,0,0"}, 400, "input 'input'"),
        ({"method": "gradient", "run": "sample-4"}, 404, "'sample-4'"),
    ],
)
def test_what_cannot_be_asked(client: TestClient, run: str, params: dict[str, str], status: int, got: str) -> None:
    """Each bad question is refused in words."""
    answer = client.get("/api/why", params={"run": run, **params})
    assert (answer.status_code, answer.json()["error"]["got"]) == (status, got)


def test_what_is_no_image_is_refused() -> None:
    """A network that reads a vector has no picture to draw a map over."""
    session = Session(Network(3, [Linear(2)]))
    asked = Query({"run": session.run_sample(0).name, "method": "gradient"})
    status, answer = answering.answer(doors(session), "GET", "/api/why", asked)
    assert (status, json.loads(answer.content)["error"]["got"]) == (400, "shape (3,)")


def test_large_networks_are_asked_less() -> None:
    """The larger the network, the fewer images and the smaller the batches; patches always cover the image."""
    small, large = NETWORKS["lenet5"](), NETWORKS["resnet50"]()
    assert (batch_size(small), batch_size(large)) == (16, 2)
    for net, most in ((small, 16 * 16), (large, 6 * 6)):
        occlusion = affordable("occlusion", net)
        assert isinstance(occlusion, Occlusion)
        _, height, width = net.inputs[0].shape
        patches = occlusion.patches((height, width))
        assert len(patches) <= most
        assert (patches[-1][0].stop, patches[-1][1].stop) == (height, width)


def test_answers_are_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked before is not computed again; only so many are kept."""
    made, attributions = session.run_sample(0), Attributions()
    first = attributions.find(made, "gradient", 0, "me")
    assert attributions.find(made, "gradient", 0, "you") is first
    monkeypatch.setattr(why, "KEPT", 1)
    attributions.find(made, "gradient", 1, "me")
    assert attributions.find(made, "gradient", 0, "me") is not first
    assert attributions.progress("you") == Progress()  # forgotten: only so many askers are kept too


def test_progress_is_told_and_a_newer_question_ends_an_older(session: Session) -> None:
    """While a question is answered its progress can be asked for; a newer one of the same page takes its place."""
    made, attributions = session.run_sample(0), Attributions()
    begun, go_on = threading.Event(), threading.Event()
    real = made.trace.attribute
    answers: list[Attribution | None] = []

    class Held:
        """A trace whose first question waits in its midst."""

        def attribute(self, *args, progress, **how):
            """Hold after the first batch."""

            def told(done: int, total: int) -> None:
                progress(done, total)
                begun.set()
                go_on.wait(60)

            return real(*args, progress=progress if begun.is_set() else told, **how)

    class HeldRun:
        """A run of it."""

        name, version, trace = made.name, made.version, Held()

    def ask() -> None:
        answers.append(attributions.find(HeldRun(), "integrated gradients", 0, "me"))  # pyright: ignore[reportArgumentType]

    older = threading.Thread(target=ask)
    older.start()
    assert begun.wait(60)
    assert attributions.progress("me") == Progress(16, 32)
    newer = threading.Thread(target=lambda: attributions.find(made, "gradient", 0, "me"))
    newer.start()
    while attributions.progress("me") == Progress(16, 32):
        pass
    go_on.set()
    older.join(60)
    newer.join(60)
    assert answers == [None]
    assert attributions.progress("me") == Progress(1, 1)
    assert attributions.progress("nobody") == Progress()


def test_progress_is_asked_for(client: TestClient, run: str) -> None:
    """A page asks how far its own question is; one that asked nothing hears of nothing."""
    client.get("/api/why", params={"run": run, "method": "integrated gradients", "asker": "me"})
    asked = {asker: client.get("/api/why/progress", params={"asker": asker}).json() for asker in ("me", "you")}
    assert asked == {"me": {"done": 32, "total": 32}, "you": {"done": 0, "total": 0}}


def test_what_was_given_up_is_answered_by_nothing(
    client: TestClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that asked something else hears null, and no refusal."""
    monkeypatch.setattr(Attributions, "find", lambda *asked: None)
    answer = client.get("/api/why", params={"run": run, "method": "gradient"})
    assert (answer.status_code, answer.json()) == (200, None)


def test_what_was_given_up_ends() -> None:
    """The next batch is the last."""
    progress = Progress()
    told = telling(progress)
    told(1, 3)
    progress.given_up = True
    with pytest.raises(GivenUpError):
        told(2, 3)
    assert (progress.done, progress.total) == (1, 3)
