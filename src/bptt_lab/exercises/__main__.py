"""Command of a teacher: `python -m bptt_lab.exercises collect FOLDER`."""

from bptt_lab.exercises.collecting import main

main()
