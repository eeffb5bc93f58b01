package sliceutil

// RemoveAt removes without order.
func RemoveAt[T any](s []T, i int) []T {
	s[i] = s[len(s)-1]
	return s[:len(s)-1] // overhang: helper
}
