-- Whether storage holds a first look at a clip that is being made.

ALTER TABLE generations ADD COLUMN early_picture INTEGER NOT NULL DEFAULT 0;
