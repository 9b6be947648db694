"""Virtual time for the whole account: only Clock.advance moves it.

Everything that waits in AWS (a Wait state, a retry of a state machine, the schedule of the sweep, a batch window) waits
on this clock, so that two hours pass in seconds. Functions run in real time; what they see as now is the clock's now.
"""

import datetime
import heapq
import sys
import threading
import time
import types

real_datetime = datetime.datetime


class Clock:
    def __init__(self):
        self.offset = 0.0
        self.lock = threading.RLock()
        self.timers = []
        self.count = 0
        self.asleep = 0
        self.work = 0
        self.count_running = lambda: 0

    def now(self):
        """Seconds since 1970."""
        return time.time() + self.offset

    def datetime(self):
        return real_datetime.fromtimestamp(self.now(), datetime.timezone.utc)

    def iso(self):
        return self.datetime().strftime("%Y-%m-%dT%H:%M:%SZ")

    def at(self, due, wake):
        with self.lock:
            self.count += 1
            heapq.heappush(self.timers, (due, self.count, wake))

    def after(self, seconds, work, *arguments):
        """Does work in the background, so many seconds from now."""
        self.at(self.now() + seconds, lambda: self.background(work, *arguments))

    def background(self, work, *arguments):
        """Does work in a thread that keeps the clock from moving until it is done."""
        with self.lock:
            self.work += 1

        def run():
            try:
                work(*arguments)
            except Exception as error:
                print("background:", repr(error), flush=True)
            finally:
                with self.lock:
                    self.work -= 1

        threading.Thread(target=run, daemon=True).start()

    def sleep(self, seconds, goes_on=lambda: True):
        """What a thread of a state machine does when it waits."""
        if seconds <= 0:
            return
        done = threading.Event()

        def wake():
            with self.lock:
                if not done.is_set():
                    self.asleep -= 1
                    done.set()

        with self.lock:
            self.asleep += 1
            self.at(self.now() + seconds, wake)
        while not done.wait(0.02):
            if not goes_on():
                wake()

    def is_busy(self):
        with self.lock:
            return self.count_running() - self.asleep > 0 or self.work > 0

    def settle(self, limit_seconds=300):
        """Waits until nothing goes on but waiting."""
        end = time.monotonic() + limit_seconds
        quiet = 0
        while quiet < 3:
            if time.monotonic() > end:
                raise TimeoutError("something goes on for ever")
            quiet = 0 if self.is_busy() else quiet + 1
            time.sleep(0.005)

    def advance(self, seconds):
        target = self.now() + seconds
        while True:
            self.settle()
            with self.lock:
                due = self.timers[0][0] if self.timers else None
                if due is None or due > target:
                    self.offset += max(0, target - self.now())
                    return
                _, _, wake = heapq.heappop(self.timers)
                self.offset += max(0, due - self.now())
            wake()


clock = Clock()


class _IsDatetime(type):
    def __instancecheck__(cls, value):
        return isinstance(value, real_datetime)


class _ShiftedDatetime(real_datetime, metaclass=_IsDatetime):
    @classmethod
    def now(cls, tz=None):
        return real_datetime.fromtimestamp(clock.now(), tz)

    @classmethod
    def utcnow(cls):
        return real_datetime.fromtimestamp(clock.now(), datetime.timezone.utc).replace(tzinfo=None)


def _copy_of(module, **changes):
    copied = types.ModuleType(module.__name__)
    copied.__dict__.update(module.__dict__)
    copied.__dict__.update(changes)
    return copied


def shift_time_of_moto():
    """Makes every module of moto that is loaded by now read this clock."""
    shifted_datetime = _copy_of(datetime, datetime=_ShiftedDatetime)
    shifted_time = _copy_of(time, time=clock.now)
    for name, module in list(sys.modules.items()):
        if not name.startswith("moto") or module is None:
            continue
        for key, value in list(vars(module).items()):
            if value is real_datetime:
                setattr(module, key, _ShiftedDatetime)
            elif value is datetime:
                setattr(module, key, shifted_datetime)
            elif value is time:
                setattr(module, key, shifted_time)


def time_that_sleeps_virtually():
    """A `time` whose sleep is the clock's, for the retries of a state machine."""
    return _copy_of(time, sleep=clock.sleep)
