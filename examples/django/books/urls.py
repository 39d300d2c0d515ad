from django.urls import path

from . import views

urlpatterns = [
    path("", views.book_list, name="book-list"),
    path("books.csv", views.book_export, name="book-export"),
    path("upload/", views.upload, name="upload"),
]
