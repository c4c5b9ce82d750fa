package page

import (
	"encoding/base64"
	"net/http"
)

// cookieSay carries one sentence to the next page, which shows it once.
const cookieSay = "wakebell_say"

func (r *Request) sayNext(text string) {
	if text != "" {
		r.SetCookie(http.Cookie{Name: cookieSay, Value: base64.RawURLEncoding.EncodeToString([]byte(text)), MaxAge: 60})
	}
}

// said takes the sentence, and forgets it. Requests for regions leave it for a whole page.
func (r *Request) said() string {
	if r.Request == nil || r.regions != nil {
		return ""
	}
	c, err := r.Cookie(cookieSay)
	if err != nil {
		return ""
	}
	r.SetCookie(http.Cookie{Name: cookieSay, MaxAge: -1})
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(text) > 500 {
		return ""
	}
	return string(text)
}

// cookieTheme holds light or dark; without it the page follows the system.
const cookieTheme = "wakebell_theme"

func (r *Request) theme() string {
	if r.Request == nil || r.Request.Header == nil {
		return ""
	}
	if c, err := r.Cookie(cookieTheme); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// nextTheme is what the switch goes to: system, light, dark, and round again.
func (r *Request) nextTheme() string {
	switch r.theme() {
	case "light":
		return "dark"
	case "dark":
		return ""
	}
	return "light"
}

func theme(r *Request) (Done, error) {
	if err := r.read(); err != nil {
		return Done{}, err
	}
	c := http.Cookie{Name: cookieTheme, Value: r.PostFormValue("theme"), MaxAge: 400 * 24 * 3600}
	if c.Value != "light" && c.Value != "dark" {
		c.Value, c.MaxAge = "", -1
	}
	r.SetCookie(c)
	return Done{}, nil
}

// cookieKeys is "off" where the viewer wants no single-key shortcuts (WCAG 2.1.4). Settings sets it.
const cookieKeys = "wakebell_keys"

// KeysOff says whether single-key shortcuts are switched off.
func (r *Request) KeysOff() bool {
	if r.Request == nil || r.Request.Header == nil {
		return false
	}
	c, err := r.Cookie(cookieKeys)
	return err == nil && c.Value == "off"
}

// SetKeys switches single-key shortcuts on or off.
func (r *Request) SetKeys(on bool) {
	c := http.Cookie{Name: cookieKeys, Value: "off", MaxAge: 400 * 24 * 3600}
	if on {
		c.Value, c.MaxAge = "", -1
	}
	r.SetCookie(c)
}
