"""Small answers read along with a row: a count or a short list as a column, instead of a query of its own."""

from datetime import UTC

from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, Expression, IntegerField, JSONField, Subquery
from django.utils import timezone


class CountOf(Subquery):
    """How many rows a queryset finds; slice it (unordered) to count no further than is shown."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows, **extra):
        super().__init__(rows.values("pk"), **extra)


class ListOf(Subquery):
    """What a `values(...)` queryset finds, in its order, as a list of lists; `names` are its columns.

    Texts, whole numbers and null only: what JSON carries unchanged.
    """

    output_field = JSONField()

    def __init__(self, rows, *names: str, **extra):
        super().__init__(rows, **extra)
        self.names = names

    def as_postgresql(self, compiler, connection):
        row = self._row(connection, "JSONB_BUILD_ARRAY")
        template = f"(SELECT COALESCE(JSONB_AGG({row}), '[]') FROM (%(subquery)s) listed)"
        return self.as_sql(compiler, connection, template=template)

    def as_sqlite(self, compiler, connection):
        template = f"(SELECT JSON_GROUP_ARRAY({self._row(connection, 'JSON_ARRAY')}) FROM (%(subquery)s) listed)"
        return self.as_sql(compiler, connection, template=template)

    def _row(self, connection, function):
        return f"{function}({', '.join('listed.' + connection.ops.quote_name(name) for name in self.names)})"


class RowsOf(ListOf):
    """What a queryset finds, in its order, as objects that know these columns (`customer_id`) and annotations.

    Texts, whole numbers, yes or no, days and moments. Slice it to what is shown. A column that was left out is read by
    itself when somebody asks for it, as after `only`.
    """

    def __init__(self, rows, *names: str, **extra):
        super().__init__(rows.values(*names), *names, **extra)
        self.model = rows.model

    def get_db_converters(self, connection):
        return [*super().get_db_converters(connection), self._objects]

    def _objects(self, rows, expression, connection) -> list:
        return [self._object(dict(zip(self.names, row, strict=True))) for row in rows]

    def _object(self, found):
        columns = [field for field in self.model._meta.concrete_fields if field.attname in found]
        values = [_of_json(field, found.pop(field.attname)) for field in columns]
        made = self.model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in columns], values)
        for name, value in found.items():
            setattr(made, name, value)
        return made


def _of_json(field, value):
    value = field.to_python(value)
    if isinstance(field, DateTimeField) and value is not None and timezone.is_naive(value):
        return value.replace(tzinfo=UTC)  # SQLite keeps moments in UTC and does not say so
    return value


class InUse(Expression):
    """The different values of one indexed column, sorted, as a list: one step down the index for each, however many
    rows there are (a DISTINCT would read them all).
    """

    output_field = JSONField()

    def __init__(self, model, column: str):
        super().__init__()
        self.model, self.column = model, column

    def as_sql(self, compiler, connection, gather="JSON_GROUP_ARRAY(value)"):
        column = connection.ops.quote_name(self.model._meta.get_field(self.column).column)
        table = connection.ops.quote_name(self.model._meta.db_table)
        return (
            f"(WITH RECURSIVE found(value) AS (SELECT MIN({column}) FROM {table} UNION ALL "
            f"SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > found.value) FROM found "
            f"WHERE found.value IS NOT NULL) SELECT {gather} FROM found WHERE value IS NOT NULL)",
            [],
        )

    def as_postgresql(self, compiler, connection):
        return self.as_sql(compiler, connection, gather="COALESCE(JSONB_AGG(value), '[]')")
