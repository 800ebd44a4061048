"""The engine: video, faces, models, projects, exports. It knows no Qt and nothing of `app`."""
