"""ONNX graphs made to harm: a few bytes that grow, circles, names twice, constants that would fill the memory."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from small_models import Step, small_model

import pellucid
from pellucid.errors import ModelFileError, UnmappedError

MEBI = 2**20


def refused(model: onnx.ModelProto, most: int = 64) -> ModelFileError:
    """The error that opening a model raises, which takes little memory."""
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error:
        pellucid.load(model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most * MEBI
    return error.value


def with_functions(*bodies: tuple[str, list[str]]) -> onnx.ModelProto:
    """A model that calls the first function; each is a chain of calls, of operators or of other functions."""
    model = small_model([("first", ["x"], "y", {})])
    model.graph.node[0].domain = "own"
    names = [name for name, _ in bodies]
    model.graph.node[0].op_type = names[0]
    for name, calls in bodies:
        nodes = [
            helper.make_node(call, [f"v{place}"], [f"v{place + 1}"], domain="own" if call in names else "")
            for place, call in enumerate(calls)
        ]
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        model.functions.append(helper.make_function("own", name, ["v0"], [f"v{len(calls)}"], nodes, opsets))
    model.opset_import.append(helper.make_opsetid("own", 1))
    return model


def test_functions_that_double() -> None:
    """28 levels are 2^28 nodes: counted, told, and never made. A few levels are put in."""

    def levels(count: int) -> onnx.ModelProto:
        inner = [(f"f{level}", [f"f{level + 1}"] * 2) for level in range(count)]
        return with_functions(*inner, (f"f{count}", ["Relu"]))

    error = refused(levels(28))
    assert error.where.endswith("function 'f11'")
    assert error.got == f"{2**17} nodes when it is put in"
    assert len(pellucid.load(levels(3)).layers) == 2**3


def test_functions_in_a_circle() -> None:
    """Functions that call each other, and one that calls itself, are named."""
    assert "'f'" in refused(with_functions(("f", ["g"]), ("g", ["Relu", "f"]))).where
    assert "'f'" in refused(with_functions(("f", ["f"]))).where
    assert refused(with_functions(("f", ["Relu"]), ("f", ["Tanh"]))).got == "the same function twice"


CIRCLES: dict[str, list[Step]] = {
    "a circle": [("Add", ["x", "b"], "a", {}), ("Relu", ["a"], "b", {}), ("Relu", ["b"], "y", {})],
    "itself": [("Add", ["x", "y"], "y", {})],
    "what comes later": [("Relu", ["a"], "y", {}), ("Relu", ["x"], "a", {})],
}


@pytest.mark.parametrize("case", CIRCLES)
def test_circles(case: str) -> None:
    """A value that nothing before gives is named with the node that reads it."""
    error = refused(small_model(CIRCLES[case]))
    assert error.where.startswith("small: node '")
    assert error.got.endswith("which nothing before it gives")


def test_a_node_that_reads_what_is_inside_it() -> None:
    """A graph in a node is not looked into: the node is listed."""
    inner = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["inner"])], "inner", [], [helper.make_tensor_value_info("inner", 1, None)]
    )
    steps: list[Step] = [("If", ["c"], "y", {"then_branch": inner, "else_branch": inner})]
    error = refused(small_model(steps, constants={"c": np.array(True)}))
    assert isinstance(error, UnmappedError)
    assert error.unmapped[0].op == "If"


@pytest.mark.parametrize(
    "model",
    [
        small_model([("Relu", ["x"], "y", {}), ("Tanh", ["x"], "y", {})]),
        small_model([("Relu", ["x"], "x", {})]),
        small_model([("Relu", ["x"], "y", {})], constants={"y": np.float32(1)}),
    ],
)
def test_a_value_twice(model: onnx.ModelProto) -> None:
    """Two nodes, a node and an input, a node and a weight may not give one value."""
    error = refused(model)
    assert error.where.startswith("small: value '")
    assert error.got == "two tensors, inputs or nodes that give it"


@pytest.mark.parametrize(
    ("steps", "constants"),
    [
        ([("ConstantOfShape", ["s"], "c", {}), ("Add", ["x", "c"], "y", {})], {"s": np.array([2**20, 2**20])}),
        ([("ConstantOfShape", ["s"], "c", {}), ("Add", ["x", "c"], "y", {})], {"s": np.array([2**62, 0])}),
        ([("Expand", ["k", "s"], "c", {}), ("Add", ["x", "c"], "y", {})],
         {"k": np.float32(1), "s": np.array([2**31, 2**31])}),
        ([("Mul", ["a", "b"], "c", {}), ("Add", ["x", "c"], "y", {})],
         {"a": np.ones((2**16, 1), np.float32), "b": np.ones((1, 2**16), np.float32)}),
        ([("Gather", ["a", "i"], "c", {}), ("Add", ["x", "c"], "y", {})],
         {"a": np.ones((1, 2**16), np.float32), "i": np.zeros(2**16, np.int64)}),
    ],
)  # fmt: skip
def test_constants_that_would_grow(steps: list[Step], constants: dict[str, Any]) -> None:
    """What a calculation would give is counted before it is made."""
    assert isinstance(refused(small_model(steps, constants=constants)), UnmappedError)


def test_many_constants_that_grow_a_little() -> None:
    """Each is allowed alone; together they are too many."""
    steps: list[Step] = [("ConstantOfShape", ["s"], f"c{number}", {}) for number in range(40)]
    error = refused(small_model([*steps, ("Relu", ["x"], "y", {})], constants={"s": np.array([2**20])}))
    assert "numbers calculated" in error.got


@pytest.mark.parametrize(
    ("op", "attributes", "shape"),
    [
        ("MaxPool", {"kernel_shape": [2**62, 2**62]}, ("N", 1, 5, 7)),
        ("MaxPool", {"kernel_shape": [1, 1], "strides": [0, 0]}, ("N", 1, 5, 7)),
        ("MaxPool", {"kernel_shape": [1, 1], "strides": [0, 1], "auto_pad": "SAME_LOWER"}, ("N", 1, 5, 7)),
        ("AveragePool", {"kernel_shape": [2**15, 2**15], "dilations": [2, 2], "pads": [2**16] * 4}, ("N", 1, 5, 7)),
        ("Upsample", {"scales": [1.0, 1.0, 1e9, 1e9]}, ("N", 1, 5, 7)),
        ("Upsample", {"scales": [1.0, 1.0, float("nan"), float("inf")]}, ("N", 1, 5, 7)),
        ("Pad", {"pads": [0, 0, 2**62, 0, 0, 0, 2**62, 0]}, ("N", 1, 5, 7)),
        ("DepthToSpace", {"blocksize": 2**40}, ("N", 4, 5, 7)),
        ("SpaceToDepth", {"blocksize": -1}, ("N", 4, 6, 8)),
        ("Transpose", {"perm": [0, 1, 1, 1]}, ("N", 1, 5, 7)),
        ("Transpose", {"perm": [0, 7, -9, 2**40]}, ("N", 1, 5, 7)),
        ("Flatten", {"axis": 2**62}, ("N", 1, 5, 7)),
        ("Softmax", {"axis": -(2**62)}, ("N", 1, 5, 7)),
        ("Split", {"split": [2**62, -(2**62) + 1]}, ("N", 1, 5, 7)),
        ("Split", {"axis": 1, "num_outputs": 0}, ("N", 1, 5, 7)),
        ("Split", {"axis": 1, "num_outputs": -1}, ("N", 1, 5, 7)),
        ("Slice", {"starts": [-(2**63)], "ends": [-(2**63)]}, ("N", 1, 5, 7)),
        ("LRN", {"size": 2**62}, ("N", 1, 5, 7)),
        ("Relu", {"": 1}, ("N", 1, 5, 7)),
    ],
)
def test_attributes_that_are_out_of_range(op: str, attributes: dict[str, Any], shape: tuple[Any, ...]) -> None:
    """A node whose numbers no layer can have is listed with what is wrong."""
    old = op in ("Upsample", "Pad", "Slice", "Softmax") or "split" in attributes
    opset = 7 if old else 19
    error = refused(small_model([(op, ["x"], "y", attributes)], shape=shape, opset=opset))
    assert isinstance(error, UnmappedError)
    assert error.unmapped[0].op == op


def test_random_changes() -> None:
    """Whatever numbers, operators and wires a sound model is changed to: a network, or one error of ours."""
    random = Random(3)
    sound = [
        small_model([("Conv", ["x", "w"], "a", {"strides": [2, 1], "pads": [0, 1, 1, 0]}), ("Relu", ["a"], "y", {})],
                    constants={"w": np.ones((2, 3, 3, 2), np.float32)}),
        small_model([("MaxPool", ["x"], "a", {"kernel_shape": [2, 3], "auto_pad": "SAME_LOWER"}),
                     ("Transpose", ["a"], "y", {"perm": [0, 2, 3, 1]})]),
        small_model([("Slice", ["x", "s", "e"], "a", {}), ("Split", ["a"], "y z", {"axis": 1, "num_outputs": 2}),
                     ("Resize", ["y", "", "", "r"], "b", {})], opset=18, outputs=("z", "b"),
                    constants={"s": np.array([0, 1, 0]), "e": np.array([9, 3, 5]), "r": np.array([1, 1, 3, 4])}),
        small_model([("Gather", ["x", "i"], "a", {"axis": 2}), ("Reshape", ["a", "s"], "b", {}),
                     ("Softmax", ["b"], "y", {"axis": -1})],
                    constants={"i": np.array([3, 1]), "s": np.array([0, -1])}),
    ]  # fmt: skip
    numbers = (0, 1, -1, 2, 7, -5, 2**31, 2**62, -(2**63), 2**63 - 1)
    operators = ("Conv", "Reshape", "Pad", "Concat", "Squeeze", "Expand", "MatMul", "Gemm", "Softmax", "Cast", "LRN",
                 "ConvTranspose", "DepthToSpace", "ReduceMean", "Upsample", "PRelu", "Flatten", "Shape")  # fmt: skip
    refusals = 0
    for _ in range(1500):
        model = onnx.ModelProto()
        model.CopyFrom(random.choice(sound))
        node = random.choice(model.graph.node)
        for attribute in node.attribute:
            if attribute.ints and random.random() < 0.5:
                attribute.ints[random.randrange(len(attribute.ints))] = random.choice(numbers)
            elif attribute.type == onnx.AttributeProto.INT and random.random() < 0.5:
                attribute.i = random.choice(numbers)
        for tensor in model.graph.initializer:
            if tensor.data_type == TensorProto.INT64 and random.random() < 0.3:
                tensor.raw_data = random.choice(numbers).to_bytes(8, "little", signed=True) + tensor.raw_data[8:]
        if random.random() < 0.2:
            node.op_type = random.choice(operators)
        if random.random() < 0.2:
            node.input[random.randrange(len(node.input))] = random.choice(("x", "a", "w", "s", "", "y"))
        try:
            pellucid.load(model)
        except ModelFileError:
            refusals += 1
    assert 500 < refusals < 1500


def test_a_shape_of_too_few_sizes() -> None:
    """A transposed convolution that asks for one size, of two."""
    weight = {"w": np.ones((1, 1, 3, 3), np.float32)}
    steps: list[Step] = [("ConvTranspose", ["x", "w"], "y", {"output_shape": [9]})]
    assert "output_shape [9]" in refused(small_model(steps, shape=("N", 1, 5, 7), constants=weight)).got


def test_an_attribute_of_no_type_and_one_twice() -> None:
    """What ONNX's own helper trips over is told."""
    for attributes in ([onnx.AttributeProto(name="axis")], [helper.make_attribute("axis", 1)] * 2):
        model = small_model([("Softmax", ["x"], "y", {})])
        model.graph.node[0].attribute.extend(attributes)
        assert "attribute" in refused(model).got


@pytest.mark.parametrize(
    "dims", [[2**62, 8, 1, 1], [2**33, 2**33], [-1, 3, 5, 7], [1, 0, 2**62], [1, *[2] * 100], [1, 2**31, 2**31, 4], [3]]
)
def test_inputs_of_shapes_that_cannot_be(dims: list[int]) -> None:
    """An input that no machine could hold, or has no channels, is refused by its name; its batch may be anything."""
    model = small_model([("Relu", ["x"], "y", {})], shape=dims)
    if dims == [2**62, 8, 1, 1] or dims == [-1, 3, 5, 7]:
        assert list(pellucid.load(model).layers) == ["Relu_y"]
    else:
        assert "input 'x'" in refused(model).where


def test_a_hint_does_not_make_us_work() -> None:
    """What our metadata says of a layer is not followed where comparing it would take memory."""
    model = small_model([("Relu", ["x"], "y", {})], shape=("N", 1, 1, 2**20))
    said = '{"layer":"Upsample","params":{"size":[1,1048576],"mode":"bilinear"},"reads":["x"]}'
    model.graph.node[0].metadata_props.add(key="pellucid", value=said)
    tracemalloc.start()
    net = pellucid.load(model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [layer.kind for layer in net.layers.values()] == ["ReLU"]
    assert peak < MEBI


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"layer":"Softmax"}', '{"layer":"os.system","params":{},"reads":["x"]}',
     '{"layer":"Tanh","params":{},"reads":["x"]}', '{"same_as":"nobody","reads":["x"]}',
     '{"layer":"ReLU","params":{},"reads":["x","x"]}', '{"layer":"ReLU","params":{},"reads":[5]}',
     '{"layer":"ReLU","params":{"self":1},"reads":["x"]}', "[" * 60_000, "x" * 10**6],
)  # fmt: skip
def test_a_hint_that_lies_is_not_followed(text: str) -> None:
    """The nodes hold: what is read is the operator that stands there."""
    model = small_model([("Relu", ["x"], "y", {})])
    model.graph.node[0].metadata_props.add(key="pellucid", value=text)
    assert [layer.kind for layer in pellucid.load(model).layers.values()] == ["ReLU"]


@pytest.mark.parametrize(
    ("text", "got"),
    [("{", "expecting"), ('{"name":"a","seed":1}', "no 'classes'"), ('{"name":"a","seed":"x","classes":null}', "'x'"),
     ('{"name":"a","seed":1,"classes":["a"]}', "class names"), ('{"name":"a","seed":1e400,"classes":null}', "inf"),
     ('{"name":"a","seed":99999999999999999999999,"classes":null}', "9999")],
)  # fmt: skip
def test_a_model_that_lies_about_itself_is_refused(text: str, got: str) -> None:
    """Name, seed and classes are those of a network, or told as what they are."""
    model = small_model([("Relu", ["x"], "y", {})])
    model.metadata_props.add(key="pellucid", value=text)
    error = refused(model)
    assert got in error.got.lower()
