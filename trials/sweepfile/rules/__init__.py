"""One file per subject of the sweep file; each function takes the document and returns problems."""
