"""Who asks, and what they may see: user name -> role -> rights, from the warehouse's policy and `users.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.core.errors import NotAllowed
from tools.core.semantics import SemanticModel
from tools.core.sql_guard import Policy, Rights, Users, open_rights, read_users
from tools.core.warehouse import Warehouse

LOCAL = "local"
