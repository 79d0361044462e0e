"""The rules of a connection, played without a socket: texts and a clock go in, frames and events come out."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from brokerkit.catalogue import Api
from brokerkit.clock import KST
from brokerkit.errors import (
    AuthError,
    BrokerError,
    ConfigError,
    InvalidRequest,
    NetworkError,
    Rejected,
    StreamError,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.stream.events import Gap, GapReason
from brokerkit.stream.exchanges import Question, Waiter
from brokerkit.stream.feed import Channel, Registration
from brokerkit.stream.pace import Moment, Times
from brokerkit.stream.session import Loss, Session, State
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue
from tests.paper import ORDERS, SECRET, Notebook, PaperFeed, read_row, trades, usual_answer

NOON = dt.datetime(2026, 11, 27, 12, tzinfo=KST)
CUT = Loss(NetworkError("cut"), is_explained=False)


class Play:
    """A session with a broker and a clock of its own. Nothing happens but what is told to happen."""

    def __init__(self, feed: PaperFeed | None = None) -> None:
        self.feed = feed or PaperFeed()
        self.seconds = 1000.0
        self.slept = 0.0
        self.phase: Phase | None = Phase.REGULAR
        self.session = Session(self.feed, phase_of=self.ask_phase, times=Times(), moment=self.moment)
        self.sent: list[str] = []
        self.answer: Callable[[str], str | None] = usual_answer
        self.losses: list[Loss] = []
        self.notebook = Notebook()

    def ask_phase(self, venue: Venue) -> Phase | None:
        return self.phase

    @property
    def moment(self) -> Moment:
        return Moment(self.seconds, NOON + dt.timedelta(seconds=self.seconds - 1000 + self.slept))

    def at(self, seconds: float) -> dt.datetime:
        """Return a moment so long after the play began."""
        return NOON + dt.timedelta(seconds=seconds + self.slept)

    def connect(self) -> Play:
        """Make a line, and let the broker answer."""
        self.session.opened(self.feed.open(), self.moment)
        return self.run()

    def run(self) -> Play:
        """Let the broker answer until there is nothing to send; a line that is given up ends."""
        while True:
            soon = self.session.due(self.moment)
            if self.session.loss is not None:
                self.lose(self.session.loss)
                return self
            if not self.session.out:
                if soon >= 1.0:
                    return self
                self.seconds += soon
                continue
            frame = self.session.out.popleft().get_secret_value()
            self.sent.append(frame)
            answer = self.answer(frame)
            if answer is not None:
                self.session.received([answer], self.moment)

    def lose(self, loss: Loss = CUT) -> Play:
        self.losses.append(loss)
        self.session.lost(loss, self.moment)
        return self

    def say(self, *texts: str) -> Play:
        self.session.received(texts, self.moment)
        return self.run()

    def wait(self, seconds: float, *, alive: bool = True) -> Play:
        """Let time go by, second by second; heartbeats come unless the line is dead."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.seconds = min(until, self.seconds + 1)
            if alive and self.session.state is State.OPEN:
                self.session.heard(self.moment)
            self.run()
        return self

    def want(self, *topics: Topic, taker: Notebook | None = None) -> Waiter:
        return self.session.want(topics, taker or self.notebook, self.feed, self.moment)

    def begin(self, *topics: Topic) -> Play:
        """Follow topics on a line that is good."""
        waiter = self.want(*topics)
        self.connect()
        assert waiter.is_over.is_set()
        assert waiter.error is None
        self.sent.clear()
        return self


@pytest.fixture
def play() -> Play:
    return Play()


def told(gap: Gap) -> tuple[Any, ...]:
    """Return what matters of a gap."""
    return [topic.symbol.strip("0") for topic in gap.topics], gap.since, gap.until, gap.reason


# What is registered


def test_a_line_is_opened_first_and_each_frame_waits_for_the_answer_to_the_one_before(play: Play) -> None:
    play.answer = lambda frame: None
    waiter = play.want(*trades("A", "B"))
    play.connect()
    assert play.sent == [f"open {SECRET}"]
    play.say("in")
    assert play.sent[1:] == ["+ TK A"]
    play.wait(3)
    assert play.sent[1:] == ["+ TK A"]
    assert not waiter.is_over.is_set()
    play.say("ok")
    assert play.sent[1:] == ["+ TK A", "+ TK B"]
    assert not waiter.is_over.is_set()
    play.say("ok")
    assert waiter.is_over.is_set()
    assert waiter.error is None


def test_a_line_that_needs_no_opening_frame_is_open_at_once(play: Play) -> None:
    play.feed.opening = ()
    play.begin(*trades("A"))
    assert play.session.state is State.OPEN


def test_several_opening_frames_are_sent_without_waiting(play: Play) -> None:
    play.feed.opening = ("hello", f"open {SECRET}")
    play.want(*trades("A"))
    play.connect()
    assert play.sent == ["hello", f"open {SECRET}", "+ TK A"]


def test_a_topic_that_is_followed_already_costs_no_frame(play: Play) -> None:
    play.begin(*trades("A"))
    others = [Notebook() for _ in range(500)]
    for other in others:
        assert play.want(*trades("A"), taker=other).is_over.is_set()
    play.say(". TK A 7")
    assert play.sent == []
    assert [other.prices for other in others] == [[7]] * 500


def test_two_topics_that_share_a_registration_cost_one(play: Play) -> None:
    play.begin(*trades("A"), Topic(StreamKind.QUOTES, "0000A0", Venue.KRX))
    play.say(". TK A 7")
    assert [topic.kind for topic, _ in play.notebook.told] == [StreamKind.TRADES, StreamKind.QUOTES]
    play.session.unwant(trades("A"), play.notebook)
    assert play.run().sent == []
    play.session.unwant([Topic(StreamKind.QUOTES, "0000A0", Venue.KRX)], play.notebook)
    assert play.run().sent == ["- TK A"]


def test_what_one_wants_twice_is_told_once_until_he_wants_it_no_more(play: Play) -> None:
    play.begin(*trades("A"))
    play.want(*trades("A"))
    play.session.unwant(trades("A"), play.notebook)
    play.say(". TK A 7")
    assert play.notebook.prices == [7]
    assert play.sent == []
    play.session.unwant(trades("A"), play.notebook)
    play.say(". TK A 8")
    assert play.notebook.prices == [7]
    assert play.sent == ["- TK A"]


def test_one_registration_too_many_is_refused_before_it_is_sent(play: Play) -> None:
    play.begin(*trades(*"ABCD"))
    with pytest.raises(InvalidRequest, match="takes 5 registrations on one connection, and 6 would be needed: 2 of"):
        play.want(*trades("A", "E", "F"))
    assert play.run().sent == []
    play.want(*trades("E"))
    assert play.run().sent == ["+ TK E"], "the one that failed has left nothing behind"


def test_what_counts_is_what_the_broker_counts(play: Play) -> None:
    play.feed.weight = lambda registrations: len({each.key for each in registrations})  # type: ignore[method-assign]
    play.begin(*trades(*"ABCDE"))
    assert play.want(*trades("A", venue=Venue.NXT))
    assert play.run().sent == ["+ TN A"]


def test_what_is_released_makes_room_for_another(play: Play) -> None:
    play.begin(*trades(*"ABCDE"))
    play.session.unwant(trades("A"), play.notebook)
    play.want(*trades("F"))
    assert play.run().sent == ["- TK A", "+ TK F"]


def test_what_is_wanted_again_before_it_was_released_is_left_alone(play: Play) -> None:
    play.begin(*trades("A"))
    play.session.unwant(trades("A"), play.notebook)
    assert play.want(*trades("A")).is_over.is_set()
    assert play.run().sent == []


def test_as_many_go_in_a_frame_as_it_takes(play: Play) -> None:
    play.feed.at_once = 3  # type: ignore[misc]
    play.want(*trades(*"ABCDE"))
    play.connect()
    assert play.sent[1:] == ["+ TK A + TK B + TK C", "+ TK D + TK E"]


def test_frames_keep_the_pace(play: Play) -> None:
    play.feed.frames_per_second = 5.0  # type: ignore[misc]
    began = play.seconds
    play.begin(*trades(*"ABCDE"))
    assert play.seconds - began == pytest.approx(0.8)


def test_there_is_no_such_topic(play: Play) -> None:
    with pytest.raises(Unsupported, match="tells no order_book of KR at NXT"):
        play.want(Topic(StreamKind.ORDER_BOOK, "0000A0", Venue.NXT))
    assert not play.session.is_needed


# What the broker refuses


def test_what_is_refused_is_raised_and_nothing_of_the_call_is_left(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: "no such symbol" if "C" in frame else usual_answer(frame)
    waiter = play.want(*trades("B", "C", "D"))
    play.run()
    assert isinstance(waiter.error, Rejected)
    assert "such symbol" in str(waiter.error)
    assert play.sent == ["+ TK B", "+ TK C", "- TK B"]
    play.say(". TK A 1", ". TK B 2")
    assert play.notebook.prices == [1]
    assert not play.notebook.errors


def test_of_a_frame_of_several_calls_only_the_one_that_is_refused_fails(play: Play) -> None:
    play.feed.at_once = 5  # type: ignore[misc]
    play.answer = lambda frame: "no such symbol" if "B" in frame else usual_answer(frame)
    other = Notebook()
    good, bad = play.want(*trades("A")), play.want(*trades("B"), taker=other)
    play.connect()
    assert (good.error, good.is_over.is_set()) == (None, True)
    assert isinstance(bad.error, Rejected)


def test_a_frame_of_one_call_alone_is_not_tried_again_in_parts(play: Play) -> None:
    play.feed.at_once = 3  # type: ignore[misc]
    play.answer = lambda frame: "no room" if frame[0] == "+" else usual_answer(frame)
    waiter = play.want(*trades("A", "B", "C"))
    play.connect()
    assert isinstance(waiter.error, Rejected)
    assert play.sent[1:] == ["+ TK A + TK B + TK C"]


def test_a_frame_without_an_answer_costs_the_line_and_its_call_alone(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None
    waiter = play.want(*trades("B"))
    play.wait(11)
    assert "did not register in 10 s" in str(waiter.error)
    assert len(play.losses) == 1
    assert play.session.is_needed


def test_a_line_that_ends_where_something_is_registered_fails_that_call_alone(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None
    waiter, later = play.want(ORDERS), play.want(*trades("B"))
    play.run()
    play.lose()
    assert isinstance(waiter.error, NetworkError)
    assert not later.is_over.is_set()
    play.answer = usual_answer
    play.connect()
    assert later.is_over.is_set()
    assert later.error is None


def test_what_ends_the_line_again_and_again_is_given_up(play: Play) -> None:
    """A broker may close the line instead of an answer."""
    play.begin(ORDERS)
    other = Notebook()
    play.want(*trades("A"), taker=other)
    play.run()
    play.answer = lambda frame: None if frame == "+ O me" else usual_answer(frame)
    play.lose()
    for _ in range(20):  # in one minute that may be a bad line
        play.wait(2).connect().lose()
        assert not play.notebook.errors
    play.wait(30).connect().lose().connect()
    assert [type(error) for error in play.notebook.errors] == [StreamError]
    assert "Whenever O is to be registered, the line ends" in str(play.notebook.errors[0])
    play.say(". TK A 1")
    assert other.prices == [1]
    assert not other.errors


def test_what_the_broker_gives_a_reason_for_is_tried_as_long_as_it_may_heal(play: Play) -> None:
    """A key may be in use by a line of our own that has broken, until the broker notices."""
    play.begin(ORDERS)
    play.lose()
    play.answer = lambda frame: "bye the key is in use" if frame == "+ O me" else usual_answer(frame)
    for _ in range(20):
        play.wait(10).connect()
        assert not play.notebook.errors
    play.answer = usual_answer
    play.connect()
    assert [gap.until for gap in play.notebook.gaps] == [None, play.at(play.seconds - 1000)]


def test_asking_what_a_topic_needs_does_not_hold_up_the_line(play: Play) -> None:
    """A broker may have to be asked by REST, for the account of the key for example."""
    asked, go_on = threading.Event(), threading.Event()
    usual = play.feed.key_of

    def slow(topic: Topic) -> str:
        asked.set()
        assert go_on.wait(60)
        return usual(topic)

    play.begin(*trades("A"))
    play.feed.key_of = slow  # type: ignore[method-assign]
    thread = threading.Thread(target=play.want, args=(ORDERS,))
    thread.start()
    assert asked.wait(60)
    play.wait(5).say("ping")
    assert play.sent == ["ping"]
    go_on.set()
    thread.join()
    assert play.run().sent == ["ping", "+ O me"]


def test_the_first_line_that_fails_fails_the_call_and_nothing_goes_on(play: Play) -> None:
    waiter = play.want(*trades("A"))
    play.lose()
    assert waiter.error is not None
    assert waiter.error.message == "cut"
    assert not play.session.is_needed
    assert not play.notebook.told


def test_who_is_not_let_in_is_told_why(play: Play) -> None:
    play.answer = lambda frame: "never with this key"
    waiter = play.want(*trades("A"))
    play.connect()
    assert isinstance(waiter.error, AuthError)
    with pytest.raises(AuthError, match="with this key"):
        play.want(*trades("A"))


def test_who_waits_goes_on_waiting_where_a_key_is_had_anew(play: Play) -> None:
    play.answer = lambda frame: "stale is the key" if frame == "+ TK A" else usual_answer(frame)
    waiter = play.want(*trades("A"))
    play.connect()
    assert len(play.losses) == 1
    assert not waiter.is_over.is_set()
    play.answer = usual_answer
    play.connect()
    assert waiter.is_over.is_set()
    assert waiter.error is None


def test_what_this_machine_refuses_a_key_for_is_told_to_who_waits(play: Play) -> None:
    waiter = play.want(*trades("A"))
    play.lose(Loss(AuthError("the lock of the token is held")))
    assert isinstance(waiter.error, AuthError)
    assert not play.session.is_needed


def test_what_cannot_heal_goes_to_all(play: Play) -> None:
    other = Notebook()
    play.begin(*trades("A"))
    play.want(*trades("B"), taker=other)
    play.run()
    play.say("end the key is in use elsewhere")
    assert [str(each) for each in (*play.notebook.errors, *other.errors)] == [
        f"the key is in use elsewhere | {AuthError.default_advice}"
    ] * 2
    assert play.session.is_failed
    assert not play.session.is_needed


def test_a_registration_that_is_taken_no_more_is_a_gap_until_it_is_again(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.answer = lambda frame: "no room" if "K A" in frame else usual_answer(frame)
    play.lose().connect()
    assert [told(gap) for gap in play.notebook.gaps] == [
        (["A"], play.at(0), None, GapReason.REFUSED),
        (["B"], play.at(0), play.at(play.seconds - 1000), GapReason.DISCONNECTED),
    ]
    assert "room" in play.notebook.gaps[0].detail
    play.answer = usual_answer
    play.wait(61)
    assert told(play.notebook.gaps[2])[0] == ["A"]
    assert play.notebook.gaps[2].until is not None


def test_a_registration_that_will_never_be_taken_again_is_an_error(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: "never again" if "K A" in frame else usual_answer(frame)
    play.lose().connect()
    assert [type(error) for error in play.notebook.errors] == [AuthError]
    assert not play.session.is_needed


def test_who_wants_what_is_just_being_released_waits_until_it_is_registered_again(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.answer = lambda frame: None if frame.startswith("-") else usual_answer(frame)
    play.session.unwant(trades("B"), play.notebook)
    play.run()
    waiter = play.want(*trades("B"))
    assert not waiter.is_over.is_set()
    play.say("ok")
    assert waiter.is_over.is_set()
    assert waiter.error is None
    assert play.sent == ["- TK B", "+ TK B"]


def in_two_frames(play: Play) -> None:
    """Let every registration take two frames."""
    play.feed.register = lambda registrations: [  # type: ignore[method-assign]
        SecretStr(f"+ {each.channel} {each.key} {part}") for each in registrations for part in (1, 2)
    ]


def test_of_two_frames_each_waits_for_the_answer_to_the_one_before(play: Play) -> None:
    in_two_frames(play)
    play.answer = lambda frame: None
    waiter = play.want(*trades("A"))
    play.connect().say("in")
    assert play.sent[1:] == ["+ TK A 1"]
    play.say("ok")
    assert play.sent[1:] == ["+ TK A 1", "+ TK A 2"]
    assert not waiter.is_over.is_set()
    play.say("ok")
    assert waiter.is_over.is_set()


def test_what_is_refused_in_its_second_frame_is_released(play: Play) -> None:
    in_two_frames(play)
    play.answer = lambda frame: "no more" if frame[-1] == "2" else usual_answer(frame)
    waiter = play.want(*trades("A"))
    play.connect()
    assert isinstance(waiter.error, Rejected)
    assert play.sent[1:] == ["+ TK A 1", "+ TK A 2", "- TK A"]


def test_what_is_taken_no_more_in_its_second_frame_is_tried_again(play: Play) -> None:
    in_two_frames(play)
    play.begin(*trades("A"))
    play.answer = lambda frame: "no more" if frame[-1] == "2" else usual_answer(frame)
    play.lose().connect().sent.clear()
    play.answer = usual_answer
    play.wait(61)
    assert play.sent == ["+ TK A 1", "+ TK A 2"]


def test_lines_that_end_are_counted_in_a_row(play: Play) -> None:
    play.begin(ORDERS)
    for _ in range(5):
        play.answer = lambda frame: None if frame == "+ O me" else usual_answer(frame)
        for _ in range(4):
            play.lose().wait(30).connect()
        play.answer = usual_answer
        play.lose().connect()
    assert play.notebook.errors == []


def test_a_release_that_is_refused_is_a_release(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.answer = lambda frame: "no registration"
    play.session.unwant(trades("A"), play.notebook)
    play.run()
    play.answer = usual_answer
    assert play.want(*trades("A"))
    assert play.run().sent == ["- TK A", "+ TK A"]


def test_an_answer_that_nobody_waits_for_changes_nothing(play: Play) -> None:
    play.begin(*trades("A"))
    play.say("ok", "no way", "in", "= list nothing")
    assert play.sent == []
    assert play.session.held
    assert play.losses == []


# Questions


def ask(play: Play, name: str = "list", seconds: float = 10) -> Question:
    return play.session.ask(SecretStr(f"? {name}"), name, seconds, play.moment)


def test_questions_are_asked_one_after_the_other(play: Play) -> None:
    play.answer = lambda frame: None
    one, two = ask(play), ask(play, "other")
    play.connect()
    play.say("in")
    assert play.sent[1:] == ["? list"]
    play.say("= other this is not it", "= list of things")
    assert one.body == "of things"
    assert play.sent[1:] == ["? list", "? other"]
    play.say("no such thing")
    assert isinstance(two.error, Rejected)


def test_a_question_without_an_answer_ends_and_the_line_goes_on(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None if frame[0] == "?" else usual_answer(frame)
    question = ask(play)
    play.run().wait(11)
    assert isinstance(question.error, StreamError)
    assert play.losses == []
    assert play.want(*trades("B"))
    assert play.run().sent[-1] == "+ TK B"


def test_a_question_is_answered_in_time_counted_from_when_it_was_sent(play: Play) -> None:
    """The pace may let a line wait for half a minute."""
    question = ask(play)
    play.wait(100).connect()
    assert question.is_over.is_set()
    assert question.body == "lists"


def test_a_question_during_a_long_outage_is_told_so(play: Play) -> None:
    play.begin(*trades("A"))
    play.lose()
    question = ask(play)
    play.wait(31)
    assert isinstance(question.error, NetworkError)
    assert "? list" not in play.connect().sent


def test_what_cannot_be_written_is_refused_like_what_was_sent(play: Play) -> None:
    play.begin(*trades("A"))
    usual = play.feed.register

    def no_name(registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        if registrations[0].channel == "O":
            raise ConfigError("there is no login name")
        return usual(registrations)

    play.feed.register = no_name  # type: ignore[method-assign]
    waiter, other = play.want(ORDERS), play.want(*trades("B"))
    play.run()
    assert isinstance(waiter.error, ConfigError)
    assert (other.is_over.is_set(), other.error) == (True, None)


def test_a_question_ends_with_its_line(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None
    question = ask(play)
    play.run().lose()
    assert isinstance(question.error, NetworkError)


# Signs of life


def test_a_heartbeat_goes_back_as_it_came_also_while_an_answer_is_awaited(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None
    play.want(*trades("B"))
    play.run().say("ping  as it is")
    assert play.sent == ["+ TK B", "ping  as it is"]


def test_a_line_without_a_sign_of_life_is_dead_even_at_night(play: Play) -> None:
    play.phase = Phase.CLOSED
    play.begin(*trades("A"))
    play.wait(29, alive=False)
    assert play.losses == []
    play.wait(1, alive=False)
    assert [loss.reason for loss in play.losses] == [GapReason.SILENT]
    play.connect()
    assert [told(gap)[1:] for gap in play.notebook.gaps] == [(play.at(0), play.at(30), GapReason.SILENT)]


def test_a_machine_that_slept_makes_a_new_line(play: Play) -> None:
    play.begin(*trades("A"))
    play.wait(10)
    play.slept = 3600.0
    play.wait(1)
    assert [loss.reason for loss in play.losses] == [GapReason.SUSPENDED]
    play.connect()
    gap = play.notebook.gaps[0]
    assert gap.reason is GapReason.SUSPENDED
    assert gap.until is not None
    assert gap.until - gap.since == dt.timedelta(seconds=3611)
    play.wait(30)
    assert len(play.losses) == 1


def test_a_clock_that_is_set_back_makes_a_new_line_and_a_small_step_does_not(play: Play) -> None:
    play.begin(*trades("A"))
    play.slept = -4.0
    play.wait(5)
    assert play.losses == []
    play.slept = -64.0
    play.wait(5)
    assert [loss.reason for loss in play.losses] == [GapReason.SUSPENDED]


# Gaps


def test_a_cut_is_one_gap_told_when_all_is_registered_again(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.wait(7).say(". TK A 1")
    play.wait(2).lose()
    assert play.notebook.gaps == []
    play.wait(3)
    play.answer = lambda frame: usual_answer(frame) if frame[0] == "o" or "K A" in frame else None
    play.connect()
    assert play.notebook.gaps == [], "B is not registered yet"
    play.say("ok")
    assert [told(gap) for gap in play.notebook.gaps] == [(["A", "B"], play.at(7), play.at(12), GapReason.DISCONNECTED)]


def test_a_long_outage_is_told_before_it_ends(play: Play) -> None:
    play.begin(*trades("A"))
    play.lose().wait(4)
    assert play.notebook.gaps == []
    play.wait(2)
    assert [told(gap) for gap in play.notebook.gaps] == [(["A"], play.at(0), None, GapReason.DISCONNECTED)]
    play.wait(100).lose().wait(100)
    assert len(play.notebook.gaps) == 1
    play.connect()
    assert [gap.until for gap in play.notebook.gaps] == [None, play.at(206)]


def test_a_gap_comes_before_what_comes_after_it(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.lose()
    play.answer = lambda frame: usual_answer(frame) if frame[0] == "o" or "K A" in frame else None
    play.connect()
    play.say(". TK A 1", ". TK A 2")
    assert [told(play.notebook.told[0])[0], *play.notebook.told[1:]] == [
        ["A"], *((topic, price) for topic in trades("A") for price in (1, 2))
    ]  # fmt: skip
    play.say("ok")
    assert [told(gap)[0] for gap in play.notebook.gaps] == [["A"], ["B"]]


def test_own_orders_are_registered_first_and_their_gap_is_told_at_once(play: Play) -> None:
    play.begin(*trades("A"), ORDERS)
    play.lose()
    play.answer = lambda frame: usual_answer(frame) if frame[0] == "o" or "O me" in frame else None
    play.connect()
    assert play.sent[1:] == ["+ O me", "+ TK A"]
    assert [gap.topics for gap in play.notebook.gaps] == [(ORDERS,)]


def test_each_taker_is_told_of_his_own_topics(play: Play) -> None:
    other = Notebook()
    play.begin(*trades("A", "B"))
    play.want(*trades("B", "C"), taker=other)
    play.run().lose().connect()
    assert [told(gap)[0] for gap in play.notebook.gaps] == [["A", "B"]]
    assert [told(gap)[0] for gap in other.gaps] == [["B", "C"]]


def test_a_cut_before_all_is_registered_again_is_part_of_the_same_gap(play: Play) -> None:
    play.begin(*trades("A", "B"))
    play.lose()
    play.answer = lambda frame: usual_answer(frame) if frame[0] == "o" or "K A" in frame else None
    play.connect()
    play.wait(2).lose()
    play.answer = usual_answer
    play.wait(2).connect()
    assert [told(gap) for gap in play.notebook.gaps] == [(["A", "B"], play.at(0), play.at(4), GapReason.DISCONNECTED)]


def test_who_begins_to_listen_during_an_outage_waits_for_the_line(play: Play) -> None:
    play.begin(*trades("A"))
    play.lose()
    waiter = play.want(*trades("B"))
    play.wait(20)
    assert not waiter.is_over.is_set()
    play.connect()
    assert waiter.is_over.is_set()
    assert waiter.error is None


def test_who_begins_to_listen_during_a_long_outage_is_told_so(play: Play) -> None:
    play.begin(*trades("A"))
    play.lose()
    waiter = play.want(*trades("B"))
    play.wait(31)
    assert isinstance(waiter.error, NetworkError)
    assert "could not be made again in 30 s" in str(waiter.error)
    play.connect()
    assert "+ TK B" not in play.sent


def test_a_row_that_cannot_be_read_is_a_gap_and_the_others_are_told(play: Play) -> None:
    play.begin(*trades("A"))
    play.wait(5).say(". TK A 1,x,2,nothing,3")
    assert play.notebook.prices == [1, 2, 3]
    assert [told(gap)[3] for gap in play.notebook.gaps] == [GapReason.UNREADABLE]
    assert "x" not in play.notebook.gaps[0].detail.split()


def test_whatever_reading_stumbles_over_is_a_gap(play: Play) -> None:
    def read(text: str) -> Any:
        raise RuntimeError("a fault of the feed, with a secret in it")

    play.begin(*trades("A"))
    usual, play.feed.read = play.feed.read, read  # type: ignore[method-assign]
    play.say("anything")
    play.feed.read = usual  # type: ignore[method-assign]
    assert [gap.detail for gap in play.notebook.gaps] == ["a frame of 8 characters (RuntimeError)"]
    entry = next(iter(play.session.wanted.entries.values()))
    for number, error in enumerate([decimal.InvalidOperation, IndexError, KeyError, OverflowError, TypeError]):
        entry.garbled_at = float("-inf")

        def fail(*row: Any, error: type[Exception] = error) -> None:
            raise error

        reads, entry.routes[0].read = entry.routes[0].read, fail
        play.say(". TK A 1,2", ". TK A 3")
        entry.routes[0].read = reads
        assert len(play.notebook.gaps) == number + 2
    assert play.say(". TK A 4").notebook.prices == [4]


def test_what_cannot_be_read_again_and_again_is_told_once_a_minute_and_never_forgotten(play: Play) -> None:
    play.phase = Phase.CLOSED
    play.begin(*trades("A"))
    for _ in range(1, 100):
        play.wait(1).say(". TK A x")
    assert [told(gap)[1:3] for gap in play.notebook.gaps] == [
        (play.at(1), play.at(1)),
        (play.at(2), play.at(61)),
    ]
    play.wait(60)
    assert [told(gap)[1:3] for gap in play.notebook.gaps[2:]] == [(play.at(61), play.at(121))]
    assert play.losses == []


def test_a_frame_that_is_of_nothing_may_have_been_of_anything(play: Play) -> None:
    play.begin(*trades("A"), ORDERS)
    play.wait(1).say("gibberish")
    assert [topic for gap in play.notebook.gaps for topic in gap.topics] == [*trades("A"), ORDERS]
    play.wait(2).say("gibberish")
    assert [gap.topics for gap in play.notebook.gaps[1:]] == [(ORDERS,)], "the lists of orders are read each time"


def test_what_a_taker_raises_ends_that_taker_alone(play: Play) -> None:
    class Broken(Notebook):
        def take(self, topic: Topic, events: Sequence[Any]) -> None:
            raise RuntimeError("a consumer that raises")

    broken = Broken()
    play.begin(*trades("A"))
    play.want(*trades("A"), taker=broken)
    play.say(". TK A 1", ". TK A 2")
    assert play.notebook.prices == [1, 2]
    assert [str(error) for error in broken.errors] == ["paper: What takes the events failed (RuntimeError)."]


def test_what_records_the_stream_gets_the_texts_as_they_are(play: Play) -> None:
    texts: list[str] = []

    def record(received: Sequence[str], moment: Moment) -> None:
        texts.extend(received)

    def broken(received: Sequence[str], moment: Moment) -> None:
        raise OSError("the disk is full")

    play.begin(*trades("A"))
    play.session.listen(broken)
    play.session.listen(record)
    play.say(". TK A 1", "ping")
    play.session.ignore(record)
    play.say(". TK A 2")
    assert texts == [". TK A 1", "ping"]
    assert play.notebook.prices == [1, 2]


def test_who_ends_a_recording_on_seeing_an_event_finds_its_text_written_down(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    def record(received: Sequence[str], moment: Moment) -> None:
        texts.extend(received)

    def end(topic: Topic, events: Sequence[object]) -> None:
        thread.start()
        thread.join(0.2)  # it waits for the texts that are being handed out; without that it would be done by now

    thread = threading.Thread(target=play.session.ignore, args=(record,))
    play.begin(*trades("A"))
    play.session.listen(record)
    monkeypatch.setattr(play.notebook, "take", end)
    play.say(". TK A 1")
    thread.join()
    assert texts == [". TK A 1"]


# Silence


def test_a_topic_that_falls_silent_is_registered_again_and_then_the_line_is_made_anew(play: Play) -> None:
    play.begin(*trades("A", "B"))
    for _ in range(60):
        play.wait(1).say(". TK A 1")
    for _ in range(59):
        play.wait(1).say(". TK B 1")
    assert play.sent == []
    assert play.notebook.gaps == []
    play.wait(1).say(". TK B 1")
    assert play.sent == ["- TK A", "+ TK A"]
    assert [told(gap) for gap in play.notebook.gaps] == [(["A"], play.at(60), play.at(120), GapReason.SILENT)]
    for _ in range(61):
        play.wait(1)
        if not play.losses:
            play.say(". TK B 1")
    assert [loss.reason for loss in play.losses] == [GapReason.SILENT]


class RawPaper(PaperFeed):
    """The broker of paper with rows by name, for the channels of a catalogue."""

    channels = {
        **PaperFeed.channels,
        ("US", StreamKind.TRADES): {Venue.US: Channel({"real": "HDFSCNT0"}, read_row)},
    }

    def fields_of(self, api: Api, row: Any) -> Mapping[str, str]:
        return {"LAST": row}

    def key_of(self, topic: Topic) -> str:
        return topic.symbol.removeprefix("US:")


def raw_play() -> Play:
    feed = RawPaper()
    feed.catalogue, feed.client.clean = "brokerkit_kis", str
    play = Play(feed)
    play.notebook.take = lambda topic, events: None  # type: ignore[method-assign]
    return play


def test_the_silence_of_a_raw_topic_alone_says_nothing_and_that_of_the_line_does() -> None:
    play = raw_play()
    play.begin(Topic(StreamKind.RAW, "AAPL", channel="HDFSCNT0"))
    for _ in range(60):
        play.wait(1).say(". HDFSCNT0 AAPL 1")
    play.wait(7200)
    assert (play.sent, play.losses, play.notebook.gaps) == ([], [], [])
    play.wait(30, alive=False)
    assert [loss.reason for loss in play.losses] == [GapReason.SILENT]


def test_what_a_raw_topic_is_registered_with_keeps_the_hours_of_the_other_topic() -> None:
    raw, typed = Topic(StreamKind.RAW, "AAPL", channel="HDFSCNT0"), Topic(StreamKind.TRADES, "US:AAPL", Venue.US)
    play = raw_play()
    asked: list[Venue] = []
    play.session = Session(
        play.feed, phase_of=lambda venue: asked.append(venue) or Phase.REGULAR, times=Times(), moment=play.moment
    )
    play.begin(raw, typed)
    assert play.session.held == {Registration("HDFSCNT0", "AAPL")}
    play.say(". HDFSCNT0 AAPL 1").wait(5)
    assert {*asked} == {Venue.US}


def test_patience_grows_with_the_silences_that_were_and_after_each_new_line(play: Play) -> None:
    play.begin(*trades("A"))
    play.say(". TK A 1").wait(2).say(". TK A 1").wait(20).say(". TK A 1")
    play.wait(199)
    assert play.sent == []
    play.wait(1)
    assert play.sent == ["- TK A", "+ TK A"]
    play.wait(201)
    assert len(play.losses) == 1
    play.connect()
    play.sent.clear()
    play.wait(398)
    assert play.sent == []
    play.wait(3)
    assert play.sent == ["- TK A", "+ TK A"]


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.CLOSING_AUCTION, Phase.OPENING_AUCTION, None])
def test_nothing_has_to_come_while_the_venue_does_not_trade(play: Play, phase: Phase | None) -> None:
    play.begin(*trades("A"))
    play.say(". TK A 1").wait(5)
    play.phase = phase
    play.wait(3600)
    assert play.sent == []
    assert play.losses == []


def test_silence_is_counted_from_the_beginning_of_the_phase(play: Play) -> None:
    play.phase = Phase.CLOSED
    play.begin(*trades("A"))
    play.say(". TK A 1").wait(3600)
    play.phase = Phase.REGULAR
    play.wait(59)
    assert play.sent == []
    play.wait(2)
    assert play.sent == ["- TK A", "+ TK A"]


def test_outside_the_regular_hours_only_what_has_told_something_there_is_judged(play: Play) -> None:
    """Exchange traded funds, for one, are not traded in the after-market."""
    play.begin(*trades("A", "B"))
    play.say(". TK A 1", ". TK B 1").wait(5)
    play.phase = Phase.AFTER_MARKET
    play.wait(5).say(". TK B 1").wait(62)
    assert play.sent == ["- TK B", "+ TK B"]


def test_indices_are_told_in_the_regular_hours_alone(play: Play) -> None:
    play.begin(Topic(StreamKind.INDEX, "INDEX:KOSPI"))
    play.phase = Phase.AFTER_MARKET
    play.say(". I INDEX-KOSPI 1").wait(5).say(". I INDEX-KOSPI 1").wait(600)
    assert play.sent == []
    play.phase = Phase.REGULAR
    play.wait(5).say(". I INDEX-KOSPI 1").wait(60)
    assert play.sent == ["- I INDEX-KOSPI", "+ I INDEX-KOSPI"]


def test_what_spoke_after_it_was_registered_again_is_registered_again_before_a_new_line(play: Play) -> None:
    play.begin(*trades("A"))
    play.wait(2).say(". TK A 1").wait(61).say(". TK A 1").wait(611)
    assert play.sent == ["- TK A", "+ TK A"] * 2
    assert play.losses == []


def test_the_gap_of_a_silence_ends_when_it_is_registered_again_and_no_sooner(play: Play) -> None:
    play.begin(*trades("A"))
    play.wait(2).say(". TK A 1").wait(59)
    play.answer = lambda frame: None
    play.want(*trades("B"))
    play.run().wait(2)
    assert play.sent == ["+ TK B"], "A is to be registered again, when B is through"
    play.say("ok")
    assert play.notebook.gaps == []
    play.say("ok").say("ok")
    assert [told(gap)[0] for gap in play.notebook.gaps] == [["A"]]


def test_what_is_missed_while_it_is_registered_again_is_a_gap_too(play: Play) -> None:
    play.begin(*trades("A"))
    play.answer = lambda frame: None
    play.wait(2).say(". TK A 1").wait(60)
    assert play.sent == ["- TK A"]
    play.say(". TK A 2")
    assert len(play.notebook.gaps) == 1
    play.say("ok").wait(3).say("ok")
    assert [told(gap)[1:3] for gap in play.notebook.gaps[1:]] == [(play.at(62), play.at(65))]


def test_what_never_told_anything_and_own_orders_may_be_silent(play: Play) -> None:
    play.begin(*trades("A"), ORDERS)
    play.say(". O me 1").wait(3600)
    assert play.sent == []
    assert play.losses == []


def test_rows_of_what_nobody_wants_are_dropped(play: Play) -> None:
    play.begin(*trades("A"))
    assert play.say(". TK Z 1", ". XX A 1").notebook.told == []


# Whatever happens


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.sampled_from("ABCDE"), st.integers(0, 2)),
        st.tuples(st.just("unwant"), st.sampled_from("ABCDE"), st.integers(0, 2)),
        st.tuples(st.just("say"), st.sampled_from("ABCDE")),
        st.tuples(st.just("cut")),
        st.tuples(st.just("mute")),
        st.tuples(st.just("wait"), st.integers(1, 15)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_every_event_comes_once_to_all_who_want_it_and_every_cut_is_a_gap_to_them(steps: list[Any]) -> None:
    play = Play()
    takers = [Notebook() for _ in range(3)]
    wanted: set[tuple[str, int]] = set()
    expected: list[list[Any]] = [[], [], []]
    connected, count = False, 0
    for step in steps:
        match step:
            case ("want", symbol, number) if connected and (symbol, number) not in wanted:
                assert play.want(*trades(symbol), taker=takers[number]).error is None
                play.run()
                wanted.add((symbol, number))
            case ("unwant", symbol, number) if (symbol, number) in wanted:
                play.session.unwant(trades(symbol), takers[number])
                wanted.discard((symbol, number))
                if connected:
                    play.run()
            case ("say", symbol) if connected:
                count += 1
                play.say(f". TK {symbol} {count}")
                for number in range(3):
                    if (symbol, number) in wanted:
                        expected[number].append(count)
            case ("cut",) if connected:
                play.lose()
                connected = False
            case ("wait", seconds) if connected:
                play.wait(seconds)
            case _:
                play.connect()
                connected = True
                held = {registration.key for registration in play.session.held}
                assert held == {symbol for symbol, _ in wanted}
                missed = [each for entry in play.session.wanted.entries.values() if (each := entry.missed)]
                assert missed == [], "all gaps are told"
    assert [taker.prices for taker in takers] == expected
    assert not any(taker.errors for taker in takers)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=10))
def test_no_text_breaks_the_rules(texts: list[str]) -> None:
    play = Play()
    play.begin(*trades("A"))
    safe = [text for text in texts if text.partition(" ")[0] not in (".", "=", "bye", "end")]
    play.session.received(safe, play.moment)
    assert play.run().say(". TK A 5").notebook.prices == [5]
    assert all(isinstance(each, BrokerError | Gap | tuple) for each in play.notebook.told)
