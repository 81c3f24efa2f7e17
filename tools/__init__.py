"""What the build of the book needs beyond Jupyter Book: extensions of Sphinx, and commands."""
