"""The project folder: clips, runs (what models said), annotations (what people decided), edits."""
