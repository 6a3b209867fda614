"""An Answer becomes Markdown, a terminal page, CSV or a chart: pure functions, the same number everywhere."""
