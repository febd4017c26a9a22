"""OpenTelemetry, judged by the real SDK: what its in-memory exporters receive."""

import pytest

import dynaclient
from dynaclient.errors import ConnectionLostError
from dynaclient.frozen import evolve
from dynaclient.observers import Observers
from dynaclient.openapi.model import RetryPolicy
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.transport import deliver
from dynaclient.wire import Request, Timeout

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dynaclient.otel import DURATION_BUCKETS, OpenTelemetry

REQUEST = Request("POST", "https://api.test", "/things/7?sig=canary", {}, b"12345")
POLICY = RetryPolicy(
    declared=True,
    strategy="backoff",
    status_codes=("5XX",),
    retry_connection_errors=True,
    jitter="none",
    max_attempts=3,
)


class Telemetry:
    """An SDK of its own: the observer, and what it has exported."""

    def __init__(self, **options):
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.observer = OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters, **options)

    @property
    def spans(self):
        return self._exporter.get_finished_spans()

    @property
    def metrics(self):
        """Data points by the name of their metric."""
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name: (metric, list(metric.data.data_points)) for scope in scopes for metric in scope.metrics}

    def send(self, *replies, request=REQUEST):
        """Deliver a request as a call does, observed; returns the requests that were sent."""
        clock, transport = FakeClock(), FakeTransport(*replies)
        with Observers(self.observer).watch("things.change", "/things/{id}", clock) as watch:
            deliver(
                watch.over(transport),
                request,
                POLICY,
                Timeout(),
                clock=clock,
                sleep=clock.sleep,
                on_attempt=watch.attempt,
            )
        return transport.requests


@pytest.fixture
def telemetry():
    """An SDK with in-memory exporters, shut down after the test."""
    telemetry = Telemetry(propagator=TraceContextTextMapPropagator())
    yield telemetry
    telemetry.tracers.shutdown()
    telemetry.meters.shutdown()


def test_the_span_of_a_request(telemetry):
    """A request is a CLIENT span with the names and attributes of the conventions, and no status of its own."""
    telemetry.send(json_response({}))
    (span,) = telemetry.spans
    assert (span.name, span.kind) == ("POST /things/{id}", trace.SpanKind.CLIENT)
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "server.address": "api.test",
        "server.port": 443,
        "url.full": "https://api.test/things/7?sig=REDACTED",
        "url.template": "/things/{id}",
        "http.response.status_code": 200,
    }
    assert span.status.status_code is trace.StatusCode.UNSET
    assert (span.instrumentation_scope.name, span.instrumentation_scope.version) == (
        "dynaclient",
        dynaclient.__version__,
    )
    assert span.instrumentation_scope.schema_url.startswith("https://opentelemetry.io/schemas/")


@pytest.mark.parametrize(
    "origin, place",
    [
        ("http://127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("http://api.test", ("api.test", 80)),
        ("https://[::1]:9", ("::1", 9)),
    ],
)
def test_the_server_of_a_span(telemetry, origin, place):
    """Address and port are those of the origin, default ports filled in."""
    telemetry.send(json_response({}), request=evolve(REQUEST, origin=origin))
    attributes = telemetry.spans[0].attributes
    assert (attributes["server.address"], attributes["server.port"]) == place


def test_every_request_is_a_span(telemetry):
    """Retries and redirects are spans beside each other, numbered by how often the request was sent again."""
    telemetry.send(
        response(b"", 503), ConnectionLostError("gone"), response(b"", 307, {"Location": "/b"}), json_response({})
    )
    assert [
        (
            span.attributes.get("http.request.resend_count"),
            span.attributes.get("http.response.status_code"),
            span.attributes.get("error.type"),
            span.status.status_code,
            span.status.description,
        )
        for span in telemetry.spans
    ] == [
        (None, 503, "503", trace.StatusCode.ERROR, None),
        (1, None, "ConnectionLostError", trace.StatusCode.ERROR, "gone"),
        (2, 307, None, trace.StatusCode.UNSET, None),
        (3, 200, None, trace.StatusCode.UNSET, None),
    ]
    assert telemetry.spans[3].attributes["url.full"] == "https://api.test/b"


def test_spans_are_children_of_the_current_one(telemetry):
    """Requests belong to the span in which the call was made, and carry their own to the service."""
    with telemetry.tracers.get_tracer("test").start_as_current_span("mine") as mine:
        requests = telemetry.send(response(b"", 503), json_response({}))
    first, second, own = telemetry.spans
    assert own.name == "mine"
    for span, request in zip((first, second), requests, strict=True):
        assert span.parent.span_id == mine.get_span_context().span_id
        context = span.get_span_context()
        assert (
            request.headers["traceparent"]
            == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )


def test_a_trace_context_of_ones_own_is_kept(telemetry):
    """A ``traceparent`` that the caller has set is sent as it is."""
    request = evolve(REQUEST, headers={"Traceparent": "mine"})
    assert telemetry.send(json_response({}), request=request)[0].headers == {"Traceparent": "mine"}


def test_the_global_propagator_is_used():
    """Without a propagator of its own the observer takes the global one."""
    telemetry = Telemetry()
    assert "traceparent" in telemetry.send(json_response({}))[0].headers


@pytest.mark.parametrize("method, known", [("QUERY", False), ("PATCH", True)])
def test_unknown_methods(telemetry, method, known):
    """A method that is none of the usual ones is told as ``_OTHER``, with its own name beside it."""
    telemetry.send(json_response({}), request=evolve(REQUEST, method=method))
    (span,) = telemetry.spans
    assert span.name == f"{method if known else 'HTTP'} /things/{{id}}"
    assert span.attributes["http.request.method"] == (method if known else "_OTHER")
    assert span.attributes.get("http.request.method_original") == (None if known else method)


def test_known_methods_of_the_environment(monkeypatch):
    """The variable of the conventions replaces the list of known methods."""
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "QUERY, PUT")
    telemetry = Telemetry()
    telemetry.send(json_response({}), request=evolve(REQUEST, method="QUERY"))
    telemetry.send(json_response({}))
    assert [span.name for span in telemetry.spans] == ["QUERY /things/{id}", "HTTP /things/{id}"]


def test_the_metrics(telemetry):
    """Duration and sizes are histograms with the names, units, boundaries and attributes of the conventions."""
    telemetry.send(response(b"busy", 503), json_response({}))
    assert set(telemetry.metrics) == {
        "http.client.request.duration",
        "http.client.request.body.size",
        "http.client.response.body.size",
    }
    duration, points = telemetry.metrics["http.client.request.duration"]
    assert (duration.unit, tuple(points[0].explicit_bounds)) == ("s", DURATION_BUCKETS)
    common = {
        "http.request.method": "POST",
        "server.address": "api.test",
        "server.port": 443,
        "url.template": "/things/{id}",
    }
    assert [dict(point.attributes) for point in points] == [
        {**common, "http.response.status_code": 503, "error.type": "503"},
        {**common, "http.response.status_code": 200},
    ]
    sent, points = telemetry.metrics["http.client.request.body.size"]
    assert (sent.unit, [(point.count, point.sum) for point in points]) == ("By", [(1, 5), (1, 5)])
    received, points = telemetry.metrics["http.client.response.body.size"]
    assert (received.unit, [point.sum for point in points]) == ("By", [4, 2])


def test_span_and_metric_agree(telemetry):
    """The duration of a span and the value of its metric are the same."""
    clock = FakeClock()

    def slow(request):
        clock.advance(1.5)
        return json_response({})

    with Observers(telemetry.observer).watch("a", "/a", clock) as watch:
        watch.over(FakeTransport(slow)).send(REQUEST, Timeout(), None)
    (span,) = telemetry.spans
    _, (point,) = telemetry.metrics["http.client.request.duration"]
    assert (span.end_time - span.start_time, point.sum) == (1_500_000_000, 1.5)


def test_without_templates():
    """The path of the operation can be left out: spans are then called by their method alone."""
    telemetry = Telemetry(url_template=False)
    telemetry.send(json_response({}))
    (span,) = telemetry.spans
    assert span.name == "POST"
    assert "url.template" not in span.attributes
