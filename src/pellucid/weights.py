"""A network's weights: float32 arrays by name, made when first asked for, and checked when replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from .arrays import Floats, as_array, as_float32
from .errors import ShapeError, unknown_name
from .layers.initializers import Weight
from .random import generator


class WeightStore(MutableMapping[str, Floats]):
    """The weights of one network by full name, such as "conv1.weight".

    Reading gives an array that cannot be changed: who holds it, such as a trace, holds it for good. Assigning checks
    the shape, converts to float32 and copies. Names can be neither added nor removed. First values are a function of
    the seed and the weight's name, and are made when a weight is first read, so that a large network costs nothing
    until it runs.

    Args:
        specs: each weight's shape and initializer.
        seed: the seed of the first values.

    Attributes:
        version: how often a weight was assigned; engines that keep weights in a form of their own look at it.
    """

    def __init__(self, specs: Mapping[str, Weight], seed: int) -> None:
        self.specs = dict(specs)
        self._seed = seed
        self._arrays: dict[str, Floats] = {}
        self.version = 0

    def __getitem__(self, name: str) -> Floats:
        if name not in self._arrays:
            if name not in self.specs:
                raise unknown_name("weight", name, self.specs)
            self._arrays[name] = _frozen(self.specs[name].initial(generator(self._seed, name)))
        return self._arrays[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.specs:
            raise unknown_name("weight", name, self.specs)
        where, shape = f"weight {name!r}", self.specs[name].shape
        array = as_array(where, value)
        if array.shape != shape:
            swapped = array.shape == shape[::-1] and array.ndim == 2
            raise ShapeError(
                where,
                got=f"shape {array.shape}",
                expected=f"shape {shape}",
                fix="transpose it" if swapped else "give it the shape of the layer it belongs to",
            )
        taken = as_float32(where, array, copy=True)
        self._arrays[name] = _frozen(taken)
        self.version += 1

    def adopt(self, name: str, array: Floats) -> None:
        """Take over an array that nobody else holds, without a copy where it is contiguous float32 already.

        Raises:
            ShapeError, UnknownNameError: as for an assignment.

        >>> store = WeightStore({"w": Weight((2,))}, seed=0)
        >>> store.adopt("w", as_float32("w", as_array("w", [1.0, 2.0])))
        >>> store["w"].tolist()
        [1.0, 2.0]
        """
        spec = self.specs.get(name)
        owned = array.dtype == "float32" and array.flags.c_contiguous and array.flags.owndata
        if spec is None or array.shape != spec.shape or not owned:
            self[name] = array
            return
        self._arrays[name] = _frozen(array)
        self.version += 1

    def adopt_all(self, arrays: Mapping[str, Floats]) -> None:
        """Take over arrays that nobody else holds, all of them or none.

        Raises:
            ShapeError, UnknownNameError: as for an assignment.

        >>> store = WeightStore({"w": Weight((2,))}, seed=0)
        >>> store.adopt_all({"w": as_float32("w", as_array("w", [1.0, 2.0]))})
        >>> store["w"].tolist()
        [1.0, 2.0]
        """
        fresh = WeightStore(self.specs, self._seed)
        for name, array in arrays.items():
            fresh.adopt(name, array)
        self._arrays = {**self._arrays, **fresh._arrays}  # in one step, whatever interrupts
        self.version += 1

    def __delitem__(self, name: str) -> None:
        raise ShapeError(
            f"weight {name!r}",
            got="a request to remove it",
            expected="the weights of the network's layers, all of them",
            fix="build a network without the layer",
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in self._arrays.values():
            _frozen(array)  # copies of arrays that cannot be changed can be

    def __eq__(self, other: object) -> bool:
        return self is other  # a mapping's own rule would ask arrays for one truth; compare them array by array

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, name: object) -> bool:
        return name in self.specs

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    @property
    def trainable(self) -> tuple[str, ...]:
        """The names of the weights that training changes by their gradient."""
        return tuple(name for name, spec in self.specs.items() if spec.trainable)

    def copy(self) -> dict[str, Floats]:
        """Return copies of all arrays by name."""
        return {name: self[name].copy() for name in self}


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
