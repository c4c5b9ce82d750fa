package print

// Covered lets the test of the fonts see the table.
var Covered = covered
