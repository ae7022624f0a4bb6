package desk

import "slices"

// freeMail are domains where everybody may have an address: people who share one share
// no company, so nothing is concluded from it. It need not be whole. A provider that is
// missing gives a lead its name as company, which a person sees before taking them;
// a company that stood here by mistake would only be typed by hand.
var freeMail = []string{
	"126.com", "163.com", "aol.com", "bigpond.com", "bluewin.ch", "bt.com", "btinternet.com", "comcast.net", "duck.com", "fastmail.com", "fastmail.fm",
	"foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk",
	"hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "icloud.com", "interia.pl", "laposte.net", "libero.it", "live.co.uk", "live.com",
	"live.fr", "live.nl", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "o2.pl", "online.no", "orange.fr", "outlook.com",
	"outlook.de", "outlook.es", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "seznam.cz",
	"sfr.fr", "shaw.ca", "sky.com", "t-online.de", "talktalk.net", "telenet.be", "tuta.com", "tutanota.com", "ukr.net", "uol.com.br", "verizon.net",
	"virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.br",
	"yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "ziggo.nl", "zoho.com",
}

// isFreeMail reports whether anybody may have an address at a domain.
func isFreeMail(domain string) bool {
	_, found := slices.BinarySearch(freeMail, domain)
	return found
}
