"""Interpreter B: a small learner that reads the same question as the grammar, and says what plan it would expect.

Trained by `training.py` when a warehouse is built or refreshed; read by `heads.py` with numpy alone. It never makes a plan: its expectation
is evidence for or against the grammar's readings (`arbiter.py`).
"""

from assistant.minds.embedded.learner.heads import FILE_NAME, Expectation, Learner, LearnerFile

__all__ = ["FILE_NAME", "Expectation", "Learner", "LearnerFile"]
