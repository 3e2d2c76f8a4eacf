"""Whether somebody has asked for a device."""

is_started = False


def backends_are_initialized() -> bool:
    return is_started
