package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// An Outer says where the outer key stands. Never in the database, and better
// not in the same backup.
type Outer struct {
	// Text is the key itself, 32 bytes in base64, as in the environment variable
	// KITH_KEY. When it is set, File is not looked at.
	Text string
	// File has the key: 32 bytes, or these in base64. Only its owner may read it.
	File string
}

// key reads the outer key. It makes the file when that is allowed and there is
// none.
func (o Outer) key(random io.Reader, create bool) (Key, error) {
	if o.Text != "" {
		k, err := parseOuter([]byte(o.Text))
		if err != nil {
			return Key{}, errors.New("KITH_KEY is not a key: it must be 32 random bytes in base64. Make one with:  openssl rand -base64 32")
		}
		return k, nil
	}
	k, err := readKeyFile(o.File)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if !create {
		return Key{}, fmt.Errorf("%s: %w", o.File, ErrKeyGone)
	}
	if err := makeKeyFile(o.File, random); err != nil {
		return Key{}, fmt.Errorf("make a key file: %w", err)
	}
	return readKeyFile(o.File)
}

// readKeyFile refuses a key that others than its owner can read: it has been
// seen, or will be.
func readKeyFile(path string) (Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("read the key: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("read the key: %w", err)
	}
	// Windows has no such bits; a folder of the user's own protects there.
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return Key{}, fmt.Errorf("the key file %s can be read or changed by other users of this machine. Close it with:  chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return Key{}, fmt.Errorf("read the key: %w", err)
	}
	k, err := parseOuter(text)
	if err != nil {
		return Key{}, fmt.Errorf("the key file %s is damaged. Put it back from a backup", path)
	}
	return k, nil
}

// parseOuter takes 32 bytes as they are or in base64.
func parseOuter(text []byte) (Key, error) {
	if len(text) == keySize {
		return outerKey(text)
	}
	master, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		return Key{}, errors.New("neither 32 bytes nor base64")
	}
	return outerKey(master)
}

// makeKeyFile makes a key file whole or not at all, and never in place of
// another: a key that is overwritten takes everything it has sealed with it.
func makeKeyFile(path string, random io.Reader) error {
	master := make([]byte, keySize)
	if _, err := io.ReadFull(random, master); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = part.WriteString(base64.StdEncoding.EncodeToString(master) + "\n")
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link fails when the name is taken.
	err = os.Link(part.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster, and its key is as good
	}
	syncFolder(filepath.Dir(path))
	return err
}

// syncFolder makes a new name survive a power loss, where folders can be opened.
func syncFolder(path string) {
	folder, err := os.Open(path)
	if err != nil {
		return
	}
	defer folder.Close()
	_ = folder.Sync()
}
