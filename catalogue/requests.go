package catalogue

const nothingStored = "Nothing was stored."

var requests = []Entry{
	{
		Code: "request.invalid", Group: Request,
		What:    "has a value that is missing, or that is not what it has to be",
		Safe:    nothingChanged,
		Fix:     "Correct the values that stand under errors; the API's description says what each has to be.",
		Example: `Nothing was done. body.pick: expected value to be one of "ours, theirs".`,
	},
	{
		Code: "request.too_large", Group: Request,
		What:    "has a body that is larger than the server takes",
		Safe:    nothingStored,
		Fix:     "Split it, or have the server fetch the file through a connection.",
		Example: `The body is too large. Nothing was stored.`,
	},
	{
		Code: "request.too_many", Group: Request,
		What:    "came too soon after many others of the same token, session or address",
		Safe:    nothingChanged,
		Fix:     "Wait as many seconds as Retry-After says. The headers RateLimit-Remaining and RateLimit-Reset tell beforehand.",
		Example: `These are too many requests. Nothing was done. Try again in 1 s.`,
	},
	{
		Code: "request.key_used", Group: Request,
		What:    "has the Idempotency-Key of another request",
		Safe:    nothingChanged,
		Fix:     "Choose a new key for each request, and keep it only to send the very same request again.",
		Example: `Another request had this Idempotency-Key. Nothing was done. Choose a new one for each request.`,
	},
	{
		Code: "request.unfinished", Group: Request,
		What:    "was sent a second time while the first is still being carried out",
		Safe:    "The first one goes on, once.",
		Fix:     "Ask again in a moment with the same key: the answer will be that of the first.",
		Example: `The first request with this Idempotency-Key is still being carried out. Ask again in a moment.`,
	},
	{
		Code: "object.changed", Group: Request,
		What:    "was made for something as it was, and that has been changed since",
		Safe:    nothingChanged,
		Fix:     "Read it again, look at what is different, and send the change with the new ETag.",
		Example: `Somebody or something else has changed this meanwhile. Nothing was done. Read it again, then decide.`,
	},
	{
		Code: "access.nobody", Group: Request,
		What:    "does not say who asks: it has no token that is good, and no session",
		Safe:    nothingChanged,
		Fix:     "Send Authorization: Bearer with a token. kith token add makes one, and so do the pages under Tokens.",
		Example: `This token is not valid, or not any more. Make a new one.`,
	},
	{
		Code: "access.forbidden", Group: Request,
		What:    "asks for something that the role of whoever asks, or the scopes of their token, do not allow",
		Safe:    nothingChanged,
		Fix:     "Ask an owner for the role, or make a token with the scope that the API's description names.",
		Example: `Your role, or the scopes of this token, do not allow this. Nothing was changed.`,
	},
	{
		Code: "access.prove", Group: Request,
		What:    "asks for something that needs a fresh proof of who somebody is, which a token cannot give",
		Safe:    nothingChanged,
		Fix:     "Do it in a browser, after entering the password once more.",
		Example: `This needs a fresh proof of who you are, which a token cannot give. Do it in a browser.`,
	},
	{
		Code: "source.local", Group: Request,
		What:    "names a file of the server, which nobody may read over the network",
		Safe:    nothingStored,
		Fix:     "Upload the file as an import, or make a connection to its folder. On the machine itself kith syncs create takes any file.",
		Example: `A file of the server cannot be named over the network. Nothing was stored. Upload the file as an import, or make a connection to its folder.`,
	},
	{
		Code: "server.unreachable", Group: Request,
		What:    "was sent to a server that does not answer, or that is not Kith",
		Safe:    "Nothing is known to have been done.",
		Fix:     "Check KITH_URL and whether the server runs; then look at its runs before trying again.",
		Example: `The server that KITH_URL names does not answer: connection refused. Nothing is known to have been done.`,
	},
}
