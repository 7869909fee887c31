"""Files that hold many pictures: zips, npz files and IDX files from strangers, read within limits and without running anything.

`zips.opened(file, limits)` gives the safe members of a zip by name; `npz.opened` and `idx.opened` give arrays whose sizes are
known, and checked, before a number of them is read; `arrays` turns those into pixels and labels.
"""
