package carddav

// Batch makes the batches of a book small, so that a few cards fill pages.
func (b *Book) Batch(n int) *Book {
	b.batch = n
	return b
}
