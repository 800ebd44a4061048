"""The project folder: clips, runs (what models said), annotations (what people decided), edits.

`Project` (project.py) is the door. Behind it:

- **Database.** `opening` looks before it touches, `lock` lets one process write, `schema` and
  `migrations` hold the tables, `database` opens SQLite and turns its errors into sentences.
- **Runs.** `run_part` (RunWriter) fills 256-frame `segments` of a `.part` file (`part_file`) that
  `run_growing` reads meanwhile; `run_seal` and `run_fill` turn it into an `.h5` whose front page
  (`run_layout`) lets `run_sealed` read it with plain file reads; `run_files` lists and opens both.
  `active_runs` keeps the shown run open, `align` gives a new run the numbers of known faces.
- **Decisions.** `edits` and `track_edits` say what a person did; `changes` (with `mask_patch`)
  records the rows that altered; `history` applies, undoes, redoes. `frame_states` are the review
  states. `annotation_reader` reads, `shown` and `face_columns` merge with the shown run.
"""
