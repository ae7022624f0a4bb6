package cli_test

import (
	"net/http/httptest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kith-sync/kith/connector/carddav/sandbox"
)

// A script has a CardDAV server of its own: $CARDDAV is its address, and
//
//	card a.vcf        puts the file a.vcf there
//	card a.vcf new    puts the file new there under that name
type server struct{ *sandbox.Server }

const serverKey = "carddav"

func serve(env *testscript.Env) {
	s := server{&sandbox.Server{}}
	listening := httptest.NewServer(s)
	env.Defer(listening.Close)
	env.Values[serverKey] = s
	env.Setenv("CARDDAV", listening.URL)
}

func card(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: card NAME [FILE]")
	}
	ts.Value(serverKey).(server).Put(args[0], ts.ReadFile(args[len(args)-1]))
}
