"""What a target may name."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"application"]


def create(name, *, key=1):
    def made(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{name} {key}".encode()]

    return made


def no_application():
    return 42


def needs_an_argument(name):
    return application


class inner:
    app = staticmethod(application)


number = 7
