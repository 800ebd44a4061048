"""The clip that everybody sees first: our own detector must find the people in it."""

from core.commands import demo
from core.faces.detection import make_detector
from core.geometry import box_iou, box_of_points

SAMPLED = range(3, demo.RENDERED_FRAMES, 7)  # 21 frames, both people


def test_the_cascade_finds_the_people_of_the_demo_clip():
    clip, detector = demo.people(), make_detector("cascade")
    found, people = 0, set()
    for t in SAMPLED:
        frame = clip.frame(t)
        people.add(frame.subject)
        truth = box_of_points(frame.landmarks["ibug68"])
        boxes = [d.hull_xyxy for d in detector.detect(frame.rgb)]
        found += any(float(box_iou(truth[None], box[None])[0, 0]) > 0.4 for box in boxes)
    assert len(people) == 2
    assert found / len(SAMPLED) >= 0.95
