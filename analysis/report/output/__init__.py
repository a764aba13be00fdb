"""How the report leaves the program: tables, figures, escaped text and reproducible SVG."""
