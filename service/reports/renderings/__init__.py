"""Reports in the formats that their readers use: spreadsheets, papers, browsers, printers."""
