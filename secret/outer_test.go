package secret_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kith-sync/kith/secret"
)

func TestTheKeyFile(t *testing.T) {
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want          string // in the error; empty when the file is taken
	}{
		{"base64 with a line break is taken", keyText(1) + "\n", 0o600, ""},
		{"base64 alone is taken", keyText(1), 0o600, ""},
		{"32 bytes are taken", string(bytes.Repeat([]byte{1}, 32)), 0o600, ""},
		{"a file that nobody may write is taken", keyText(1), 0o400, ""},
		{"a file that the group can read is refused", keyText(1), 0o640, "chmod 600"},
		{"a file that everybody can read is refused", keyText(1), 0o604, "chmod 600"},
		{"a file that others can write is refused", keyText(1), 0o602, "chmod 600"},
		{"an empty file is damaged", "", 0o600, "damaged"},
		{"half a key is damaged", keyText(1)[:20], 0o600, "damaged"},
		{"31 bytes are damaged", string(bytes.Repeat([]byte{1}, 31)), 0o600, "damaged"},
		{"two keys are damaged", keyText(1) + "\n" + keyText(1), 0o600, "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.want == "chmod 600" {
				t.Skip("Windows has no such bits")
			}
			file := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(file, []byte(c.content), c.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, c.mode); err != nil { // the umask may have taken bits
				t.Fatal(err)
			}
			_, err := secret.Open(ctx, secret.Outer{File: file}, &shelf{}, random(1))
			contains(t, err, c.want)
			if after, _ := os.ReadFile(file); string(after) != c.content {
				t.Errorf("the file was changed from %q to %q", c.content, after)
			}
		})
	}
}

func contains(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !bytes.Contains([]byte(err.Error()), []byte(want))) {
		t.Errorf("got error %v, want %q in it", err, want)
	}
}

func TestTheKeyFileIsMadeOnce(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "key")
	database := &shelf{}
	sealed := seal(t, open(t, secret.Outer{File: file}, database), here, "hunter2")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the key file has mode %o, want 600", got)
	}
	wantOpen(t, open(t, secret.Outer{File: file}, database), here, sealed, "hunter2")
	if found, _ := os.ReadDir(folder); len(found) != 1 {
		t.Errorf("the folder has %v, want the key alone", found)
	}
}

func TestTheKeyOfTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	for _, c := range []struct{ name, text, want string }{
		{"32 bytes in base64", keyText(1), ""},
		{"with a line break", keyText(1) + "\n", ""},
		{"a password", "correct horse", "openssl rand -base64 32"},
		{"16 bytes", "AAAAAAAAAAAAAAAAAAAAAA==", "openssl rand -base64 32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := secret.Open(ctx, secret.Outer{Text: c.text, File: file}, &shelf{}, random(1))
			contains(t, err, c.want)
			if err != nil && bytes.Contains([]byte(err.Error()), []byte(c.text)) {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the key file was made although KITH_KEY is set")
	}
}
