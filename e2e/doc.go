// Package e2e opens the pages in a real browser, as people do: Chromium, clicks,
// keys and the screen. What can be asked of a page without a browser is tested in
// package web. Its tests need the build tag e2e and a Chromium:
//
//	go test -tags e2e ./e2e
//	KITH_SCREENSHOTS=1 go test -tags e2e -run TestScreenshots ./e2e   # docs/images anew
package e2e
