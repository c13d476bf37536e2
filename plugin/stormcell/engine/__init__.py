"""The live engine: clock, intake and ticks; the only owner of what is alive."""
