"""Where on a picture the digits are: ink -> parts -> rows, and the places where touching digits may be cut.

page.py     a picture -> ink without table, lines and frames
parts.py    ink -> connected parts, one a digit or several that touch
rows.py     parts -> rows in reading order, and numbers within them
cuts.py     a wide part -> the pieces that it may consist of
"""
