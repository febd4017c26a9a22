"""A made-up world in which the pace of a bulk run is tried: services that limit, workers that wait, and no clock but a number.

The decisions are those of the package (`dynaclient.bulk.regulator.Regulator`); only the threads of the gate and the
network are played. An hour at 20 requests a second takes a second or two.
"""

import heapq
import itertools
import math
import random
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

from dynaclient.bulk.allowance import words
from dynaclient.bulk.pace import Caps, Pace
from dynaclient.bulk.regulator import Regulator, Ticket
from dynaclient.retry import parse_retry_after
from dynaclient.wire import Headers

NONE = Headers()


@dataclass(frozen=True)
class Case:
    """A service and its callers; times are seconds, rates requests a second.

    ``kind`` is ``bucket`` (``worth`` seconds of its limit at once, one request
    at least) or ``window`` (of ``span`` seconds). ``retry_after`` is ``absent``,
    ``whole`` or ``exact``; ``fields`` is ``""``, ``evenly`` (``x-ratelimit-*-requests``) or ``window`` (``ratelimit-*``).
    ``stall`` is how long the service sleeps before it refuses. ``changes`` are (time, factor of the limit) pairs.
    """

    limit: float
    kind: str = "bucket"
    worth: float = 1.0
    span: float = 1.0
    retry_after: str = "absent"
    fields: str = ""
    in_flight: int = 32
    processes: int = 1
    latency: tuple = (0.05, 0.3)
    stall: float = 0.005
    changes: tuple = ()
    tokens: int = 0
    seconds: float = 0.0
    seed: int = 1

    @property
    def length(self):
        """Seconds that are simulated: 600 requests' worth at least, two minutes, and ten windows."""
        if self.seconds:
            return self.seconds
        windows = 10 * self.span if self.kind == "window" else 0.0
        return max(60.0 if self.limit >= 500 else 120.0, 2000 / self.limit, windows)

    @property
    def reach(self):
        """Requests a second that are possible at all: the limit, or what so many under way can send."""
        limit = self.limit / (self.tokens or 1)
        return min(limit, self.processes * self.in_flight / (sum(self.latency) / 2 + 0.0205))


class Service:
    """Takes or refuses requests, as a case says."""

    def __init__(self, case):
        self.case, self.factor, self.at = case, 1.0, 0.0
        self.left = max(1.0, case.limit * (case.worth if case.kind == "bucket" else case.span))
        self.size = self.left
        self.changes = deque(case.changes)

    def ask(self, now, amount=1.0):
        """The status and fields of the reply."""
        while self.changes and self.changes[0][0] <= now:
            at, factor = self.changes.popleft()
            self.refill(at)
            self.factor = factor
        self.refill(now)
        taken = self.left >= amount - 1e-9
        if taken:
            self.left -= amount
        return (200 if taken else 429), self.headers(now, taken, amount)

    def refill(self, now):
        case = self.case
        if case.kind == "bucket":
            self.left = min(max(1.0, self.size), self.left + (now - self.at) * case.limit * self.factor)
            self.at = now
        elif int(now / case.span) > int(self.at / case.span):
            self.left, self.at = self.size * self.factor, now

    def until(self, now, amount):
        """Seconds until so much is there."""
        case = self.case
        if case.kind == "window":
            return case.span - now % case.span
        rate = case.limit * self.factor
        return (amount - self.left) / rate if rate else 60.0

    def headers(self, now, taken, amount):
        case = self.case
        if case.fields == "" and (taken or case.retry_after == "absent"):
            return NONE
        found = {}
        if not taken and case.retry_after != "absent":
            wait = self.until(now, amount)
            found["retry-after"] = str(max(1, math.ceil(wait))) if case.retry_after == "whole" else f"{wait:.3f}"
        left = max(0, int(self.left))
        if case.fields == "evenly":
            rate = case.limit * self.factor or 1e-3
            what = "tokens" if case.tokens else "requests"
            found[f"x-ratelimit-limit-{what}"] = str(int(self.size))
            found[f"x-ratelimit-remaining-{what}"] = str(left)
            found[f"x-ratelimit-reset-{what}"] = f"{(self.size - self.left) / rate:.3f}s"
        elif case.fields == "window":
            found["ratelimit-limit"] = str(int(self.size * self.factor))
            found["ratelimit-remaining"] = str(left)
            found["ratelimit-reset"] = str(math.ceil(self.until(now, 1.0)))
        return Headers(found)


class World:
    """Processes with their workers, and the service that they share."""

    def __init__(self, case, caps=Caps()):
        self.case, self.service, self.rng = case, Service(case), random.Random(case.seed)
        self.order, self.events = itertools.count(), []
        self.processes = [Process(self, Regulator(Pace(caps))) for _ in range(case.processes)]
        self.log = []

    def at(self, time, do, *arguments):
        heapq.heappush(self.events, (time, next(self.order), do, arguments))

    def run(self):
        case = self.case
        for number, process in enumerate(self.processes):
            for _ in range(case.in_flight):
                self.at(0.013 * number, process.begin, Ticket(case.tokens))
        while self.events and self.events[0][0] < case.length:
            now, _, do, arguments = heapq.heappop(self.events)
            do(now, *arguments)
        return self

    def judged(self, now, process, ticket):
        amount = float(self.case.tokens or 1)
        status, headers = self.service.ask(now, amount)
        taken = self.rng.uniform(*self.case.latency) if status == 200 else self.case.stall
        self.log.append((now, status == 200))
        self.at(now + taken + 0.01, process.came, ticket, status, headers)


class Process:
    """One process: its workers take their turn at the gate, one by one."""

    def __init__(self, world, regulator):
        self.world, self.regulator = world, regulator
        self.waiting, self.busy = deque(), False
        self.accepted = self.refused = 0

    def begin(self, now, ticket):
        if ticket.again > now:
            self.world.at(ticket.again, self.begin, ticket)
            return
        self.waiting.append(ticket)
        if not self.busy:
            self.busy = True
            self.turn(now)

    def turn(self, now):
        while self.waiting:
            ticket = self.waiting[0]
            wait = self.regulator.wait(now, ticket)
            if wait > 1e-9:
                self.world.at(now + min(wait, 1.0), self.turn)
                return
            self.waiting.popleft()
            self.regulator.take(now, ticket)
            arrives = now + 0.01 + self.world.rng.uniform(0, 0.001)
            self.world.at(arrives, self.world.judged, self, ticket)
        self.busy = False

    def came(self, now, ticket, status, headers):
        self.regulator.answered(
            now, ticket, status, parse_retry_after(headers, 1.8e9 + now), words(headers, 1.8e9 + now)
        )
        if status == 429:
            self.refused += 1
        else:
            self.accepted += 1
            ticket = Ticket(self.world.case.tokens)
        self.begin(now, ticket)


def grid(group):
    """The cases of a group of ``cases/pacing.yaml``."""
    names, values = zip(*group["grid"].items(), strict=True)
    return [Case(**dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*values)]


@dataclass(frozen=True)
class Outcome:
    """``used`` of what could be, ``refused`` of all requests, and Jain's index of ``fairness`` of what the processes got."""

    used: float
    refused: float
    fairness: float


def simulate(case):
    """What comes of a case."""
    world = World(case).run()
    got = [process.accepted for process in world.processes]
    refused = sum(process.refused for process in world.processes)
    fairness = sum(got) ** 2 / (len(got) * sum(one * one for one in got)) if any(got) else 0.0
    return Outcome(sum(got) / (case.reach * case.length), refused / max(1, sum(got) + refused), fairness)


def recovered(case, at, rate, span=10.0):
    """Seconds after a change until nine tenths of the new rate are accepted for a while, or None if they never are."""
    taken = [now for now, good in World(case).run().log if good]
    for begin in itertools.chain([at], (now for now in taken if now > at)):
        if begin + span > case.length:
            return None
        if bisect_left(taken, begin + span) - bisect_left(taken, begin) >= 0.9 * rate * span:
            return begin - at
    return None
