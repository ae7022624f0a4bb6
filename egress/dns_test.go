package egress_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A nameServer answers look-ups on loopback. It lets a name lead to one place
// the first time and to another the next, and, as some systems' resolvers do,
// takes a number for the address it would be in C.
type nameServer struct {
	mu    sync.Mutex
	names map[string][][]netip.Addr // name -> addresses of its first, second... look-up
	asked map[string]int            // "name type" -> look-ups so far
}

func addrs(texts ...string) []netip.Addr {
	all := make([]netip.Addr, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParseAddr(t)
	}
	return all
}

// answerer starts a name server and returns it with its resolver.
func answerer(t *testing.T) (*nameServer, *net.Resolver) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{asked: map[string]int{}, names: map[string][][]netip.Addr{
		"loopback.example.com":      {addrs("127.0.0.1")},
		"loopback6.example.com":     {addrs("::1")},
		"private.example.com":       {addrs("10.1.2.3")},
		"metadata.example.com":      {addrs("169.254.169.254")},
		"mapped.example.com":        {addrs("::ffff:127.0.0.1")},
		"several.example.com":       {addrs("10.1.2.3", "127.0.0.1", "fd00::1", "::1")},
		"xn--mller-kva.example.com": {addrs("127.0.0.1")},
		"anything.localhost":        {addrs("127.0.0.1")},
		"localhost":                 {addrs("127.0.0.1")},
		"127.1":                     {addrs("127.0.0.1")},
		"2130706433":                {addrs("127.0.0.1")},
		"0x7f000001":                {addrs("127.0.0.1")},
		"0177.0.0.1":                {addrs("127.0.0.1")},
		"0":                         {addrs("0.0.0.0")},
		"2852039166":                {addrs("169.254.169.254")},
		"nas.example.com":           {addrs("127.0.0.1")},
		"nas.example.org":           {addrs("127.0.0.1")},
	}}
	done := make(chan struct{})
	go func() { defer close(done); s.serve(conn) }()
	t.Cleanup(func() { conn.Close(); <-done })
	return s, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// set gives a name the addresses of its look-ups; the last ones stay.
func (s *nameServer) set(name string, lookups ...[]netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[name] = lookups
}

func (s *nameServer) serve(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(buffer[:n]) != nil || len(question.Questions) != 1 {
			continue
		}
		answer := s.answer(question)
		packed, err := answer.Pack()
		if err != nil {
			continue
		}
		_, _ = conn.WriteTo(packed, from)
	}
}

func (s *nameServer) answer(question dnsmessage.Message) dnsmessage.Message {
	q := question.Questions[0]
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true}, Questions: question.Questions}
	found, known := s.lookup(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")), q.Type)
	if !known {
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range found {
		head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return reply
}

func (s *nameServer) lookup(name string, kind dnsmessage.Type) (found []netip.Addr, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lookups, known := s.names[name]
	if !known {
		return nil, false
	}
	key := name + " " + kind.String()
	n := min(s.asked[key], len(lookups)-1)
	s.asked[key]++
	return lookups[n], true
}
