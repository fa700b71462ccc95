"""What Prometheus reads at /metrics: of one process that answers, with no name of a person, a database or a question in any label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # others are one: a label kept for each would never end


class Metrics:
    """A registry of its own, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        p = "analyst_buddy_"
        r = self.registry
        self.requests = Counter(p + "requests", "HTTP requests", ["route", "method", "status"], registry=r)
        self.request_s = Histogram(p + "request_seconds", "Seconds a request took", ["route"], buckets=_SECONDS, registry=r)
        self.first_event_s = Histogram(p + "first_event_seconds", "Seconds to an answer's first step", buckets=_SECONDS, registry=r)
        self.answer_s = Histogram(p + "answer_seconds", "Seconds to an answer", ["outcome"], buckets=_SECONDS, registry=r)
        self.steps = Histogram(p + "answer_steps", "Steps of an answer", buckets=_STEPS, registry=r)
        self.outcomes = Counter(p + "answers", "Answers by outcome", ["outcome"], registry=r)
        self.ungrounded = Counter(p + "ungrounded_answers", "Answers that said what no query had returned; none is shown", registry=r)
        self.timeouts = Counter(p + "answer_timeouts", "Answers that ran out of time", registry=r)
        self.left = Counter(p + "answers_left", "Answers whose asker left before the end", registry=r)
        self.shed = Counter(p + "requests_shed", "Requests sent away with 503", ["why"], registry=r)
        self.sql_s = Histogram(p + "sql_seconds", "Seconds of the queries that people wrote and of results read again", registry=r)
        self.sql_failed = Counter(p + "sql_failed", "Queries that were refused or failed", ["code"], registry=r)
        self.kills = Gauge(p + "jails_ended", "Jailed processes that were ended with the SQL in them", registry=r)
        self.under_way = Gauge(p + "answers_under_way", "Answers under way", registry=r)
        self.waiting = Gauge(p + "answers_waiting", "Answers that wait for their turn", registry=r)
        self.tokens = Counter(p + "tokens", "Tokens", ["kind"], registry=r)
        self.swaps = Counter(p + "weight_swaps", "Changes of the weights by what came of them", ["result"], registry=r)
        self.swap_s = Histogram(p + "weight_swap_seconds", "Seconds in which no new answer began", registry=r)
        self.model = Gauge(p + "model_version", "Version of the weights in force", ["weights"], registry=r)
        self.uploads = Counter(p + "uploads", "Uploaded files by what came of them", ["result"], registry=r)
        self.feedback = Counter(p + "feedback", "Feedback by verdict", ["verdict"], registry=r)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
