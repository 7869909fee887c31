"""Every data set by its name: those that are built in, and those that people have sent, which are in the database.

What both the API and the workers do with them: look one up, and open it, on whichever machine they are.
"""
