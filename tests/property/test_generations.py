"""Two workers, a canceller and crashes race for one row; the table of transitions is a simple model beside it."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from builders import a_generation
from reelway.accounts.workspaces import ensure_workspace
from reelway.db.script import Script
from reelway.domain.generation import Generation
from reelway.domain.money import Purse
from reelway.domain.states import FINAL, TRANSITIONS, State
from reelway.errors import Conflict
from reelway.generations import store
from reelway.generations.ending import Ended, end
from reelway.kit.ids import new_token
from reelway.ledger import ledger
from reelway.ledger.audit import audit

PRICE = 1_000


class _Silent:
    def announce(self, g: Generation, event: object, now_ms: int) -> Script[list[str]]:
        return []
        yield


class GenerationMachine(RuleBasedStateMachine):
    """Each worker keeps the row as it last saw it, however stale; only guarded statements may change it."""

    def __init__(self, run: Any) -> None:
        super().__init__()
        self.run_sql = run
        workspace = self.run_sql(ensure_workspace(new_token(), {Purse.LIVE: PRICE}, 0))
        self.first = a_generation(workspace_id=workspace.id, price_microusd=PRICE)
        self.run_sql(ledger.hold(workspace.id, Purse.LIVE, self.first.id, PRICE, 0))
        self.run_sql(store.insert(self.first))
        self.seen: dict[str, Generation] = {name: self.row() for name in "abc"}
        self.state, self.epoch = State.QUEUED, 0
        self.ended = 0

    def row(self) -> Generation:
        found = self.run_sql(store.by_id(self.first.id))
        assert found is not None
        return found

    @rule(worker=st.sampled_from("abc"))
    def claims(self, worker: str) -> None:
        claimed = self.run_sql(store.claim(self.first.id))
        assert (claimed is None) == (self.state in FINAL)
        if claimed is not None:
            self.epoch += 1
            self.seen[worker] = claimed

    @rule(worker=st.sampled_from("abc"))
    def looks(self, worker: str) -> None:
        self.seen[worker] = self.row()

    @rule(worker=st.sampled_from("abc"), to=st.sampled_from(sorted(State)), charge=st.integers(1, PRICE))
    def moves(self, worker: str, to: State, charge: int) -> None:
        g = self.seen[worker]
        fresh = (g.state, g.epoch) == (self.state, self.epoch)
        allowed = to in TRANSITIONS[g.state]
        charge = charge if to is State.SUCCEEDED else 0
        script = end(g, to, _Silent(), 0, charge_microusd=charge) if to in FINAL else store.move(g, to)  # type: ignore[arg-type]
        try:
            result = self.run_sql(script)
        except Conflict:
            assert not (fresh and allowed)
            return
        assert fresh
        assert allowed
        self.state = to
        self.ended += to in FINAL
        self.seen[worker] = result.generation if isinstance(result, Ended) else result

    @invariant()
    def row_is_as_the_model_says(self) -> None:
        row = self.row()
        assert (row.state, row.epoch) == (self.state, self.epoch)
        assert self.ended == (1 if self.state in FINAL else 0)

    @invariant()
    def money_follows_the_state(self) -> None:
        assert self.run_sql(audit()) == []


def test_generations(board: Any) -> None:
    rules = settings(max_examples=round(100 * board.games), stateful_step_count=40, deadline=None)
    run_state_machine_as_test(lambda: GenerationMachine(board.run), settings=rules)
