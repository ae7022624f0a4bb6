package service

import "errors"

// fileOfMachine is the setting of a connection or a channel that names a file of this
// machine: the certificate of an authority. Whoever may write one over the network
// could have any file read by it, or one without an end, and find out which files
// there are. So whoever runs Kith sets it, and what the command line has set stays.
const fileOfMachine = "ca"

const onlyHere = "Only whoever runs Kith can name a file of this machine, on the command line: --set ca=FILE"

// mayName refuses a file of this machine that is not the one that was set before.
func mayName(file, before string) error {
	if file == "" || file == before {
		return nil
	}
	return errors.New(onlyHere)
}
