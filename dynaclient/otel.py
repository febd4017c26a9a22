"""OpenTelemetry: spans and metrics by the stable semantic conventions for HTTP clients. Needs ``pip install 'dynaclient[otel]'``.

::

    from dynaclient.otel import OpenTelemetry

    client = Client(observers=[OpenTelemetry()])

Every request on the wire is one span of the kind CLIENT, retries and redirects included, as the conventions ask ("HTTP client span"); they also ask for no span around them that
would count the same call twice. Put a span of your own around a call and its requests are the children. A span ends when the whole reply has come, of a stream when its head has.
The trace context goes along in the header fields of the propagator that is set up, ``traceparent`` as a rule.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from dynaclient.facts import ReplyFacts, RequestFacts
from dynaclient.observe import Observer
from dynaclient.version import VERSION
from dynaclient.wire import REDACTED

try:
    from opentelemetry import metrics, propagate, trace
    from opentelemetry.propagators.textmap import TextMapPropagator
except ImportError as error:
    raise ImportError("OpenTelemetry is not installed; pip install 'dynaclient[otel]'") from error

SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the conventions that the names are from."""

DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds: the boundaries that the conventions advise."""

SIZE_BUCKETS = (0, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864, 268435456)
"""Bytes: the conventions advise none, and the usual ones end at 10,000."""

KNOWN_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
"""RFC 9110 and RFC 5789; replaced by ``OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS``, a list with commas. Others are told as ``_OTHER``."""

_PORTS = {"http": 80, "https": 443}
Attributes = dict[str, str | int]


class OpenTelemetry(Observer):
    """Tells OpenTelemetry of every request.

    Spans ``{method} {url.template}``; the histograms ``http.client.request.duration`` (s), ``http.client.request.body.size`` and ``http.client.response.body.size`` (By).
    ``error.type`` is the status of 4XX and 5XX, else the name of the exception: a class of `dynaclient.errors`, ``Cancelled`` for an asynchronous call that was cancelled.

    Parameters
    ----------
    tracer_provider, meter_provider, propagator:
        Those to use; None: the global ones.
    url_template:
        Whether the path of the operation is told: the name of the spans, and ``url.template`` on spans and metrics, which the conventions leave to be asked for.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        propagator: TextMapPropagator | None = None,
        url_template: bool = True,
    ) -> None:
        self._tracer = trace.get_tracer("dynaclient", VERSION, tracer_provider, SCHEMA_URL)
        meter = metrics.get_meter("dynaclient", VERSION, meter_provider, SCHEMA_URL)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._request_size = meter.create_histogram(
            "http.client.request.body.size",
            "By",
            "Size of HTTP client request bodies.",
            explicit_bucket_boundaries_advisory=SIZE_BUCKETS,
        )
        self._response_size = meter.create_histogram(
            "http.client.response.body.size",
            "By",
            "Size of HTTP client response bodies.",
            explicit_bucket_boundaries_advisory=SIZE_BUCKETS,
        )
        self._propagator = propagator
        self._template = url_template
        listed = os.environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "")
        self._methods = frozenset(name.strip() for name in listed.split(",") if name.strip()) or KNOWN_METHODS

    def started(self, facts: RequestFacts) -> tuple[trace.Span, int, Attributes]:
        """Begin a span. The attributes by which samplers choose are there from the start."""
        common = self._common(facts)
        known = common["http.request.method"] == facts.method
        attributes: Attributes = {**common, "url.full": facts.url.replace(REDACTED, "REDACTED")}
        if not known:
            attributes["http.request.method_original"] = facts.method
        if facts.resend:
            attributes["http.request.resend_count"] = facts.resend
        method = facts.method if known else "HTTP"
        name = f"{method} {facts.template}" if self._template else method
        begun = time.time_ns()
        span = self._tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes, start_time=begun)
        return span, begun, common

    def headers(self, token: tuple[trace.Span, int, Attributes]) -> Mapping[str, str]:
        """The trace context for the service."""
        carrier: dict[str, str] = {}
        context = trace.set_span_in_context(token[0])
        if self._propagator is None:
            propagate.inject(carrier, context)
        else:
            self._propagator.inject(carrier, context)
        return carrier

    def ended(self, token: tuple[trace.Span, int, Attributes], facts: ReplyFacts) -> None:
        """End the span and record the metrics; both have the same duration, and an exemplar leads from one to the other."""
        span, begun, common = token
        outcome = _outcome(facts)
        context = trace.set_span_in_context(span)
        attributes = {**common, **outcome}
        self._duration.record(facts.elapsed, attributes, context)
        if facts.request.request_bytes is not None:
            self._request_size.record(facts.request.request_bytes, attributes, context)
        if facts.response_bytes is not None:
            self._response_size.record(facts.response_bytes, attributes, context)
        span.set_attributes(outcome)
        if "error.type" in outcome:
            # The reason is told only where the status does not tell it already.
            span.set_status(trace.Status(trace.StatusCode.ERROR, facts.detail or None))
        span.end(begun + int(facts.elapsed * 1e9))

    def _common(self, facts: RequestFacts) -> Attributes:
        """What spans and metrics share, low in cardinality."""
        place = urlsplit(facts.server)
        attributes: Attributes = {
            "http.request.method": facts.method if facts.method in self._methods else "_OTHER",
            "server.address": place.hostname or "",
            "server.port": place.port or _PORTS.get(place.scheme, 0),
        }
        if self._template:
            attributes["url.template"] = facts.template
        return attributes


def _outcome(facts: ReplyFacts) -> Attributes:
    attributes: Attributes = {}
    if facts.status is not None:
        attributes["http.response.status_code"] = facts.status
    if facts.error is not None:
        attributes["error.type"] = facts.error
    elif facts.status is not None and facts.status >= 400:
        attributes["error.type"] = str(facts.status)
    return attributes
