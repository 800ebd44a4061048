"""The Faces menu: who is there, and who is who."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"delete_face", "rename_person", "swap_people", "first_of_person"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Faces menu."""
    return (
        ActionSpec("add_face", "&Add a face", ("Shift+A",), "boxes.draw", "Faces",
                   "Draw a box round a face that was missed; the model finds its landmarks."),
        ActionSpec("find_again", "&Find landmarks again", ("Shift+R",), "adder.find_again", "Faces",
                   "Run the landmark model in the face's box; landmarks set by hand stay."),
        ActionSpec("delete_face", "&Delete on this frame", ("Del",), "faces.delete_here", "Faces",
                   "This is no face here; a new prediction will not find it here again."),
        ActionSpec("delete_face_range", "Delete in &range", ("Shift+Del",), "faces.delete_range",
                   "Faces", "This is no face on the frames of the range that are not approved."),
        ActionSpec("not_a_face", "This is &no face", ("Ctrl+Del",), "faces.delete_all", "Faces",
                   "Delete it on all frames that are not approved; it is not found again."),
        ActionSpec("bring_back", "&Bring deleted faces back", ("Ctrl+Shift+Del",),
                   "faces.bring_back", "Faces",
                   "Faces deleted on this frame are there after all, here or in the range."),
        ActionSpec("swap_people", "S&wap with…", ("W",), "identities.swap", "Faces",
                   "Two faces were mixed up: swapped from this frame on, or in the range."),
        ActionSpec("split_person", "S&plit from here", ("Shift+W",), "identities.split", "Faces",
                   "From this frame on, or in the range, this face is somebody new."),
        ActionSpec("merge_people", "&Join to…", ("J",), "identities.merge", "Faces",
                   "From this frame on, or in the range, this face is somebody known already."),
        ActionSpec("merge_people_all", "Join to… on a&ll frames", ("Shift+J",),
                   "identities.merge_all", "Faces",
                   "This face is somebody known already, on every frame."),
        ActionSpec("rename_person", "Na&me…", ("F2",), "people.ask_name", "Faces",
                   "Say who this is."),
        ActionSpec("colour_person", "&Colour…", ("Shift+F2",), "people.ask_colour", "Faces",
                   "Choose the colour of this person on canvas, timeline and lists."),
        ActionSpec("hide_person", "&Hide or show", ("Ctrl+H",), "people.toggle_hidden", "Faces",
                   "Do not show this person for now; nothing is deleted."),
        ActionSpec("show_people", "Show &everybody", ("Ctrl+Shift+H",), "people.show_all", "Faces",
                   "Show all people again."),
        ActionSpec("first_of_person", "F&irst frame", ("Shift+Home",), "people.go_to_first",
                   "Faces", "The first frame this person is on."),
        ActionSpec("last_of_person", "La&st frame", ("Shift+End",), "people.go_to_last", "Faces",
                   "The last frame this person is on."),
        *_choices(),
    )  # fmt: skip


def _choices() -> tuple[ActionSpec, ...]:
    return tuple(
        ActionSpec(f"select_person_{number}", f"Person &{number}", (f"Alt+{number}",),
                   "people.select_number", "Select person",
                   f"Select person {number} of the list.", arguments=(number,))
        for number in range(1, 10)
    )  # fmt: skip
