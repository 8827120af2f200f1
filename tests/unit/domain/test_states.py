"""The table of transitions, checked as a graph."""

from reelway.domain.states import ACTIVE, FINAL, TRANSITIONS, State


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_final_states_go_nowhere_and_all_others_can_fail_and_expire() -> None:
    assert {s for s, nexts in TRANSITIONS.items() if not nexts} == FINAL
    for state in ACTIVE:
        assert {State.FAILED, State.EXPIRED} <= TRANSITIONS[state]


def test_only_a_stored_clip_succeeds() -> None:
    assert [s for s, nexts in TRANSITIONS.items() if State.SUCCEEDED in nexts] == [State.STORING]


def test_what_is_being_stored_can_no_longer_be_cancelled() -> None:
    assert State.CANCELLED not in TRANSITIONS[State.STORING]


def test_only_a_submit_that_made_no_job_goes_back_to_the_queue() -> None:
    assert [s for s, nexts in TRANSITIONS.items() if State.QUEUED in nexts] == [State.SUBMITTING]
