"""Stories of the programmes: each told through topics and commands alone, on the real services, whose clock
is moved on while they run. What must come out is worked out by hand in the story, never by the code it tests.
"""
