-- Work waits in lanes, where the workspaces take turns.

ALTER TABLE dispatch_entries ADD COLUMN lane TEXT NOT NULL DEFAULT 'delivery';
ALTER TABLE dispatch_entries ADD COLUMN owner TEXT NOT NULL DEFAULT '';

UPDATE dispatch_entries SET
    lane = 'generation:' || (SELECT g.provider FROM generations AS g WHERE g.id = dispatch_entries.subject),
    owner = (SELECT g.workspace_id FROM generations AS g WHERE g.id = dispatch_entries.subject)
WHERE topic = 'generation' AND EXISTS (SELECT 1 FROM generations AS g WHERE g.id = dispatch_entries.subject);

UPDATE dispatch_entries SET
    owner = (SELECT d.workspace_id FROM deliveries AS d WHERE d.id = dispatch_entries.subject)
WHERE topic = 'delivery' AND EXISTS (SELECT 1 FROM deliveries AS d WHERE d.id = dispatch_entries.subject);

-- How often a provider account is called, over all workers: the next free instant of its schedule.
CREATE TABLE provider_rates (
    account TEXT PRIMARY KEY,
    next_at BIGINT NOT NULL
);
