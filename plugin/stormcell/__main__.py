"""python -m stormcell."""

from stormcell.cli.main import main

main()
