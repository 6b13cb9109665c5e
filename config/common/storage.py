"""Files that are either whole or absent."""

import os
import tempfile

from django.core.files.storage import FileSystemStorage


class AtomicStorage(FileSystemStorage):
    """Content-addressed files: written to a temporary name, flushed to disk, then renamed into place.

    A name that exists already holds the same bytes (the name is their hash), so saving again changes nothing.
    """

    def get_available_name(self, name, max_length=None):
        return name

    def _save(self, name, content):
        path = self.path(name)
        if os.path.exists(path):
            return name
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        return name
