"""What the filters of all lists share."""

import django_filters


class ListFilter(django_filters.FilterSet):
    """Lists nothing while one of its filters cannot be read.

    Without that one the list would be longer than what was asked for: a saved view whose template is gone, or a
    mistyped date, would offer every invoice to Select All and to the export.
    """

    def filter_queryset(self, queryset):
        return super().filter_queryset(queryset) if self.form.is_valid() else queryset.none()
