"""Whatever order things happen in, credits are neither made nor lost.

Hypothesis plays grant, hold, settle, release and replays of each against the SQL ledger, and keeps its own tally;
the two must agree after every step, and the audit must find nothing.
"""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from reelway.accounts.workspaces import ensure_workspace
from reelway.db.script import Script, sql
from reelway.domain.generation import GenerationId
from reelway.domain.money import Purse
from reelway.errors import Conflict, InsufficientCredits
from reelway.kit.ids import new_token
from reelway.ledger import ledger
from reelway.ledger.audit import audit

AMOUNTS = st.integers(min_value=0, max_value=10**9)


class LedgerMachine(RuleBasedStateMachine):
    holds = Bundle("holds")

    def __init__(self, run: Any) -> None:
        super().__init__()
        self.run_sql = run
        self.name = new_token()
        self.workspace = self.run_sql(ensure_workspace(self.name, {}, 0)).id
        self.free = self.held = 0
        self.count = 0

    def next_id(self) -> str:
        self.count += 1
        return f"{self.name}:{self.count}"

    @rule(amount=AMOUNTS.filter(bool))
    def grant(self, amount: int) -> None:
        id = self.next_id()
        for expected in (True, False):  # a retry changes nothing
            assert self.run_sql(ledger.grant(id, self.workspace, Purse.LIVE, amount, "", 0)) is expected
        self.free += amount

    @rule(target=holds, amount=AMOUNTS)
    def hold(self, amount: int) -> tuple[GenerationId | None, int]:
        id = GenerationId(self.next_id())
        script = ledger.hold(self.workspace, Purse.LIVE, id, amount, 0)
        if amount > self.free:
            self.expect(InsufficientCredits, script)
            return None, 0
        self.run_sql(script)
        self.expect(Conflict, ledger.hold(self.workspace, Purse.LIVE, id, amount, 0))
        self.free -= amount
        self.held += amount
        return id, amount

    @rule(hold=consumes(holds), part=st.fractions(min_value=0, max_value=1))
    def settle(self, hold: tuple[GenerationId | None, int], part: float) -> None:
        id, held = hold
        if id is None:
            return
        taken = int(held * part)
        self.expect(Conflict, ledger.settle(id, held + 1, 0))
        self.run_sql(ledger.settle(id, taken, 0))
        self.free += held - taken
        self.held -= held
        self.expect_resolved(id)

    @rule(hold=consumes(holds))
    def release(self, hold: tuple[GenerationId | None, int]) -> None:
        id, held = hold
        if id is None:
            return
        self.run_sql(ledger.release(id, 0))
        self.free += held
        self.held -= held
        self.expect_resolved(id)

    def expect_resolved(self, id: GenerationId) -> None:
        self.expect(Conflict, ledger.release(id, 0))
        self.expect(Conflict, ledger.settle(id, 0, 0))

    def expect(self, error: type[Exception], script: Script[None]) -> None:
        try:
            self.run_sql(script)
        except error:
            return
        raise AssertionError(f"no {error.__name__}")

    @invariant()
    def agrees_with_the_tally(self) -> None:
        balance = self.run_sql(ledger.balances(self.workspace))[Purse.LIVE]
        assert balance.available_microusd == self.free >= 0
        assert balance.held_microusd == self.held

    @invariant()
    def the_audit_proves_the_sums(self) -> None:
        assert [f for f in self.run_sql(audit()) if f.what == "sums"] == []

    def teardown(self) -> None:
        # The audit is no rubber stamp: one micro-dollar out of thin air must show.
        with pytest.raises(_Found, match="sums"):
            self.run_sql(self.conjure())

    def conjure(self) -> Script[None]:
        yield sql(
            "UPDATE accounts SET balance_microusd = balance_microusd + 1 WHERE purse = 'live' AND workspace_id = $1",
            self.workspace,
        )
        raise _Found([f.what for f in (yield from audit()) if f.workspace_id == self.workspace])


class _Found(Exception):
    """Undoes what was conjured."""


def test_ledger(board: Any) -> None:
    rules = settings(max_examples=round(60 * board.games), stateful_step_count=30, deadline=None)
    run_state_machine_as_test(lambda: LedgerMachine(board.run), settings=rules)
