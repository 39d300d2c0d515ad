"""Brings the database and the static files to where this version of the project wants them. Run it before each start of a new version."""

from typing import Any

from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("The database and the static files are ready.")
