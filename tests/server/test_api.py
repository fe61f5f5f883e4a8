"""What the explorer answers: the right numbers to good questions, and what is wrong to bad ones."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from starlette.testclient import TestClient

from pellucid import Network, compare
from pellucid.engines import ENGINES
from pellucid.errors import ShapeError, UnknownNameError
from pellucid.explain import facts, trace
from pellucid.explorer import facts as told
from pellucid.explorer.answering import Query
from pellucid.explorer.api import reading
from pellucid.explorer.api.compare import doors as compare_doors
from pellucid.explorer.session import RUNS, Session
from pellucid.layers import Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer, Linear


@pytest.fixture
def run(client: TestClient) -> str:
    """The name of a run on sample 2."""
    return client.post("/api/run", json={"sample": 2}).json()["run"]


def error(answer) -> tuple[int, str, str]:
    """Status, what came and what was expected."""
    parts = answer.json()["error"]
    assert set(parts) == {"where", "got", "expected", "fix"}
    return answer.status_code, parts["got"], parts["expected"]


# The page


def test_the_page_is_served_whole(client: TestClient) -> None:
    """The page names its files, and every one of them is served with its type."""
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Pellucid" in page.text
    names = {part.split('"')[0] for part in page.text.split('"/static/')[1:]}
    assert "js/main.js" in names
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    for name in names:
        answer = client.get(f"/static/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, types[name.rsplit(".")[-1]])


@pytest.mark.parametrize("path", ["/nothing", "/api", "/api/", "/static", "/favicon.ico", "/api/network/x"])
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    """Any other path is 404, in the same form as every error."""
    assert error(client.get(path))[0] in (404, 405)


@pytest.mark.parametrize("path", ["/", "/api/network", "/api/maps", "/api/explain", "/api/field", "/static/icon.svg"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_reading_addresses_take_no_writing(client: TestClient, path: str, method: str) -> None:
    """Everything but the start of a run answers GET only."""
    assert error(client.request(method, path, json={"sample": 0}))[0] == 405


# The network and its runs


def test_the_network_is_told(client: TestClient, session: Session) -> None:
    """Layers with their numbers, what they read, shapes, costs, rules; names are passed on as they are."""
    network = client.get("/api/network").json()
    assert [node["name"] for node in network["nodes"]] == ["input", "conv1", "relu1", "pool1", "flatten1", "linear1"]
    assert [node["inputs"] for node in network["nodes"]] == [[], [0], [1], [2], [3], [4]]
    conv = network["nodes"][1]
    assert conv["shape"] == [4, 6, 4]
    assert conv["formulas"] == ["(6 + 2*1 - 3)/1 + 1 = 6", "(4 + 2*1 - 3)/1 + 1 = 4"]
    assert (conv["params"], conv["macs"], conv["receptive_field"]) == (40, 864, [3, 3])
    assert conv["pads"] == [[1, 1], [1, 1]]
    assert network["classes"] == ["cat", "dog", "<b>bird</b>"]
    assert (network["samples"], network["draws"], network["outputs"]) == (5, True, [5])


def test_a_run_is_told(client: TestClient, session: Session) -> None:
    """A run says what the network decided, what is right, and how far each layer's values range."""
    told = client.post("/api/run", json={"sample": 2}).json()
    logits = trace(session.net, session.run("sample-2").trace["input"])["linear1"].astype(np.float64)
    wanted = np.exp(logits) / np.exp(logits).sum()
    assert told["scores"] == pytest.approx(wanted, rel=1e-12)
    assert (told["sample"], told["label"]) == (2, 2)
    values = session.run("sample-2").trace["conv1"]
    assert told["ranges"][1] == [float(values.min()), float(values.max())]


def test_a_drawing_is_run(client: TestClient, session: Session) -> None:
    """A drawing is resized to the input, from paper to ink as the images range."""
    ink = np.zeros((12, 8), np.uint8)
    ink[:6] = 255
    pixels = base64.b64encode(ink.tobytes()).decode()
    told = client.post("/api/run", json={"drawing": {"width": 8, "height": 12, "pixels": pixels}}).json()
    assert (told["sample"], told["label"]) == (None, None)
    image = session.run(told["run"]).trace["input"]
    low, high = (float(x) for x in told["ranges"][0])
    assert image[0].tolist() == [[high] * 4] * 3 + [[low] * 4] * 3


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b"", "0 bytes"),
        (b"{", "1 bytes"),
        (b"[" * 100000, "100000 bytes"),
        (b"[]", "list"),
        (b"3", "int"),
        (b"null", "NoneType"),
        (b'"x"', "str"),
        (b"\xff", "1 bytes"),
        (b"{}", "None"),
        (b'{"sample": -1}', "-1"),
        (b'{"sample": 5}', "sample 5"),
        (b'{"sample": 1e3}', "1000.0"),
        (b'{"sample": true}', "True"),
        (b'{"sample": "x"}', "'x'"),
        (b'{"sample": [0]}', "[0]"),
        (b'{"sample": 99999999999}', "99999999999"),
        (b'{"sample": NaN}', "nan"),
        (b'{"drawing": 3}', "None"),
        (b'{"drawing": {}}', "None"),
        (b'{"drawing": {"width": 2, "height": 2, "pixels": "AAA="}}', "2 x 2 with 2 pixels"),
        (b'{"drawing": {"width": 2, "height": 1, "pixels": "A!AA"}}', "2 x 1 with 0 pixels"),
        (b'{"drawing": {"width": 0, "height": 0, "pixels": ""}}', "0 x 0 with 0 pixels"),
        (b'{"drawing": {"width": 513, "height": 0, "pixels": ""}}', "513 x 0 with 0 pixels"),
    ],
)
def test_a_bad_run_is_refused(client: TestClient, session: Session, body: bytes, got: str) -> None:
    """A body that asks for no run gets 400 and what is wrong with it; nothing is run."""
    answer = client.post("/api/run", content=body, headers={"content-type": "application/json"})
    status, came, _ = error(answer)
    assert (status, came) == (400, got)
    assert len(session.runs) == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_starts_a_run(client: TestClient, session: Session, media_type: str) -> None:
    """What a form of another page can send is no run."""
    answer = client.post("/api/run", content=b'{"sample": 0}', headers={"content-type": media_type})
    assert error(answer)[0] == 400
    assert len(session.runs) == 0


def test_get_changes_nothing(client: TestClient, session: Session, run: str) -> None:
    """Whatever is read, the runs stay as they are."""
    for path in (
        "/",
        "/api/network",
        f"/api/maps?run={run}&parts=1:0:4",
        f"/api/explain?run={run}&layer=1&index=0,0,0",
    ):
        assert client.get(path).status_code == 200
    assert len(session.runs) == 1


def test_runs_are_bounded(client: TestClient, session: Session) -> None:
    """Old runs are forgotten; asking for one says so; a sample is not run twice while it is there."""
    assert client.post("/api/run", json={"sample": 0}).json()["run"] == "sample-0"
    pixels = base64.b64encode(bytes(4)).decode()
    for _ in range(2 * RUNS):
        client.post("/api/run", json={"drawing": {"width": 2, "height": 2, "pixels": pixels}})
    assert len(session.runs) == RUNS
    assert error(client.get("/api/maps?run=sample-0&parts=0:0:1"))[0] == 404
    again = [client.post("/api/run", json={"sample": 0}).json()["run"] for _ in range(3)]
    assert again == ["sample-0"] * 3
    assert len(session.runs) == RUNS


# Maps


def test_maps_are_raw_float32(client: TestClient, session: Session, run: str) -> None:
    """Channels of several layers come one after another, as they are in the trace."""
    body = client.get(f"/api/maps?run={run}&parts=1:1:2,5:0:3,0:0:1").content
    values = session.run(run).trace
    wanted = [values["conv1"][1:3].ravel(), values["linear1"], values["input"].ravel()]
    assert np.frombuffer(body, "<f4").tolist() == np.concatenate(wanted).tolist()


@pytest.mark.parametrize(
    "parts",
    [
        "",
        "1",
        "1:0",
        "1:0:4:1",
        "1:0:5",
        "1:4:1",
        "1:0:0",
        "1:-1:1",
        "6:0:1",
        "999999999:0:1",
        "1:0:9999999999",
        "x:0:1",
        "1:0:1,",
        ",",
        "²:0:1",
        "1:0:1.0",
        " 1:0:1",
    ],
)
def test_bad_maps_are_refused(client: TestClient, run: str, parts: str) -> None:
    """Layers and channels that are not there, and anything but numbers, get 400."""
    assert error(client.get("/api/maps", params={"run": run, "parts": parts}))[0] == 400


def test_too_many_maps_are_refused(client: TestClient, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is larger than the limit, however often a layer is asked for."""
    monkeypatch.setattr(reading, "LARGEST_MAPS", 200)
    assert client.get(f"/api/maps?run={run}&parts=1:0:4,1:0:4").status_code == 200
    answer = client.get(f"/api/maps?run={run}&parts=1:0:4,1:0:4,1:0:4")
    assert error(answer)[1:] == ("288 numbers", "at most 200 at once")


# Numbers


def test_a_number_is_told_as_explain_tells_it(client: TestClient, session: Session, run: str) -> None:
    """The answer holds everything of Python's explanation, the sums of the channels, and where the number goes."""
    answer = client.get(f"/api/explain?run={run}&layer=1&index=2,3,1").json()
    wanted = facts.explanation(session.run(run).trace.explain("conv1", (2, 3, 1)))
    assert {key: answer[key] for key in wanted} == json.loads(json.dumps(wanted))
    assert [(part["channel"], part["from"], part["to"]) for part in answer["parts"]] == [(0, 0, 9)]
    assert answer["parts"][0]["sum"] == pytest.approx(sum(wanted["terms"]["product"]), rel=1e-12)
    assert [(step["layer"], step["index"]) for step in answer["onward"]][:2] == [
        ("relu1", [2, 3, 1]),
        ("pool1", [2, 1, 0]),
    ]


def test_a_field_is_told_for_every_earlier_layer(client: TestClient, run: str) -> None:
    """A number's receptive field is a box on each layer before it, with the channels that are read."""
    field = client.get(f"/api/field?run={run}&layer=3&index=1,0,1").json()
    assert field["2"] == {"rows": [0, 2], "columns": [2, 4], "status": "exact", "channels": [1]}
    assert field["0"] == {"rows": [0, 3], "columns": [1, 4], "status": "exact"}
    assert set(field) == {"0", "1", "2", "3"}


@pytest.mark.parametrize("path", ["/api/explain", "/api/field"])
@pytest.mark.parametrize(
    ("layer", "index"),
    [
        ("1", "4,0,0"),
        ("1", "0,6,0"),
        ("1", "0,0,4"),
        ("1", "0,0"),
        ("1", "0,0,0,0"),
        ("1", "-1,0,0"),
        ("1", ""),
        ("1", "0,0,x"),
        ("1", "0,0,1e1"),
        ("1", "9" * 5000),
        ("6", "0"),
        ("-1", "0"),
        ("", "0"),
        ("conv1", "0,0,0"),
        ("1" * 4301, "0"),
    ],
)
def test_a_place_that_is_not_there_is_refused(client: TestClient, run: str, path: str, layer: str, index: str) -> None:
    """Layers and places that do not exist get 400, in a few words."""
    answer = client.get(path, params={"run": run, "layer": layer, "index": index})
    assert error(answer)[0] == 400
    assert len(answer.content) < 500


def test_an_input_is_not_explained(client: TestClient, run: str) -> None:
    """A pixel was given, not computed: 400 says so; its field is itself."""
    assert error(client.get(f"/api/explain?run={run}&layer=0&index=0,0,0"))[:2] == (400, "a request to explain it")
    assert client.get(f"/api/field?run={run}&layer=0&index=0,2,1").json()["0"]["rows"] == [2, 3]


@pytest.mark.parametrize("name", ["", "sample-9", "../x", "sample-2 ", "\x00", "a" * 5000])
def test_a_run_that_is_not_there_is_not_found(client: TestClient, run: str, name: str) -> None:
    """An unknown run gets 404."""
    assert error(client.get("/api/explain", params={"run": name, "layer": "1", "index": "0,0,0"}))[0] == 404


def test_nan_and_infinities_survive() -> None:
    """JSON holds neither: they come as words, and scores that are no numbers too."""
    net = Network(3, [Linear(2)])
    session = Session(net, images=np.array([[np.nan, np.inf, 1.0]], np.float32))
    made = session.run_sample(0)
    number = json.loads(json.dumps(told.number(made, "linear1", (0,)), allow_nan=False))
    assert number["value"] == number["total"] == "nan"
    assert number["terms"]["value"] == ["nan", "inf", 1.0]
    run = json.loads(json.dumps(told.run(session, made), allow_nan=False))
    assert run["scores"] == ["nan", "nan"]
    assert run["ranges"] == [[1.0, 1.0], [0.0, 0.0]]


def test_a_long_sum_is_told_by_its_largest_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more terms than a page can hold the largest are told, whole channels of maps, and the sum of the others."""
    monkeypatch.setattr(told, "MOST", 20)
    random = np.random.default_rng(0)
    vector = Session(Network(50, [Linear(1, bias=False)]), images=random.random((1, 50), np.float32))
    maps = Session(Network((5, 3, 3), [Conv2d(1, 3, bias=False)]), images=random.random((1, 5, 3, 3), np.float32))
    for session, name, index, kept in ((vector, "linear1", (0,), 20), (maps, "conv1", (0, 0, 0), 18)):
        made = session.run_sample(0)
        number = told.number(made, name, index)
        whole = made.trace.explain(name, index)
        shown, rest = number["terms"]["product"], number["left_out"]
        assert (len(shown), rest["count"]) == (kept, len(whole.terms) - kept)
        assert sum(shown) + rest["sum"] == pytest.approx(whole.total, rel=1e-12)
    left = set(range(50)) - {place for (place,) in told.number(vector.run_sample(0), "linear1", (0,))["terms"]["index"]}
    products = np.abs(vector.run_sample(0).trace.explain("linear1", (0,)).terms.product)
    assert products[sorted(left)].max() <= np.delete(products, sorted(left)).min()


@pytest.mark.parametrize(
    ("layer", "shape", "index"),
    [(Conv2d(1, 9), (2, 9, 9), (0, 0, 0)), (GlobalMaxPool2d(), (1, 9, 9), (0,)), (GlobalAvgPool2d(), (1, 9, 9), (0,))],
)
def test_a_window_too_large_to_show(
    layer: Layer, shape: tuple[int, int, int], index: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one window with more places than a page can hold, some whole rows are told, with the winner among them."""
    session = Session(Network(shape, [("it", layer)]), images=np.random.default_rng(0).random((1, *shape), np.float32))
    made = session.run_sample(0)
    whole = made.trace.explain("it", index)
    monkeypatch.setattr(told, "MOST", 30)
    number = told.number(made, "it", index)
    terms = number["terms"]
    assert len(terms["value"]) == 27
    assert number["left_out"]["count"] == len(whole.terms) - 27
    assert number["cancellation"] == facts.number(whole.cancellation)
    if whole.rule == "max":
        assert terms["value"][terms["used"].index(True)] == whole.total
    assert len({place[-2] for place in terms["index"]}) == 3


# A layer's code


def test_a_layers_code_is_told(client: TestClient, session: Session) -> None:
    """Its lines in every dialect, what a dialect lacks, and its traps; an input has neither; unknown names are 404."""
    told = client.get("/api/code?layer=pool1").json()
    assert set(told["code"]) == {"torch", "keras", "numpy"}
    assert told["code"]["torch"] == {"lines": session.net.code("torch", layer="pool1"), "lacks": None}
    assert [trap["title"] for trap in told["traps"]] == ["The stride that is not said"]
    assert client.get("/api/code?layer=input").json() == {"layer": "input", "code": {}, "traps": []}
    assert error(client.get("/api/code?layer=pool2"))[0] == 404
    assert error(client.get("/api/code"))[0] == 404


# Compared


def test_a_comparison_is_told(session: Session) -> None:
    """What `compare` finds on the image of a run, with the layers' numbers; on this network again, or on another."""
    other = Network((1, 6, 4), list(session.net.layers.items()))
    for name in session.net.weights:
        other.weights[name] = session.net.weights[name] * (2 if name.endswith("bias") else 1)
    both = Session(session.net, images=session.image(0)[0], other=other)
    ask = {door.path: door.handler for door in compare_doors(both)}
    run = both.run_sample(0).name
    sides = json.loads(ask["/api/compare/sides"](Query({})).content)
    assert sides["other"] == other.name
    assert {engine["name"] for engine in sides["engines"]} == set(ENGINES)
    params = {"run": run, "against": "other", "a": "reference", "b": "reference"}
    found = json.loads(ask["/api/compare"](Query(params)).content)
    wanted = compare(session.net, other, session.image(0)[0])
    assert found == json.loads(json.dumps(wanted.facts() | {"nodes": [0, 1, 2, 3, 4, 5]}))
    assert found["differences"][0]["layer"]["a"] == "conv1"
    same = json.loads(ask["/api/compare"](Query(params | {"against": "same"})).content)
    assert same["same"]
    with pytest.raises(UnknownNameError, match="network to compare with"):
        ask["/api/compare"](Query(params | {"against": "third"}))
    with pytest.raises(UnknownNameError, match="engine"):
        ask["/api/compare"](Query(params | {"a": "abacus"}))
    bare = Session(session.net, images=session.image(0)[0])
    bare.run_sample(0)
    with pytest.raises(UnknownNameError, match="other"):
        compare_doors(bare)[1].handler(Query(params))


def test_networks_that_read_something_else_are_not_compared(session: Session) -> None:
    """That is said before a page is served."""
    with pytest.raises(ShapeError, match="two networks that read the same"):
        Session(session.net, other=Network(3, [Linear(2)]))


def test_what_a_number_reaches_is_told(client: TestClient, session: Session, run: str) -> None:
    """Boxes and channels of every later layer, by number; what it does not reach is not there."""
    found = client.get(f"/api/reached?run={run}&layer=0&index=0,2,1").json()
    assert list(found) == ["0", "1", "2", "3", "4", "5"]
    assert found["1"] == {"rows": [1, 4], "columns": [0, 3], "status": "exact"}
    assert found["5"]["status"] == "whole input"
    assert list(client.get(f"/api/reached?run={run}&layer=5&index=1").json()) == ["5"]
    assert error(client.get(f"/api/reached?run={run}&layer=0&index=0,9,0"))[0] == 400
