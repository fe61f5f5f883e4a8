"""What each command does with good input, for people and for programs; the examples in the help are run."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict

import numpy as np
import pytest

from pellucid import Network
from pellucid.cli.app import COMMANDS
from pellucid.engines import ENGINES, NativeEngine
from pellucid.explain import facts, summarize, trace
from pellucid.formats import load
from pellucid.layers import Add, Conv2d, Flatten, Input, Linear, Softmax
from pellucid.train import data
from pellucid.zoo import NETWORKS

EXAMPLES = [example for examples in COMMANDS.values() for example in examples]


@pytest.fixture
def served(monkeypatch):
    """What the explorer was opened on, instead of opening it."""
    calls: list[tuple] = []

    def serve(net, **options):
        calls.append((net, options))
        options["out"]("http://127.0.0.1:1/?token=x")

    monkeypatch.setattr("pellucid.explorer.serve", serve)
    return calls


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_help_has_examples(pellucid, command):
    """Each command's help says what it does and shows how it is typed; `pellucid --help` lists it in one line."""
    result = pellucid(command.__name__, "--help")
    assert result.exit_code == 0
    first = (command.__doc__ or "").splitlines()[0]
    assert f"  {first}\n" in result.stdout
    for example in COMMANDS[command]:
        assert f"    {example}\n" in result.stdout
        assert shlex.split(example)[:2] == ["pellucid", command.__name__]
    assert f"  {command.__name__:<9}{first}\n" in pellucid("--help").stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(pellucid, served, example):
    """Every example in the help runs, in a folder that has the files it names."""
    result = pellucid(*shlex.split(example)[1:])
    assert result.exit_code == 0, result.stderr
    assert result.stdout


def test_no_command_is_asked_for(pellucid):
    """Without a command there is the help."""
    assert "Commands:" in pellucid().output


def test_version(pellucid):
    """--version prints the package's version."""
    import pellucid as package

    assert pellucid("--version").stdout == f"pellucid {package.__version__}\n"


def test_summary_of_a_file(pellucid, trained):
    """The summary of a file is that of the network in it, as text and as facts."""
    assert pellucid("summary", "net.safetensors").stdout.split() == str(summarize(trained)).split()
    assert json.loads(pellucid("summary", "net.safetensors", "--json").stdout) == facts.summary(summarize(trained))


@pytest.mark.parametrize("form", ["latex", "markdown", "csv"])
def test_summary_for_other_programs(pellucid, trained, form):
    """--format writes what the summary's method of that name gives, and nothing else."""
    written = getattr(summarize(trained), form)().replace("\r\n", "\n")
    assert pellucid("summary", "net.safetensors", "--format", form).stdout == written


def test_summary_in_one_format(pellucid):
    """A format that is none, and two at once, are refused with what would do."""
    result = pellucid("summary", "lenet5", "--format", "latec")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "format 'latec'" in result.stderr
    assert "did you mean 'latex'?" in result.stderr
    result = pellucid("summary", "lenet5", "--format", "csv", "--json")
    assert result.exit_code == 2
    assert "--format csv and --json" in result.stderr


@pytest.mark.parametrize("name", ["digits", *NETWORKS])
def test_summary_of_what_is_built_in(pellucid, name):
    """Networks that have a name are summarized without a file, and without making their weights."""
    found = json.loads(pellucid("summary", name, "--json").stdout)
    assert found["name"] == name
    if name in NETWORKS:
        assert found["params"] == NETWORKS[name]().params


def test_a_name_goes_before_a_file_of_the_same_name(pellucid, folder):
    """A file that is called like a network of the zoo is meant only with its folder."""
    (folder / "lenet5").write_bytes((folder / "net.safetensors").read_bytes())
    assert json.loads(pellucid("summary", "lenet5", "--json").stdout)["name"] == "lenet5"
    assert "no suffix" in pellucid("summary", "./lenet5").stderr


def test_explain(pellucid, trained):
    """The number, its arithmetic and its address are those of the trace."""
    image = data.load("digits")[1].images[17]
    expected = trace(trained, image).explain("conv1", (2, 4, 3))
    text = pellucid("explain", "net.safetensors", "digits:17", "conv1[2,4,3]").stdout
    assert text.startswith(f"conv1[2,4,3] = {expected.value:.6g} ")
    assert text.split() == str(expected).split()
    found = pellucid("explain", "net.safetensors", "digits:17", "conv1[2,4,3]", "--json").stdout
    assert json.loads(found) == facts.explanation(expected)


ON_AN_ENGINE = {
    "explain": ("net.safetensors", "photo.jpg", "linear1[3]"),
    "predict": ("net.safetensors", "photo.jpg"),
    "train": ("net.safetensors", "photos", "-o", "out.safetensors", "--epochs", "1"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("command", ON_AN_ENGINE)
def test_an_engine_is_asked_for(pellucid, monkeypatch, command, engine):
    """--engine says what computes: that engine, and no other, makes programs and trainers."""
    asked: list[str] = []
    for one in ENGINES.values():
        for method in ("program", "trainer"):
            make = getattr(one, method)

            def spy(*args, make=make, name=one.name, **kwargs):
                asked.append(name)
                return make(*args, **kwargs)

            monkeypatch.setattr(one, method, spy)
    result = pellucid(command, *ON_AN_ENGINE[command], "--engine", engine)
    assert result.exit_code == 0, result.stderr
    assert set(asked) == {engine}


@pytest.mark.parametrize("engine", ENGINES)
def test_explore_on_an_engine(pellucid, served, engine):
    """The explorer is told what is to compute."""
    assert pellucid("explore", "net.safetensors", "--engine", engine).exit_code == 0
    assert served[0][1]["engine"] == engine


def test_predict(pellucid, trained):
    """The classes come with the probabilities that the softmax of the logits gives, the most probable first."""
    found = json.loads(pellucid("predict", "net.safetensors", "digits:17", "--top", "10", "--json").stdout)
    assert [item["image"] for item in found] == ["digits:17"]
    logits = trained.predict(data.load("digits")[1].images[17])[0].astype(float)
    expected = np.exp(logits) / np.exp(logits).sum()
    classes = found[0]["classes"]
    given = {item["number"]: item["probability"] for item in classes}
    np.testing.assert_allclose([given[k] for k in range(10)], expected, rtol=1e-12)
    assert [item["number"] for item in classes] == np.argsort(-expected).tolist()
    assert [item["class"] for item in classes] == [str(item["number"]) for item in classes]


def test_predict_several(pellucid):
    """Every image is predicted, in the order in which they are given."""
    found = json.loads(pellucid("predict", "net.safetensors", "digits:17", "photo.jpg", "digits:3", "--json").stdout)
    assert [item["image"] for item in found] == ["digits:17", "photo.jpg", "digits:3"]
    assert [len(item["classes"]) for item in found] == [3, 3, 3]
    assert [item["classes"][0]["class"] for item in found] == ["1", "0", "5"]


def test_predict_with_a_network_that_ends_in_softmax(pellucid, trained):
    """Probabilities are not made of probabilities again."""
    x = Input((1, 8, 8))
    y = x
    for node in trained.nodes:
        assert node.layer is not None
        y = node.layer(y, name=node.name)
    net = Network(x, Softmax()(y), classes=[f"a {k}" for k in range(10)])
    for name in net.weights:
        net.weights[name] = trained.weights[name]
    net.save("softmax.safetensors")
    (a,), (b,) = (
        json.loads(pellucid("predict", name, "digits:17", "--json").stdout)
        for name in ("net.safetensors", "softmax.safetensors")
    )
    for one, other in zip(a["classes"], b["classes"], strict=True):
        assert other["class"] == f"a {one['class']}"
        assert other["probability"] == pytest.approx(one["probability"], rel=1e-6)


def test_predict_needs_classes(pellucid):
    """A network whose output is not one number a class has nothing to predict."""
    Network((1, 8, 8), [Conv2d(2, 3)]).save("maps.safetensors")
    result = pellucid("predict", "maps.safetensors", "digits:17")
    assert result.exit_code == 2
    assert "got       an output of shape (2, 6, 6)" in result.stderr


def test_one_image_needs_one_input(pellucid):
    """A network of two inputs cannot be given one image."""
    a, b = Input((1, 8, 8), "a"), Input((1, 8, 8), "b")
    Network([a, b], Linear(2)(Flatten()(Add()(a, b)))).save("two.safetensors")
    result = pellucid("predict", "two.safetensors", "digits:17")
    assert result.exit_code == 2
    assert "got       inputs of shape (1, 8, 8) and (1, 8, 8)" in result.stderr


def test_predict_for_people(pellucid):
    """A table has the image once, and a line for each class."""
    lines = pellucid("predict", "net.safetensors", "digits:17", "--top", "2").stdout.splitlines()
    assert lines[0].split() == ["image", "class", "probability"]
    assert lines[1].startswith("digits:17")
    assert lines[2].startswith(" " * len("digits:17"))
    assert all(line.endswith("%") for line in lines[1:])
    assert len(lines) == 3


def test_predict_upside_down(pellucid):
    """--invert turns dark and light around."""
    plain, inverted = (
        json.loads(pellucid("predict", "net.safetensors", "photo.jpg", "--json", *more).stdout)
        for more in ((), ("--invert",))
    )
    assert plain != inverted


def test_an_untrained_network_is_noted(pellucid):
    """Numbers of a network of the zoo come with a note that they mean nothing; a trained network has none."""
    result = pellucid("predict", "lenet5", "photo.jpg", "--json")
    assert result.stderr == "note: lenet5 is not trained; its numbers come from first values\n"
    assert len(json.loads(result.stdout)) == 1
    assert pellucid("predict", "net.safetensors", "photo.jpg").stderr == ""


def test_plan(pellucid, trained):
    """The plan of a file's network is the engine's, as text and as facts."""
    engine = NativeEngine()
    assert pellucid("plan", "net.safetensors").stdout == f"{engine.plan(trained)}\n"
    told = json.loads(pellucid("plan", "net.safetensors", "--batch", "1", "--lanes", "samples", "--json").stdout)
    assert told == json.loads(json.dumps(asdict(engine.plan(trained, batch=1, lanes="samples"))))
    shown = pellucid("plan", "net.safetensors", "--training", "--exact").stdout
    assert shown == f"{NativeEngine(exact=True).plan(trained, training=True)}\n"


def test_plan_of_lanes_that_there_are_not(pellucid):
    """Bad lanes are one message and exit code 2."""
    result = pellucid("plan", "lenet5", "--lanes", "pixels")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: lanes 'pixels'\n")
    assert "one of samples, channels" in result.stderr


def test_engines(pellucid):
    """Every engine of the table is listed with what it is."""
    found = json.loads(pellucid("engines", "--json").stdout)
    assert list(found) == list(ENGINES)
    assert found["reference"] == {"about": ENGINES["reference"].about, "unavailable": None, "setup": {}}
    assert ENGINES["reference"].about in pellucid("engines").stdout


def test_engines_tell_what_they_compute_with(pellucid, monkeypatch):
    """The native engine's line ends with its instruction set and how many threads share the work."""
    monkeypatch.setenv("PELLUCID_THREADS", "3")
    native = NativeEngine()
    found = json.loads(pellucid("engines", "--json").stdout)["native"]
    assert found["setup"] == {"instructions": native.target.name, "threads": 3}
    line = next(line for line in pellucid("engines").stdout.splitlines() if line.startswith("native"))
    assert line.endswith(f"instructions {native.target.name}, threads 3")


def test_explore_trains_first(pellucid, served):
    """Without a network the digits network is trained, shown, taken apart, and opened with test images to choose."""
    result = pellucid("explore", "--no-open", "--port", "8123")
    ((net, options),) = served
    test = data.load("digits")[1]
    assert result.exit_code == 0
    assert "epoch" in result.stderr
    assert "conv1[8,4,4] = " in result.stdout
    assert result.stdout.splitlines()[-1] == "http://127.0.0.1:1/?token=x"
    assert net.evaluate(test).accuracy > 0.95
    np.testing.assert_array_equal(options["data"][1].images, test.images)
    np.testing.assert_array_equal(options["data"][1].labels, test.labels)
    assert options["drawing"] is data.digits_drawing
    assert (options["port"], options["browser"]) == (8123, False)


def test_explore_a_file(pellucid, served, trained):
    """A network that reads digits has them to choose from, or begins with the given image; any other has none."""
    assert pellucid("explore", "net.safetensors").exit_code == 0
    assert pellucid("explore", "net.safetensors", "photo.jpg", "--no-open").exit_code == 0
    assert pellucid("explore", "lenet5").exit_code == 0
    (net, options), (_, with_image), (_, without) = served
    np.testing.assert_array_equal(net.weights["conv1.weight"], trained.weights["conv1.weight"])
    assert options["data"][1].images.shape == (360, 1, 8, 8)
    assert options["browser"]
    assert with_image["images"].shape == (1, 8, 8)
    assert not with_image["browser"]
    assert not {"images", "data"} & set(without)


def test_explore_beside_another_network(pellucid, served, trained):
    """What is to be compared is opened as the first is, and of both it is said where they are not trained."""
    result = pellucid("explore", "lenet5", "--compare", "lenet5", "--no-open")
    assert result.exit_code == 0
    assert served[-1][1]["other"].name == "lenet5"
    assert result.stderr.count("lenet5 is not trained") == 1
    assert pellucid("explore", "lenet5", "--compare", "nowhere").exit_code == 2


def test_explore_with_data(pellucid, served, folder):
    """--data gives any network something to train on, brought to its size where it is a folder of images."""
    for name in ("a", "b"):
        (folder / "pets" / name).mkdir(parents=True)
        for number in range(3):
            (folder / "pets" / name / f"{number}.jpg").write_bytes((folder / "photo.jpg").read_bytes())
    assert pellucid("explore", "resnet20", "--data", "pets").exit_code == 0
    ((_, options),) = served
    train, test = options["data"]
    assert (len(train), len(test), train.images.shape[1:]) == (4, 2, (3, 32, 32))
    assert pellucid("explore", "lenet5", "--data", "nowhere").exit_code == 2


def test_explore_with_numbers(pellucid, served, folder):
    """--numbers reads the user's own number of each layer; a file without any is refused before anything is served."""
    (folder / "mine.csv").write_text("layer,ms\nconv1,3.2\n")
    assert pellucid("explore", "net.safetensors", "--numbers", "mine.csv").exit_code == 0
    ((_, options),) = served
    assert options["numbers"] == {"conv1": 3.2}
    result = pellucid("explore", "net.safetensors", "--numbers", "none.csv")
    assert result.exit_code == 2
    assert "none.csv" in result.stderr
    assert len(served) == 1


def test_explore_a_picture_as_the_network_was_trained(pellucid, served, folder):
    """--pixels and --bgr say what its pixels were then; a test image of the digits is as it is."""
    assert pellucid("explore", "net.safetensors", "photo.jpg").exit_code == 0
    assert pellucid("explore", "net.safetensors", "photo.jpg", "--pixels", "byte", "--bgr").exit_code == 0
    assert pellucid("explore", "net.safetensors", "digits:3", "--pixels", "byte").exit_code == 0
    (_, plain), (_, byte), (_, sample) = served
    np.testing.assert_allclose(byte["images"], plain["images"] * 255, rtol=1e-6)
    assert byte["pixels"].bgr
    assert (plain["pictured"], byte["pictured"], sample["pictured"]) == (True, True, False)
    assert sample["images"].max() <= 1
    result = pellucid("explore", "net.safetensors", "--pixels", "bytes")
    assert result.exit_code == 2
    assert "byte" in result.stderr


@pytest.mark.parametrize(
    ("text", "names"),
    [("cat\n\ndog\n", ["cat", "dog"]), ("0,cat, Felis\n1,dog\n", ["cat, Felis", "dog"]), ("1 cat\n2 dog", None)],
)
def test_explore_with_names_of_classes(pellucid, served, folder, text, names):
    """--classes reads a line each, which may begin with its number, counted from 0."""
    (folder / "names.txt").write_text(text)
    assert pellucid("explore", "net.safetensors", "--classes", "names.txt").exit_code == 0
    ((_, options),) = served
    assert options["classes"] == (names or ["1 cat", "2 dog"])


@pytest.mark.parametrize(
    ("content", "got"), [(b"", "nothing"), (b"\xff\xfe", "no text"), (b"x\n" * (1 << 20), "more than 1,048,576 bytes")]
)
def test_classes_that_are_none(pellucid, served, folder, content, got):
    """The error says what the file holds."""
    (folder / "names.txt").write_bytes(content)
    result = pellucid("explore", "net.safetensors", "--classes", "names.txt")
    assert (result.exit_code, served) == (2, [])
    assert got in result.stderr


def test_a_file_that_comes_back(pellucid, folder):
    """What `train` writes is opened by the other commands."""
    assert pellucid("train", "digits", "digits", "-o", "new.safetensors", "--epochs", "1").exit_code == 0
    assert load(folder / "new.safetensors").name == "digits"
    assert json.loads(pellucid("summary", "new.safetensors", "--json").stdout)["params"] == 6090


def test_numbers_that_json_does_not_have(pellucid, trained):
    """A network that gives NaN gives JSON all the same."""
    net = load("net.safetensors")
    net.weights["linear1.bias"] = np.full(10, np.nan)
    net.save("broken.safetensors")
    result = pellucid("predict", "broken.safetensors", "digits:17", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["classes"][0]["probability"] == "nan"
