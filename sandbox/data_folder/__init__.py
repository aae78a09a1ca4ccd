"""Reads a folder of tables strictly: what is broken is named by line and column."""

from sales_consultant.sandbox.data_folder.errors import DataFolderError
from sales_consultant.sandbox.data_folder.tables import Folder, Table, load_folder
from sales_consultant.sandbox.data_folder.types import field_name, infer

__all__ = ["DataFolderError", "Folder", "Table", "field_name", "infer", "load_folder"]
