"""SOQL's conditions and orders as SQL on the table of records.

Ids and times of change have columns of their own and indexes; every other field is taken from the record's JSON. SOQL
knows two truth values: a comparison with an empty field is false, `!=` with one is true.
"""

from dataclasses import dataclass
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.access import Access, sharing, unsupported
from sales_consultant.sandbox.salesforce.org import HISTORY_OF, ApiError, Field, Sobject, stamp
from sales_consultant.sandbox.salesforce.soql.functions import apply, called
from sales_consultant.sandbox.salesforce.soql.literals import Value, comparable
from sales_consultant.sandbox.salesforce.soql.syntax import Compare, Condition, Logic, Query, Sort, Within

# Salesforce Help, Archived Activities: closed for more than a year.
ARCHIVED_AFTER_MS = 365 * DAY_MS
_COLUMNS = {
    "Id": "id", "IsDeleted": "archived", "CreatedDate": "created", "SystemModstamp": "modified",
    "LastModifiedDate": "modified",
}  # fmt: skip
_NEVER_EMPTY = frozenset(_COLUMNS)
_MOMENTS = ("SystemModstamp", "LastModifiedDate")


@dataclass(frozen=True)
class Column:
    """A field of a query: its expression in SQL."""

    sql: str
    field: Field
    sobject: str


@dataclass(frozen=True)
class Statement:
    """FROM and what follows it, with the parameters in order."""

    where: str
    parameters: tuple[Any, ...]
    order: str


class Compiler:
    """Names and conditions of one query, for one user. `tooling`: the objects of the Tooling API are seen too."""

    def __init__(
        self, query: Query, access: Access, *, tooling: bool = False, deleted: bool = False, depth: int = 0
    ) -> None:
        self.query = query
        self.access = access
        self.org = access.org
        self.tooling = tooling
        self.deleted = deleted
        self.row = f"r{depth}"
        self.depth = depth
        self.grouped = False
        """Whether the conditions are those of HAVING."""
        found = self.org.sobject(query.sobject, tooling=tooling)
        if found is None or not access.may(found, "Read"):
            raise unsupported(query.sobject)
        self.sobject: Sobject = found

    # Names

    def steps(self, path: str) -> list[str]:
        """A path's names without the object's alias."""
        names = path.split(".")
        own = {self.query.alias.lower(), self.query.sobject.lower()} - {""}
        return names[1:] if len(names) > 1 and names[0].lower() in own else names

    def field(self, sobject: str, name: str) -> Field:
        """A visible field by its name in any case. Raises ApiError INVALID_FIELD."""
        seen = self.access.visible(sobject)
        found = seen.get(name) or next((f for n, f in seen.items() if n.lower() == name.lower()), None)
        if found is None:
            raise ApiError(
                "INVALID_FIELD",
                f"\n{self.query.text[:120]}\nERROR at Row:1:Column:1\nNo such column '{name}' on entity '{sobject}'. If you are "
                "attempting to use a custom field, be sure to append the '__c' after the custom field name. Please "
                "reference your WSDL or the describe call for the appropriate names.",
            )
        return found

    def reference(self, sobject: str, relation: str) -> Field:
        """The lookup field of a relationship's name. Raises ApiError INVALID_FIELD."""
        for f in self.access.visible(sobject).values():
            if f.relation and f.relation.lower() == relation.lower():
                return f
        raise ApiError(
            "INVALID_FIELD",
            f"\n{self.query.text[:120]}\nERROR at Row:1:Column:1\n"
            f"Didn't understand relationship '{relation}' in field path. If you "
            "are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. "
            "Please reference your WSDL or the describe call for the appropriate names.",
        )

    def column(self, path: str) -> Column:
        """A path as SQL, functions around it too. Raises ApiError INVALID_FIELD for what is not there or hidden."""
        functions, inner = called(path)
        found = self._column(self.sobject.name, self.row, self.steps(inner))
        for name in reversed(functions):
            found = Column(*apply(self.org, name, found.sql, found.field), found.sobject)
        return found

    def _column(self, sobject: str, row: str, names: list[str]) -> Column:
        if len(names) == 1:
            f = self.field(sobject, names[0])
            return Column(self._value(sobject, row, f), f, sobject)
        f = self.reference(sobject, names[0])
        target = f.targets[0]
        parent = f"{row}p"
        # A lookup that may point to several objects shows the fields that they share.
        inner = self._column(target, parent, names[1:])
        among = ", ".join(f"'{t}'" for t in f.targets)
        # A record that the user may not see shows nothing through a lookup either.
        rules = [(t, sharing.condition(self.access, t, parent)) for t in f.targets]
        hidden = "".join(f" AND ({parent}.object != '{t}' OR {rule})" for t, rule in rules if rule)
        sql = (
            f"(SELECT {inner.sql} FROM records {parent} WHERE {parent}.vendor = 'salesforce' AND {parent}.object IN ({among}) "
            f"AND {_key(f, parent)} = {self._value(sobject, row, f)}{hidden})"
        )
        return Column(sql, inner.field, inner.sobject)

    def _value(self, sobject: str, row: str, f: Field) -> str:
        if f.name in _COLUMNS:
            return f"{row}.{_COLUMNS[f.name]}"
        if f.name == "IsArchived":
            return f"({self._archived(sobject, row)})"
        found = f"json_extract({row}.properties, '$.{f.name}')"
        if f.name in ("CreatedById", "LastModifiedById"):
            return f"coalesce({found}, '{self.org.details['integration_user']}')"
        return f"coalesce({found}, 0)" if f.type == "boolean" else found

    def _archived(self, sobject: str, row: str) -> str:
        """Activities that ended, or were due, more than 365 days ago: only queryAll shows them."""
        before = stamp(self.org.now() - ARCHIVED_AFTER_MS)

        def value(name: str) -> str:
            return f"json_extract({row}.properties, '$.{name}')"

        if sobject == "Event":
            return f"coalesce({value('EndDateTime')}, {value('ActivityDate')}, '9') < '{before}'"
        due = f"coalesce({value('ActivityDate')}, strftime('%Y-%m-%d', {row}.created / 1000, 'unixepoch'))"
        return f"coalesce({value('IsClosed')}, 0) AND {due} < '{before[:10]}'"

    # Statements

    def statement(self) -> Statement:
        """The query's rows: those that exist, are not deleted or archived unless asked for, and meet the conditions."""
        parameters: list[Any] = [self.sobject.name]
        where = f"{self.row}.vendor = 'salesforce' AND {self.row}.object = ?"
        if self.query.mine:
            owner = self.column("OwnerId")
            where += f" AND {owner.sql} = ?"
            parameters.append(self.access.user_id)
        shared = sharing.condition(self.access, self.sobject.name, self.row)
        where += f" AND {shared}" if shared else ""
        if not (self.deleted or self.query.all_rows):
            where += f" AND {self.row}.archived = 0"
            if "IsArchived" in self.sobject.fields:
                where += f" AND NOT ({self._archived(self.sobject.name, self.row)})"
        hidden = self._hidden_changes()
        if hidden:
            where += (
                f" AND json_extract({self.row}.properties, '$.Field') NOT IN ({', '.join('?' * len(hidden))})"
            )
            parameters += hidden
        if self.query.where is not None:
            # What an OR implies for the time of change lets SQLite start in the middle of the index.
            bound = self._bound(self.query.where)
            if bound is not None:
                where += f" AND {self.row}.modified >= ?"
                parameters.append(bound)
            sql = self.condition(self.query.where, parameters)
            where += f" AND {sql}"
        return Statement(where, tuple(parameters), self.order())

    def _hidden_changes(self) -> list[str]:
        """The fields whose history the user does not see, as it does not see the fields."""
        parent = next((p for p, h in HISTORY_OF.items() if h == self.sobject.name), None)
        if parent is None:
            return []
        seen = self.access.visible(parent)
        return [n for n in self.org.fields(parent) if n not in seen]

    def order(self) -> str:
        """ORDER BY, or the order of ids."""
        if not self.query.order:
            return "" if self.query.aggregated else f" ORDER BY {self.row}.id"
        return " ORDER BY " + ", ".join(self._sort(s) for s in self.query.order)

    def _sort(self, sort: Sort) -> str:
        if sort.function:
            sql = self.aggregate(sort.function, sort.path)
        else:
            named = [i for i in self.query.items if i.alias and i.alias.lower() == sort.path.lower()]
            if named and named[0].function:
                sql = self.aggregate(named[0].function, named[0].path)
            else:
                found = self.column(sort.path)
                if not found.field.filterable:
                    raise ApiError(
                        "INVALID_FIELD", f"field '{found.field.name}' can not be sorted in a query call"
                    )
                if found.field.name in _NEVER_EMPTY and "." not in sort.path:
                    return f"{found.sql}{' DESC' if sort.descending else ''}"
                sql = found.sql + (" COLLATE NOCASE" if _folded(found.field) else "")
        return f"{sql}{' DESC' if sort.descending else ''} NULLS {'LAST' if sort.nulls_last else 'FIRST'}"

    def aggregate(self, function: str, path: str) -> str:
        """An aggregate in SQL. Raises ApiError where the field's type does not take it."""
        if not path:
            return "count(*)"
        column = self.column(path)
        if function in ("SUM", "AVG") and column.field.type not in ("double", "currency", "percent", "int"):
            raise ApiError(
                "MALFORMED_QUERY", f"field {column.field.name} does not support aggregate operator {function}"
            )
        if not column.field.filterable or (
            column.field.type == "boolean" and function not in ("COUNT", "COUNT_DISTINCT")
        ):
            raise ApiError(
                "MALFORMED_QUERY", f"field {column.field.name} does not support aggregate operator {function}"
            )
        if function == "COUNT_DISTINCT":
            return f"count(DISTINCT {column.sql})"
        return f"{function.lower()}({column.sql})"

    # Conditions

    def condition(self, node: Condition, parameters: list[Any]) -> str:
        """A condition in SQL that is never NULL; appends its parameters."""
        if isinstance(node, Logic):
            parts = [self.condition(p, parameters) for p in node.parts]
            if node.operator == "NOT":
                return f"(NOT {parts[0]})"
            return "(" + f" {node.operator} ".join(parts) + ")"
        if isinstance(node, Compare) and node.function:
            return self._aggregated(node, parameters)
        column = self.column(node.path)
        if not column.field.filterable:
            raise ApiError(
                "INVALID_FIELD",
                f"\n{self.query.text[:120]}\nERROR at Row:1:Column:1\n"
                f"field '{column.field.name}' can not be filtered in a query call",
            )
        if isinstance(node, Within):
            return self._within(column, node, parameters)
        if node.operator == "like":
            if column.field.type in ("id", "reference") or not isinstance(
                comparable(column.field, node.value, self.org.now(), like=True).low, str
            ):
                raise ApiError(
                    "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {column.field.type} field"
                )
            parameters.append(comparable(column.field, node.value, self.org.now(), like=True).low)
            return f"coalesce({column.sql} LIKE ? ESCAPE '\\', 0)"
        value = comparable(column.field, node.value, self.org.now())
        return self._compare(column, node.operator, value, parameters)

    def _aggregated(self, node: Compare, parameters: list[Any]) -> str:
        if not self.grouped:
            raise ApiError("MALFORMED_QUERY", f"Aggregate function not allowed in WHERE: {node.function}")
        f = self.column(node.path).field
        counted = node.function in ("COUNT", "COUNT_DISTINCT", "SUM", "AVG")
        if counted and node.value.kind != "number":
            raise ApiError("MALFORMED_QUERY", f"{node.function} is compared with a number")
        low = float(node.value.text) if counted else comparable(f, node.value, self.org.now()).low
        parameters.append(low)
        return f"coalesce({self.aggregate(node.function, node.path)} {node.operator} ?, 0)"

    def _compare(self, column: Column, operator: str, value: Value, parameters: list[Any]) -> str:
        sql, f = self._collated(column), column.field
        if operator not in ("=", "!=") and (value.low is None or f.type in ("boolean", "multipicklist")):
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {f.type} field")
        if value.high is not None:
            parameters += (
                [value.low, value.high]
                if operator in ("=", "!=")
                else [value.high if operator in ("<=", ">") else value.low]
            )
            if operator in ("=", "!="):
                inside = f"coalesce({sql} >= ? AND {sql} < ?, 0)"
                return inside if operator == "=" else f"(NOT {inside})"
            return f"coalesce({sql} {'<' if operator in ('<', '<=') else '>='} ?, 0)"
        parameters.append(value.low)
        if operator in ("=", "!="):
            if f.name in _NEVER_EMPTY and value.low is not None:
                return f"{sql} {operator} ?"
            return f"{sql} IS {'NOT ' if operator == '!=' else ''}?"
        plain = f"{sql} {operator} ?"
        return (
            plain
            if column.sql.startswith(f"{self.row}.") and f.name in _NEVER_EMPTY
            else f"coalesce({plain}, 0)"
        )

    def _collated(self, column: Column) -> str:
        return f"{column.sql} COLLATE NOCASE" if _folded(column.field) else column.sql

    def _within(self, column: Column, node: Within, parameters: list[Any]) -> str:
        no = "NOT " if node.negated else ""
        if node.nested is not None:
            return self._nested(column, node, parameters, no)
        if node.chosen != (column.field.type == "multipicklist"):
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {column.field.type} field")
        if node.chosen:
            return self._chosen(column, node, parameters, no)
        values = [comparable(column.field, v, self.org.now()) for v in node.values]
        if any(v.high is not None for v in values):
            parts = [self._compare(column, "=", v, parameters) for v in values]
            return f"({no}({' OR '.join(parts)}))"
        filled = [v.low for v in values if v.low is not None]
        marks = ", ".join("?" * len(filled))
        parameters += filled
        inside = f"coalesce({self._collated(column)} IN ({marks}), 0)"
        if column.field.name in _NEVER_EMPTY and column.sql.startswith(f"{self.row}."):
            inside = f"{column.sql} IN ({marks})"
        if len(filled) < len(values):
            inside = f"({inside} OR {column.sql} IS NULL)"
        return f"({no}{inside})" if no else inside

    def _chosen(self, column: Column, node: Within, parameters: list[Any], no: str) -> str:
        options = []
        for value in node.values:
            text = comparable(column.field, value, self.org.now()).low
            parts = [p for p in str(text or "").split(";") if p]
            parameters += [f";{p};" for p in parts]
            options.append(
                "(" + " AND ".join(["instr(';' || " + column.sql + " || ';', ?) > 0"] * len(parts)) + ")"
            )
        return f"({no}coalesce({' OR '.join(options)}, 0))"

    def _nested(self, column: Column, node: Within, parameters: list[Any], no: str) -> str:
        assert node.nested is not None
        if column.field.type not in ("id", "reference"):
            raise ApiError(
                "MALFORMED_QUERY", "The left operand of a semi join must be an id or a reference field"
            )
        inner = Compiler(node.nested, self.access, tooling=self.tooling, depth=self.depth + 1)
        chosen = inner.column(node.nested.items[0].path)
        if chosen.field.type not in ("id", "reference"):
            raise ApiError(
                "MALFORMED_QUERY",
                f"The selected field '{chosen.field.name}' in the subquery must be an id or a reference",
            )
        made = inner.statement()
        parameters += made.parameters
        found = (
            f"SELECT {chosen.sql} FROM records {inner.row} WHERE {made.where} AND {chosen.sql} IS NOT NULL"
        )
        return f"({no}coalesce({column.sql} IN ({found}), 0))"

    def _bound(self, node: Condition) -> int | None:
        """The earliest time of change that a condition lets through; None where it says nothing."""
        if isinstance(node, Logic):
            bounds = [self._bound(p) for p in node.parts]
            if node.operator == "AND":
                return max((b for b in bounds if b is not None), default=None)
            if node.operator == "OR" and all(b is not None for b in bounds):
                return min(b for b in bounds if b is not None)
            return None
        names = self.steps(node.path)
        if (
            isinstance(node, Within)
            or len(names) > 1
            or names[0] not in _MOMENTS
            or node.operator not in ("=", ">", ">=")
        ):
            return None
        low = comparable(self.field(self.sobject.name, names[0]), node.value, self.org.now()).low
        return low if isinstance(low, int) else None


def _key(f: Field, row: str) -> str:
    """What a lookup names of the record that it points to: a definition is named by its durable id."""
    return (
        f"json_extract({row}.properties, '$.DurableId')"
        if f.targets == ("EntityDefinition",)
        else f"{row}.id"
    )


def _folded(f: Field) -> bool:
    """Texts compare without regard to case; ids do not."""
    return (
        f.type in ("string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox")
        and not f.external
    )
