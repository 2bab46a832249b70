// Package benchmarks measures editkit beside what a program would use instead of
// it, on the same work in one run. The work is in internal/contest; ratios is the
// program that compares.
package benchmarks
