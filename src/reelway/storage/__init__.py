"""Where finished files are kept: one Protocol, one module per place."""
