//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-rod/rod/lib/proto"
)

const (
	pictures    = "../docs/images"
	pictureSize = 150 << 10 // no larger: they are in every clone
)

// The pictures of the manual are those of the pages. They can be taken at any time;
// KITH_SCREENSHOTS=1 puts them into docs/images, and those of the dark and of a
// telephone into the folder KITH_SCREENSHOTS_DARK, to be looked at.
func TestScreenshots(t *testing.T) {
	w, b := owned(t)
	w.connects("hr")
	w.places("people.csv", people(30))
	b.open("/imports/new").gives("Select the file to import", w.file("attendees.csv", attendees))
	b.fill("Country of telephone numbers", "GB").tick("Update the contacts")
	b.picture("import-file")
	b.press("Next").at("Import file preview").press("Next").at("Mapping")
	b.picture("import-map")
	b.press("Show the plan").at("Plan 1")
	b.picture("plan")
	b.press("Apply 4 changes").at("Run 1").sees("Finished")
	b.picture("run")
	b.press("See, correct and retry what did not get through").at("What did not get through")
	b.picture("rejects")
	b.fill("E-mail Address of line 4", "cy@example.org").press("Import the ticked records as they stand here").at("Run 2")

	b.open("/imports/new").fill("or a new list", "staff")
	b.fills("hr", "people.csv", "Delete contacts not found", "Update the contacts")
	b.press("Next").press("Schedule import").at("Schedule import")
	b.fill("Time zone", "Europe/Paris").sees("02:00, Europe/Paris")
	b.picture("import-schedule")
	b.tick("Also run it now").press("Finish").at("Run 3").sees("30 created")
	w.places("people.csv", people(20))
	b.open("/imports").picture("imports")
	b.press("Go").sees("Guard:")
	b.picture("guard")
	b.open("/").picture("home")
	b.book("contacts").picture("contacts")
	b.press("Ada King").at("Ada King").picture("contact")
}

// picture takes one of the page as it stands: the light one for the manual, and
// what it looks like in the dark and on a telephone for whoever looks at them.
func (b *tab) picture(name string) {
	b.t.Helper()
	b.quiet()
	if more := os.Getenv("KITH_SCREENSHOTS_DARK"); more != "" {
		b.theme("dark")
		b.shoot(filepath.Join(more, name+"-dark.png"), true)
		b.size(390)
		b.shoot(filepath.Join(more, name+"-390.png"), true)
		b.theme("light")
		b.size(1200)
	}
	folder := pictures
	if os.Getenv("KITH_SCREENSHOTS") != "1" {
		folder = b.t.TempDir()
	}
	content := b.shoot(filepath.Join(folder, name+".png"), false)
	if len(content) > pictureSize {
		b.t.Errorf("the picture %s has %d bytes, want at most %d", name, len(content), pictureSize)
	}
}

// shoot takes what the window shows, or the whole page.
func (b *tab) shoot(path string, whole bool) []byte {
	b.t.Helper()
	content, err := b.Screenshot(whole, &proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng})
	b.world.no(err)
	b.world.no(os.MkdirAll(filepath.Dir(path), 0o755))
	b.world.no(os.WriteFile(path, content, 0o644))
	return content
}
