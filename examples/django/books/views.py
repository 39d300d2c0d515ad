import csv
import hashlib
from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from .models import Book


class Line:
    """Gives back what a csv.writer writes into it."""

    def write(self, text: str) -> str:
        return text


def book_list(request: HttpRequest) -> HttpResponse:
    """One query and one template."""
    return render(request, "books/list.html", {"books": Book.objects.all()})


def book_export(_request: HttpRequest) -> StreamingHttpResponse:
    """As many lines as there are books, each sent when it is read."""

    def lines() -> Iterator[str]:
        writer = csv.writer(Line())
        yield writer.writerow(["title", "author", "year"])
        for book in Book.objects.iterator():
            yield writer.writerow([book.title, book.author, book.year])

    headers = {"Content-Disposition": 'attachment; filename="books.csv"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)


@login_required
def upload(request: HttpRequest) -> HttpResponse:
    """Takes a file of any size piece by piece, and says what it was."""
    file = request.FILES.get("file")
    if file is None:
        return render(request, "books/upload.html")
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    return render(request, "books/upload.html", {"file": file, "sha256": digest.hexdigest()})
