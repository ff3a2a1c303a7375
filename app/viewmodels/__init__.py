"""From an evaluation to rows, series and texts in display units; pure, without Streamlit."""
