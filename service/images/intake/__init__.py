"""From files that somebody has sent to a labelled set: what is in them, how large pictures become, what is odd about them.

`collecting.collected` looks at names, headers and labels alone, and refuses what cannot become a set; `preparing.prepare`
decodes every picture, by the one path that pictures to predict go, and writes the four arrays of `service.images.sets.store`.
"""
