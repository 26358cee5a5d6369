"""Shares the work between processes that end with the one that started them and stop after a batch when asked to."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event

from django.db import connections

from .counters import Counters
from .ids import Ids
from .planning import Plan
from .working import Done, People, Worker, work

Tell = Callable[[Done], None]


def work_here(plan: Plan, people: People, batches: Sequence[Sequence[int]], tell: Tell) -> Counters:
    """Do all of it in this process; Ctrl-C ends it after the last whole batch."""
    worker = Worker(plan, people, Ids())

    def told(done: Done) -> bool:
        tell(done)
        return False

    with contextlib.suppress(KeyboardInterrupt):  # the batch that was under way is rolled back
        work(worker, batches, told)
    return worker.counters


def work_shared(plan: Plan, people: People, batches: Sequence[Sequence[int]], tell: Tell, workers: int) -> Counters:
    """Do it with several processes. Raises RuntimeError when one of them ends early.

    The batches come oldest first and in turns, so that all processes add at the same end of the indexes.
    """
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    connections.close_all()  # no connection may be used by two processes
    pipes, children = [], []
    for number in range(workers):
        reading, writing = context.Pipe(duplex=False)
        given = (plan, people, batches[number::workers], writing, stop, os.getpid())
        children.append(context.Process(target=_work_as_child, args=given, daemon=True))
        children[-1].start()
        writing.close()
        pipes.append(reading)
    try:
        return _gather(pipes, tell, stop)
    except BaseException:
        for child in children:
            child.terminate()  # their last batches are rolled back
        raise
    finally:
        for child in children:
            child.join()


def _gather(pipes: list[Connection], tell: Tell, stop: Event) -> Counters:
    """Tell what the children do until all have ended, and return what they have counted."""
    counters = Counters()
    while pipes:
        try:
            for pipe in wait(pipes):
                assert isinstance(pipe, Connection)  # noqa: S101 (for the type checker)
                told = pipe.recv()
                if isinstance(told, Done):
                    tell(told)
                else:
                    counters.add(told)
                    pipes.remove(pipe)
        except KeyboardInterrupt:
            stop.set()
        except EOFError:
            raise RuntimeError("A process that wrote samples ended early; its reason stands above.") from None
    return counters


def _work_as_child(
    plan: Plan, people: People, batches: Sequence[Sequence[int]], pipe: Connection, stop: Event, parent: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is asked to stop, and asks us
    worker = Worker(plan, people, Ids())

    def told(done: Done) -> bool:
        pipe.send(done)
        return stop.is_set() or os.getppid() != parent

    work(worker, batches, told)
    connections.close_all()
    pipe.send(worker.counters)
