// Package archtest holds the rules of the house as Go tests: who may import whom, one writer for each table,
// the size brakes, one source of time, no hidden state. The rules are read from the source text alone, so the
// package imports nothing of the product. To change a rule, change its table here and write an ADR that says why.
package archtest
