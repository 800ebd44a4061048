"""The rows of the timeline: each turns a clip's columns into pixels, however long the clip is.

A row's picture is an array of premultiplied 0xAARRGGBB words, one column a pixel, made anew only
when zoom, scroll or data change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app import data_colours
from app.convert import premultiplied
from app.data_colours import Mark, Rgb
from app.document import NO_SOURCE, ClipColumns
from app.timecode import timecode
from app.timeline.binning import Bins, Extremes, Means, Sums, category_sums
from app.timeline.row import Row, Words
from app.timeline.value_rows import value_row

CONFIDENCE_COLOUR: Rgb = (86, 180, 233)
JITTER_COLOUR: Rgb = (213, 94, 0)
DIFFERENCE_COLOUR: Rgb = (204, 121, 167)
LONELY_COLOUR: Rgb = (230, 159, 0)


def build_rows(
    columns: ClipColumns,
    name_of: Callable[[int], str],
    colour_of: Callable[[int], Rgb] = data_colours.face_colour,
) -> list[Row]:
    """The rows for a clip's columns.

    Args:
        columns: What is known of the clip, a value a frame.
        name_of: What a track is called.
        colour_of: The colour of its person.
    """
    people = [
        _person_row(columns, index, name_of(track), colour_of(track))
        for index, track in enumerate(columns.track_ids)
    ]
    return [
        *people,
        _source_row(columns),
        *(value_row(name, values) for name, values in sorted(columns.values.items())),
        _review_row(columns),
        _confidence_row(columns),
        _jitter_row(columns),
        _edits_row(columns),
    ]


def _person_row(columns: ClipColumns, index: int, name: str, colour: Rgb) -> Row:
    present = columns.source[index] != NO_SOURCE
    sums = Sums(present)

    def render(bins: Bins, height: int) -> Words:
        share = sums.over(bins) / bins.sizes()
        # A column in which the person is only partly there is drawn fainter.
        word = np.array([premultiplied(colour, o) for o in np.linspace(0.0, 1.0, 9)], np.uint32)
        line = word[np.ceil(share * 8).astype(np.intp)]
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[height // 5 : -(height // 5) or None] = line
        return picture

    def describe(frame_idx: int) -> str:
        return f"{name} is here" if present[frame_idx] else f"{name} is not here"

    return Row(name, 11, render, describe)


def _source_row(columns: ClipColumns) -> Row:
    faces = columns.source if len(columns.source) else np.zeros((0, columns.frames), np.uint8)

    def describe(frame_idx: int) -> str:
        found = [s for s in faces[:, frame_idx] if s != NO_SOURCE]
        titles = [data_colours.SOURCES.get(int(s), data_colours.UNKNOWN).title for s in found]
        if titles:
            return ", ".join(dict.fromkeys(titles))
        return "no face found" if columns.processed[frame_idx] else "not predicted yet"

    return Row("Source", 14, _stacked(faces, data_colours.SOURCES), describe)


def _review_row(columns: ClipColumns) -> Row:
    def describe(frame_idx: int) -> str:
        state = int(columns.review[frame_idx])
        return data_colours.REVIEW_STATES.get(state, data_colours.UNKNOWN).title

    # Unseen frames stay empty: what has happened stands out.
    states = np.where(columns.review == 0, np.uint8(255), columns.review)[None]
    return Row("Review", 14, _stacked(states, data_colours.REVIEW_STATES), describe)


def _stacked(categories: NDArray[np.uint8], marks: dict[int, Mark]) -> Callable[[Bins, int], Words]:
    """Each column split by the shares of the categories of its frames; categories (F, T)."""
    colours = np.zeros(len(marks) + 1, np.uint32)
    for value, mark in marks.items():
        colours[value] = premultiplied(mark.colour, 1.0)

    sums = category_sums(categories, len(marks))
    with_any = Sums(np.asarray((categories < len(marks)).any(axis=0)))

    def render(bins: Bins, height: int) -> Words:
        # Of the faces there are, however many people come and go; as high as frames have any.
        counts = sums.over(bins)
        shares = counts / np.maximum(counts.sum(axis=0), 1) * with_any.over(bins) / bins.sizes()
        tops = np.cumsum(_heights(shares, height), axis=0)
        level = np.arange(height, 0, -1)[:, None] - 1  # from the bottom up
        category = (level[None] >= tops[:, None, :]).sum(axis=0)
        return np.asarray(colours[category])

    return render


def _heights(shares: NDArray[np.float64], height: int) -> NDArray[np.int64]:
    """Pixels for each category's share (C, W): whoever is there at all gets one, so that one edited
    frame among a thousand shows; the largest gives them up.
    """
    heights = np.ceil(shares * height - 1e-9).astype(np.int64)
    excess = heights.sum(axis=0) - np.ceil(shares.sum(axis=0) * height - 1e-9).astype(np.int64)
    columns = np.arange(heights.shape[1])
    largest = heights.argmax(axis=0)
    heights[largest, columns] = np.maximum(heights[largest, columns] - excess, 1)
    heights[:, shares.sum(axis=0) == 0] = 0
    return heights


def _confidence_row(columns: ClipColumns) -> Row:
    lowest, highest = _over_tracks(columns.confidence, columns.frames)
    extremes, means = Extremes(lowest, highest), Means(lowest)

    def render(bins: Bins, height: int) -> Words:
        least, most, middle = extremes.low(bins), extremes.high(bins), means.over(bins)
        y = 1.0 - (np.arange(height)[:, None] + 0.5) / height
        step = 1.0 / height
        band = (y >= least - step / 2) & (y <= most + step / 2)
        line = np.abs(y - middle) <= step * 0.75
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[band] = premultiplied(CONFIDENCE_COLOUR, 0.4)
        picture[line] = premultiplied(CONFIDENCE_COLOUR, 1.0)
        return picture

    def describe(frame_idx: int) -> str:
        value = lowest[frame_idx]
        return f"confidence {value:.2f}" if np.isfinite(value) else "no confidence"

    return Row("Confidence", 22, render, describe)


def _jitter_row(columns: ClipColumns) -> Row:
    values = columns.jitter
    finite = values[np.isfinite(values)]
    # The 99th percentile fills the row: one jump must not flatten everything else.
    top = float(np.percentile(finite, 99)) if len(finite) else 1.0
    top = max(top, 1e-6)
    extremes = Extremes(values, values)

    def render(bins: Bins, height: int) -> Words:
        share = np.nan_to_num(extremes.high(bins) / top)
        level = height - np.arange(height)[:, None]
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[share * height >= level - 0.5] = premultiplied(JITTER_COLOUR, 0.85)
        return picture

    def describe(frame_idx: int) -> str:
        value = values[frame_idx]
        return f"jitter {value:.2f} % of the face" if np.isfinite(value) else "no jitter"

    return Row("Jitter", 16, render, describe)


def _edits_row(columns: ClipColumns) -> Row:
    colour = premultiplied(data_colours.REVIEW_STATES[2].colour, 1.0)
    sums = Sums(columns.edited)

    def render(bins: Bins, height: int) -> Words:
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[:, sums.over(bins) > 0] = colour
        return picture

    def describe(frame_idx: int) -> str:
        return "edited by a person" if columns.edited[frame_idx] else "not edited"

    return Row("Edits", 11, render, describe)


def _over_tracks(
    values: NDArray[np.float32], frames: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The least and the largest value over tracks, (T,) each; NaN without any."""
    if len(values) == 0:
        nothing = np.full(frames, np.nan, np.float32)
        return nothing, nothing
    return np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)


def difference_row(distance: NDArray[np.float32], lonely: NDArray[np.bool_]) -> Row:
    """How far what is shown is from the run it is compared with.

    Args:
        distance: (T,) percent of the eye distance, NaN where there is nothing to compare.
        lonely: (T,) whether a face is on one side only.
    """
    finite = distance[np.isfinite(distance)]
    top = max(float(np.percentile(finite, 99)) if len(finite) else 1.0, 0.5)
    extremes, alone = Extremes(distance, distance), Sums(lonely)

    def render(bins: Bins, height: int) -> Words:
        share = np.nan_to_num(extremes.high(bins) / top)
        level = height - np.arange(height)[:, None]
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[share * height >= level - 0.5] = premultiplied(DIFFERENCE_COLOUR, 0.9)
        # A face without a partner cannot be measured: a bar at the foot says so.
        picture[-max(height // 6, 1) :, alone.over(bins) > 0] = premultiplied(LONELY_COLOUR, 1.0)
        return picture

    def describe(frame_idx: int) -> str:
        value = distance[frame_idx]
        words = [f"{value:.2f} % of the eye distance apart"] if np.isfinite(value) else []
        words += ["a face is on one side only"] if lonely[frame_idx] else []
        return ", ".join(words) or "nothing to compare"

    return Row("Difference", 18, render, describe)


def frame_title(frame_idx: int, time_s: float) -> str:
    """The first line of a tooltip."""
    return f"frame {frame_idx:,} · {timecode(time_s)}"
