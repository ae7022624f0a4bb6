package fetch

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"

	"github.com/jlaffaye/ftp"

	"github.com/kith-sync/kith/egress"
)

// What the answers of FTP servers mean to people.

// answered returns the code of what a server answered, 0 when it was not the server.
func answered(err error) int {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return said.Code
	}
	return 0
}

func gone(err error) bool { return answered(err) == ftp.StatusFileUnavailable }

func (p *ftpPlace) unopened(err error) error {
	switch answered(err) {
	case 421:
		return &Fault{Code: CodeUnreachable, Message: "The server takes no more connections now", Err: err, Again: true}
	case 500, 502, 504, 530, 534:
		return fault(CodeDenied, "The server does not speak TLS on this port. Choose another --set tls=, or another port", err)
	}
	return network(err)
}

func (p *ftpPlace) notSignedIn(err error) error {
	switch answered(err) {
	case ftp.StatusNotLoggedIn, 331, 332:
		return fault(CodeDenied, "The server does not take this user name and password", err)
	case 421:
		return &Fault{Code: CodeUnreachable, Message: "The server takes no more connections now", Err: err, Again: true}
	case 0:
		_, silent := errors.AsType[net.Error](err)
		if silent || isTLS(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return network(err)
		}
	}
	return fault(CodeDenied, "Signing in was refused", err)
}

func (p *ftpPlace) folderFault(folder string, err error) error {
	if answered(err) != 0 {
		return fault(CodeMissing, "There is no folder "+folder+", or this user may not enter it", err)
	}
	return network(err)
}

// listFault is C24: said clearly.
func (p *ftpPlace) listFault(folder string, err error) error {
	if _, ok := errors.AsType[*dataFault](err); ok {
		return p.dataRefused(err)
	}
	if code := answered(err); code >= 500 {
		return cannotList(folder, err)
	}
	if answered(err) != 0 {
		return p.transfer(err)
	}
	return network(err)
}

func cannotList(folder string, err error) error {
	return fault(CodeNoListing, "This user may not list the folder "+folder+", so that no file can be found by its pattern. Ask the server's operator for the right to list it, or name one file instead of a pattern", err)
}

func (p *ftpPlace) fileFault(err error) error {
	if _, ok := errors.AsType[*dataFault](err); ok {
		return p.dataRefused(err)
	}
	switch code := answered(err); {
	case code == ftp.StatusFileUnavailable:
		return fault(CodeMissing, "There is no file of that name, or this user may not read it", err)
	case code != 0:
		return p.transfer(err)
	}
	return network(err)
}

// dataRefused asks the operator, where it is the guard that refuses, for a line
// without a port: the server's next one will be another.
func (p *ftpPlace) dataRefused(err error) error {
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		line := refused.Line
		if line != "" {
			line = p.host
		}
		return &egress.Refused{Target: refused.Target, Why: refused.Why + " (FTP opens a second connection, to a port that the server chooses)", Line: line}
	}
	return fault(CodeUnreachable, "The second connection of FTP, to a port that the server chooses, could not be opened", err)
}

// transfer is a fault of a transfer that the server told. 522 is how it asks for
// a TLS session that is resumed.
func (p *ftpPlace) transfer(err error) error {
	if code := answered(err); code == 521 || code == 522 {
		return fault(CodeDenied, "The server wants its files encrypted in another way", err)
	}
	return &Fault{Code: CodeCut, Message: "The server broke the transfer off", Err: err, Again: answered(err) < 500}
}

func (p *ftpPlace) changeFault(err error) error {
	switch {
	case err == nil:
		return nil
	case answered(err) != 0:
		return fault(CodeDenied, "This user may not move or delete files there", err)
	}
	return network(err)
}

func isTLS(err error) bool {
	_, bad := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	return bad || plain
}

// network is a fault of the way to a server.
func network(err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		return refused
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fault(CodeDenied, "The server's certificate is not one that Kith trusts. If the authority is your own, name its file with --set ca=", bad.Err)
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fault(CodeDenied, "The server does not speak TLS on this port. Choose another --set tls=, or another port", record)
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return &Fault{Code: CodeUnreachable, Message: "The server did not answer in time", Err: err, Again: true}
	}
	return &Fault{Code: CodeUnreachable, Message: "The server could not be reached", Err: err, Again: true}
}
