//go:build e2e

package e2e

import (
	"cmp"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
)

// TestMain ends the browser that the first test started.
func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// chromium is started once: every test has a window of its own, which shares
// nothing with the others.
var chromium struct {
	sync.Once
	browser *rod.Browser
	stop    func()
	err     error
}

// browser returns the Chromium of these tests. Without one the test is skipped;
// under CI it fails.
func browser(t *testing.T) *rod.Browser {
	t.Helper()
	program := found("chromium", "chromium-browser", "google-chrome")
	switch {
	case program != "":
	case os.Getenv("KITH_CI") == "1":
		t.Fatal("no Chromium is here; .ci/run peers installs it")
	default:
		t.Skip("no Chromium is here: install the package chromium to see the pages tested")
	}
	chromium.Do(func() { start(program) })
	if chromium.err != nil {
		t.Fatalf("Chromium did not start: %v", chromium.err)
	}
	return chromium.browser
}

func found(programs ...string) (path string) {
	for _, p := range programs {
		if at, err := exec.LookPath(p); err == nil {
			path = cmp.Or(path, at)
		}
	}
	return path
}

// start starts Chromium. No name but 127.0.0.1 leads anywhere: a page that asks
// another host for something is found out by the watch, and gets nothing.
func start(program string) {
	l := launcher.New().Bin(program).NoSandbox(os.Geteuid() == 0).
		Set("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1").Set("no-proxy-server").
		Set("disable-component-update").Set("hide-scrollbars").Set("lang", "en-GB")
	var address string
	if address, chromium.err = l.Launch(); chromium.err != nil {
		return
	}
	chromium.browser = rod.New().ControlURL(address)
	chromium.err = chromium.browser.Connect()
	chromium.stop = func() {
		_ = chromium.browser.Close() // it is killed in any case
		l.Kill()
		l.Cleanup()
	}
}
