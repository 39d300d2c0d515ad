from django.db import migrations

BOOKS = [
    ("Frankenstein", "Mary Shelley", 1818),
    ("Middlemarch", "George Eliot", 1871),
    ("Treasure Island", "Robert Louis Stevenson", 1883),
    ("The Time Machine", "H. G. Wells", 1895),
    ("Dracula", "Bram Stoker", 1897),
    ("Kim", "Rudyard Kipling", 1901),
    ("The Hound of the Baskervilles", "Arthur Conan Doyle", 1902),
    ("A Room with a View", "E. M. Forster", 1908),
    ("Night and Day", "Virginia Woolf", 1919),
    ("Ulysses", "James Joyce", 1922),
]


def add_books(apps, _schema_editor):
    book = apps.get_model("books", "Book")
    book.objects.bulk_create(book(title=title, author=author, year=year) for title, author, year in BOOKS)


class Migration(migrations.Migration):
    dependencies = [("books", "0001_initial")]

    operations = [migrations.RunPython(add_books, migrations.RunPython.noop)]
