"""One thread for NumPy's matrix products, so that the number of threads cannot change a bit of them.

A BLAS that shares a product among threads cuts it elsewhere for another number of threads, and sums in another order.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# The limit is the process's, and the first of Python's threads to leave would lift it from under the others.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def one_thread() -> Generator[None]:
    """Hold NumPy's BLAS to one thread; afterwards it has as many as before. Threads of Python wait for each other.

    >>> with one_thread():
    ...     pass
    """
    with _ONE_AT_A_TIME, _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
