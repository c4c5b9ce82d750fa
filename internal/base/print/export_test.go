package print

// Covered lets the test of the fonts see the table.
var Covered = covered

// Charmap lets the test of the letters see what is read of a font.
var Charmap = charmap
