package toxic

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A server is a real server of files behind ways that can be made bad.
type server struct {
	*desk
	folder string
	ways   []*peer.Proxy
}

// A protocol starts its server, with a desk that is connected to it.
type protocol struct {
	name  string
	start func(t *testing.T, x *peer.Toxiproxy) *server
}

func protocols() []protocol {
	return []protocol{{"SFTP", sftp}, {"FTPS", ftps}, {"HTTPS", https}}
}

func sftp(t *testing.T, x *peer.Toxiproxy) *server {
	s := &server{desk: sit(t), folder: t.TempDir()}
	sshd := peer.StartSSHD(t)
	s.ways = append(s.ways, x.To(t, sshd.Addr))
	s.files("sftp", sshd.Key, s.folder, map[string]string{"url": "sftp://" + s.ways[0].Addr, "user": sshd.User, "host_key": sshd.HostKey})
	return s
}

// ftps has both connections of vsftpd behind 127.0.0.2: the one for data leads to
// the same host as the other, whatever the server says, and to its port.
func ftps(t *testing.T, x *peer.Toxiproxy) *server {
	s := &server{desk: sit(t), folder: t.TempDir()}
	if err := os.Chmod(s.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	cert, key, _ := peer.Certificate(t)
	data, port := peer.FreeAddr(t)
	addr := peer.VSFTPD(t, s.folder, "explicit", cert, key, "pasv_min_port="+port, "pasv_max_port="+port)
	s.ways = append(s.ways, x.From(t, "127.0.0.2:0", addr), x.From(t, "127.0.0.2:"+port, data))
	s.files("ftps", "ada@example.com", "/", map[string]string{"url": "ftp://" + s.ways[0].Addr, "user": "anonymous", "ca": cert})
	return s
}

func https(t *testing.T, x *peer.Toxiproxy) *server {
	s := &server{desk: sit(t), folder: t.TempDir()}
	cert, key, _ := peer.Certificate(t)
	addr := strings.TrimPrefix(peer.Caddy(t, s.folder, cert, key), "https://")
	s.ways = append(s.ways, x.To(t, addr))
	s.files("https", "", "", map[string]string{"url": "https://" + s.ways[0].Addr + "/", "ca": cert})
	return s
}

// files keeps a sync that removes whoever is not in the file, and has no guard.
func (s *server) files(kind, secret, folder string, settings map[string]string) {
	s.t.Helper()
	if kind != "https" {
		settings["settle_seconds"] = "0"
	}
	s.connect(kind, secret, settings)
	s.keep(plan.Sync{Source: plan.Endpoint{Connection: "far", Path: filepath.Join(folder, "people.csv")}, Target: plan.Endpoint{Book: "people"},
		Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Trash, Scope: plan.WholeBook}},
		Guard:  plan.Guard{Deletes: plan.NoLimit, Changes: plan.NoLimit, Day: plan.NoLimit}})
}

// lay writes a file of so many people, whose last has a note.
func (s *server) lay(from, to int, note string) {
	s.t.Helper()
	var b strings.Builder
	b.WriteString("email,first_name,note\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "p%d@example.com,Person %d,%s\n", i, i, strings.Repeat("as always ", 12))
	}
	fmt.Fprintf(&b, "last@example.com,Last,%s\n", note)
	peer.Write(s.t, filepath.Join(s.folder, "people.csv"), b.String())
}

const crowd = 2000 // people in the file: about 300 kB

// A file that did not come whole changes nothing and removes nobody, although the
// sync removes whoever is not in the file and no guard stops it.
func TestFilesOverABadNetwork(t *testing.T) {
	atLength(t)
	x := peer.StartToxiproxy(t)
	rows := []struct {
		bad
		then []peer.Toxic // what is done once some of the file is here
		code string       // of the run that fails; none where it does not
	}{
		{bad{"the connection is reset before the file", []peer.Toxic{{Type: "reset_peer", Attributes: map[string]int{"timeout": 20}}}}, nil, "fetch."},
		{bad{"the connection is reset in the middle of the file", []peer.Toxic{{Type: "bandwidth", Attributes: map[string]int{"rate": 100}}}},
			[]peer.Toxic{{Type: "reset_peer", Attributes: map[string]int{"timeout": 0}}}, "fetch."},
		{bad{"the file ends after a third", []peer.Toxic{{Type: "limit_data", Attributes: map[string]int{"bytes": 100_000}}}}, nil, "fetch."},
		{bad{"the server stops in the middle and says nothing more", []peer.Toxic{{Type: "slicer", Attributes: map[string]int{"average_size": 8000, "delay": 60_000_000}}}}, nil, "fetch."},
		{bad{"the server is slow", []peer.Toxic{{Type: "bandwidth", Attributes: map[string]int{"rate": 150}}, {Type: "latency", Attributes: map[string]int{"latency": 100, "jitter": 50}}}}, nil, ""},
		{bad{"the file comes in small pieces", []peer.Toxic{{Type: "slicer", Attributes: map[string]int{"average_size": 500, "size_variation": 300, "delay": 100}}}}, nil, ""},
	}
	for _, p := range protocols() {
		for _, row := range rows {
			t.Run(p.name+": "+row.sentence, func(t *testing.T) {
				t.Parallel()
				s := p.start(t, x)
				s.lay(0, crowd, "first")
				s.totals("the first run", plan.Totals{Created: crowd + 1})
				s.lay(1, crowd+1, "second")
				before := s.here()
				for _, w := range s.ways {
					w.Add(t, row.toxics...)
				}
				if row.code == "" {
					s.totals("over the bad network", plan.Totals{Created: 1, Updated: 1, Deleted: 1})
				} else {
					s.fails(row.code, row.then)
					want(t, "the contacts after it", fmt.Sprint(s.here() == before), "true")
				}
				for _, w := range s.ways {
					w.Heal(t)
				}
				if row.code != "" {
					s.totals("the way is good again", plan.Totals{Created: 1, Updated: 1, Deleted: 1})
				}
				if got := len(s.contacts()); got != crowd+1 {
					t.Errorf("got %d contacts, want %d", got, crowd+1)
				}
			})
		}
	}
}

// totals wants a run that does this and nothing else.
func (s *server) totals(what string, want plan.Totals) {
	s.t.Helper()
	got := s.well(what).Totals
	if got.Created != want.Created || got.Updated != want.Updated || got.Deleted != want.Deleted {
		s.t.Errorf("%s: got %d created, %d updated, %d deleted; want %d, %d, %d", what, got.Created, got.Updated, got.Deleted, want.Created, want.Updated, want.Deleted)
	}
}

// begun reports whether some of the file is here.
func (s *server) begun() bool {
	copies, _ := filepath.Glob(filepath.Join(s.Folder, "tmp", "fetched-*", "file")) // the pattern is right
	for _, file := range copies {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
}

// fails wants a run that fails with a code, writes nothing, and says so.
func (s *server) fails(code string, then []peer.Toxic) {
	s.t.Helper()
	var r store.Run
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, err = s.run()
	}()
	for then != nil && !s.begun() {
		select {
		case <-done:
			s.t.Fatalf("the run ended before any of the file was here: %s, %v", r.Status, err)
		case <-time.After(time.Millisecond):
		}
	}
	for _, w := range s.ways {
		w.Add(s.t, then...)
	}
	<-done
	s.t.Logf("%s, %s: %s", r.Status, r.Code, r.Message)
	if err == nil || r.Status != store.Failed || !strings.HasPrefix(r.Code, code) || r.Totals.Writes() != 0 || !strings.Contains(r.Message, "Nothing was changed") {
		s.t.Errorf("got %s, %s, %d writes, %q, %v; want it failed with %s and nothing changed", r.Status, r.Code, r.Totals.Writes(), r.Message, err, code)
	}
}
