"""Many cameras: what is learned from images of some worlds and judged on whole worlds that were left out.

A world is one camera and its room: the webcam of one public project, say, with its people and the screens held up to it.
"""
