"""Python runs this when it starts and the folder is in PYTHONPATH: its clock is wrong by FAULTS_SKEW_SECONDS."""

import copyreg
import datetime
import os
import time
from datetime import datetime as _real
from typing import Any

SECONDS = float(os.environ["FAULTS_SKEW_SECONDS"])
_time, _time_ns = time.time, time.time_ns


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real)


class _Skewed(_real, metaclass=_Kind):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _real.now(tz) + datetime.timedelta(seconds=SECONDS)

    @classmethod
    def utcnow(cls) -> Any:
        return _real.fromtimestamp(time.time(), tz=datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


time.time = lambda: _time() + SECONDS
time.time_ns = lambda: _time_ns() + int(SECONDS * 1e9)
datetime.datetime = _Skewed  # type: ignore[misc]
# The timetable writes moments into a file; a pickle names their class, which has to be the one that is found there.
_Skewed.__module__ = "datetime"
_Skewed.__name__ = _Skewed.__qualname__ = "datetime"
copyreg.pickle(_real, lambda moment: (_Skewed, moment.__reduce__()[1]))  # type: ignore[arg-type, return-value]
