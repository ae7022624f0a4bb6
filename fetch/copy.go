package fetch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// Limits say how much a file may be. The zero value is right for most.
type Limits struct {
	Size   int64 // bytes, also after unpacking; 16 GiB when 0
	Unpack bool  // takes .gz files
}

// The limits of reliability.md 5.1.
const (
	maxSize  = 16 << 30
	maxRatio = 100
)

// A Copied is a file that was brought whole.
type Copied struct {
	Entry
	Bytes int64  // that were brought, as they lay at the server
	Hash  string // SHA-256 of them, hexadecimal
}

// Copy brings a file and writes its content to w, unpacked where it is packed. It
// is an error when the server sends less or more than it said, when the file
// changes meanwhile, and when it is a web page. What had tells is what the
// caller has of it already.
func Copy(ctx context.Context, p Place, file string, had Entry, limits Limits, w io.Writer) (Copied, error) {
	if limits.Size == 0 {
		limits.Size = maxSize
	}
	r, e, err := p.Open(ctx, file, had)
	if err != nil {
		return Copied{Entry: e}, err
	}
	c, err := limits.copy(r, e, w)
	if second := r.Close(); err == nil && second != nil && ctx.Err() == nil {
		err = &Fault{Code: CodeCut, Message: "The server did not confirm that it sent the whole file", Err: second, Again: true}
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return c, err
}

func (l Limits) copy(r io.Reader, e Entry, w io.Writer) (Copied, error) {
	c := Copied{Entry: e}
	switch {
	case e.Size > l.Size:
		return c, l.tooLarge()
	case e.Endless:
		return c, fault(CodeCut, "The server does not say how long the file is, so that a cut one could not be told from a whole one. Use https", nil)
	}
	sum := sha256.New()
	counted := &counter{r: io.LimitReader(io.TeeReader(r, sum), l.Size+1)}
	content, err := l.unpacked(counted, e)
	if err == nil {
		err = copyContent(content, w, l.Size, counted)
	}
	if err == nil {
		err = drained(counted)
	}
	c.Bytes, c.Hash = counted.n, hex.EncodeToString(sum.Sum(nil))
	switch {
	case err != nil:
		return c, err
	case counted.n > l.Size:
		return c, l.tooLarge()
	case e.Size >= 0 && counted.n != e.Size:
		return c, &Fault{Code: CodeCut, Message: fmt.Sprintf("The server said the file has %d bytes, and sent %d", e.Size, counted.n), Again: true}
	}
	return c, nil
}

func (l Limits) tooLarge() error {
	return fault(CodeTooLarge, fmt.Sprintf("The file is larger than %d MB. If that is meant, raise the connection's limit with --set max_mb=", l.Size>>20), nil)
}

// unpacked returns the content of what is read: a file is packed because its name
// says so, or because the server packed it for the way.
func (l Limits) unpacked(r io.Reader, e Entry) (io.Reader, error) {
	name := e.Path
	if e.Name != "" {
		name = e.Name
	}
	packed := strings.EqualFold(path.Ext(strings.SplitN(name, "?", 2)[0]), ".gz")
	switch {
	case e.Encoding == "gzip" || e.Encoding == "x-gzip":
	case e.Encoding != "" && e.Encoding != "identity":
		return nil, fault(CodeWrongContent, "The server sent the file packed in a way that was not asked for", errors.New(e.Encoding))
	case !packed:
		return r, nil
	case !l.Unpack:
		return nil, fault(CodeWrongContent, "The file is packed (.gz). If it may be unpacked, say so with --set gzip=yes", nil)
	}
	unpacking, err := gzip.NewReader(r)
	if err != nil {
		return nil, gzipFault(err)
	}
	return unpacking, nil
}

func gzipFault(err error) error {
	if known, ok := errors.AsType[*Fault](err); ok {
		return known
	}
	return fault(CodeCut, "The packed file is damaged or was cut", err)
}

// copyContent copies the content, and looks at how it begins.
func copyContent(content io.Reader, w io.Writer, limit int64, raw *counter) error {
	_, unpacking := content.(*gzip.Reader)
	in := bufio.NewReader(content)
	if head, _ := in.Peek(512); looksLikePage(head) { // what else there is to say, Read says
		return webPage()
	}
	buffer := make([]byte, 1<<20)
	for n := int64(0); ; {
		got, err := in.Read(buffer)
		n += int64(got)
		if n > limit {
			return (Limits{Size: limit}).tooLarge()
		}
		if unpacking && n > 1<<20 && n > raw.n*maxRatio {
			return fault(CodeTooLarge, "The packed file becomes more than a hundred times as large: that is no list of people", nil)
		}
		if _, bad := w.Write(buffer[:got]); bad != nil {
			return bad
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && unpacking:
			return gzipFault(err)
		case err != nil:
			return broken(err)
		}
	}
}

// broken is a fault in the middle of a transfer.
func broken(err error) error {
	if known, ok := errors.AsType[*Fault](err); ok {
		return known
	}
	return &Fault{Code: CodeCut, Message: "The connection ended before the whole file was here", Err: err, Again: true}
}

// drained reads what is left after the content: of a packed file nothing may be.
func drained(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		return broken(err)
	}
	if n > 0 {
		return fault(CodeWrongContent, "There is more after the end of the packed file", nil)
	}
	return nil
}

// looksLikePage reports whether a content begins as web pages do. No list of
// people does, whatever the server calls it.
func looksLikePage(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head[:min(len(head), 512)], []byte("\xef\xbb\xbf")), " \t\r\n"))
	for _, begin := range []string{"<!doctype html", "<html", "<head", "<!-- html"} {
		if bytes.HasPrefix(head, []byte(begin)) {
			return true
		}
	}
	return false
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Settled looks at a file twice, with a pause between, and returns the second
// look: a file that somebody is still writing is Postponed (reliability.md 4).
func Settled(ctx context.Context, p Place, file string, pause time.Duration, sleep func(context.Context, time.Duration) error) (Entry, error) {
	first, err := p.Stat(ctx, file)
	if err != nil {
		return first, err
	}
	if err := sleep(ctx, pause); err != nil {
		return first, err
	}
	second, err := p.Stat(ctx, file)
	if err == nil && !first.Same(second) {
		err = fault(CodePostponed, "Somebody is still writing the file. It is read when it has come to rest", nil)
	}
	return second, err
}
