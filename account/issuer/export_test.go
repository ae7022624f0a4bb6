package issuer

// Waiting counts the sign-ins that were begun.
func Waiting(p *Provider) int {
	p.waiting.mu.Lock()
	defer p.waiting.mu.Unlock()
	return len(p.waiting.all)
}
