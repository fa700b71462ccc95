"""The Streamlit pages; arrives with the app."""
