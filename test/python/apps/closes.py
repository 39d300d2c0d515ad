"""Closes the zygote's descriptors at its import."""

import os

os.closerange(3, 50)


def application(environ, start_response):
    return []
