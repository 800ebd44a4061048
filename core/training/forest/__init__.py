"""Growing regression forests (ERT); `core.nets.forest` lets them answer."""
