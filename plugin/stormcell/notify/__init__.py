"""Which groups are sent where and when: silences, routes and timers, as pure functions."""
