"""Proof that the balances are the sum of the transfers, and that every ended generation is paid or released."""

from dataclasses import dataclass

from reelway.db.script import Script, sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not add up."""

    what: str
    workspace_id: str
    purse: str
    detail: str


_SUMS = """
SELECT a.workspace_id, a.purse, a.balance_microusd, a.held_microusd,
  COALESCE(SUM(CASE t.kind WHEN 'grant' THEN t.amount_microusd WHEN 'settle' THEN -t.amount_microusd ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN t.kind = 'hold' AND NOT EXISTS (
    SELECT 1 FROM transfers r WHERE r.generation_id = t.generation_id AND r.kind IN ('settle', 'release'))
    THEN t.amount_microusd ELSE 0 END), 0)
FROM accounts a LEFT JOIN transfers t ON t.workspace_id = a.workspace_id AND t.purse = a.purse
GROUP BY a.workspace_id, a.purse, a.balance_microusd, a.held_microusd
"""

_ENDED_UNRESOLVED = """
SELECT g.workspace_id, g.purse, g.id, g.state FROM generations g
WHERE g.ended_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM transfers t WHERE t.generation_id = g.id AND t.kind IN ('settle', 'release'))
"""

_ACTIVE_UNHELD = """
SELECT g.workspace_id, g.purse, g.id, g.state FROM generations g
WHERE NOT EXISTS (SELECT 1 FROM transfers t WHERE t.generation_id = g.id AND t.kind = 'hold')
   OR (g.ended_at IS NULL AND EXISTS (
     SELECT 1 FROM transfers t WHERE t.generation_id = g.id AND t.kind IN ('settle', 'release')))
"""

_CHARGED_OTHERWISE = """
SELECT g.workspace_id, g.purse, g.id, g.charged_microusd FROM generations g
WHERE g.ended_at IS NOT NULL AND g.charged_microusd <> COALESCE(
  (SELECT t.amount_microusd FROM transfers t WHERE t.generation_id = g.id AND t.kind = 'settle'), 0)
"""


def audit() -> Script[list[Finding]]:
    """Everything that does not add up; an empty list is the proof."""
    found = []
    for workspace_id, purse, balance, held, balance_sum, held_sum in (yield sql(_SUMS)):
        if (balance, held) != (balance_sum, held_sum):
            detail = f"balance {balance}, transfers say {balance_sum}; held {held}, open holds say {held_sum}"
            found.append(Finding(what="sums", workspace_id=workspace_id, purse=purse, detail=detail))
    for what, query in (
        ("ended_unresolved", _ENDED_UNRESOLVED),
        ("hold_and_state_disagree", _ACTIVE_UNHELD),
        ("charged_otherwise", _CHARGED_OTHERWISE),
    ):
        for workspace_id, purse, generation_id, state in (yield sql(query)):
            detail = f"{generation_id}: {state}"
            found.append(Finding(what=what, workspace_id=workspace_id, purse=purse, detail=detail))
    return found
