"""From a view model to a chart as plain data; no Streamlit, no plotly, no model.

Every function returns a :class:`charts.chart.Chart`; ``drawing.draw`` places it on a page.
"""
