package item_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

func somebody() item.Recipient {
	return item.Recipient{ID: "r", Contacts: []item.Contact{
		{Email: "a@x.example", Phone: "1"}, {Email: "b@x.example", Webhook: "https://x.example/in"}, {Email: "A@x.example", Postal: "Street 1"},
	}}
}

// course is every way of a recipient, one after the other.
func course(r item.Recipient, order []item.Channel) string {
	var out []string
	r = item.First(r, order)
	for ok := r.State == item.Queued; ok && len(out) < 20; r, ok = item.Next(r, order) {
		out = append(out, strings.TrimSpace(fmt.Sprint(r.Channel, " ", r.Address)))
	}
	return strings.Join(out, ", ")
}

// The ways follow the notice's channels; what it does not name comes last, so that nobody
// is lost; no address is used twice; a page is only ever the first way.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wish     item.Channel
		channels []item.Channel
		second   item.Channel
		want     string
	}{
		{"", nil, "", "email a@x.example, email b@x.example, phone 1, letter Street 1"},
		{"", nil, item.Letter, "email a@x.example, email b@x.example, letter Street 1, phone 1"},
		{"", []item.Channel{item.Email}, "", "email a@x.example, email b@x.example, phone 1, letter Street 1"},
		{"", []item.Channel{item.Phone, item.Email}, "", "phone 1, email a@x.example, email b@x.example, letter Street 1"},
		{"", []item.Channel{item.Webhook, item.Letter}, "", "webhook https://x.example/in, letter Street 1, email a@x.example, email b@x.example, phone 1"},
		{item.Letter, []item.Channel{item.Email}, "", "letter Street 1, email a@x.example, email b@x.example, phone 1"},
		{"", []item.Channel{item.Page, item.Email}, "", "page, email a@x.example, email b@x.example, phone 1, letter Street 1"},
		{"", []item.Channel{item.Email, item.Page}, "", "email a@x.example, email b@x.example, phone 1, letter Street 1"},
		{"", []item.Channel{item.Email}, item.Letter, "email a@x.example, email b@x.example, letter Street 1, phone 1"},
		{"", []item.Channel{item.Email}, item.HandedOver, "email a@x.example, email b@x.example, handed_over, phone 1, letter Street 1"},
	} {
		if got := course(somebody(), item.Order(c.wish, c.channels, c.second)); got != c.want {
			t.Errorf("%s %v %s:\n got %s\nwant %s", c.wish, c.channels, c.second, got, c.want)
		}
	}
	none := item.First(item.Recipient{Contacts: []item.Contact{{Name: "N"}}}, item.Order("", []item.Channel{item.Phone}, ""))
	if none.State != item.Gap || none.Channel != item.Phone || none.Gap == "" {
		t.Errorf("%+v", none)
	}
}

// Who did not acknowledge goes to the second channel at once, once.
func TestSilent(t *testing.T) {
	t.Parallel()
	order := item.Order("", []item.Channel{item.Email, item.Phone}, item.Letter)
	r := item.First(somebody(), order)
	r, ok := item.Silent(r, order, item.Letter)
	if !ok || r.Channel != item.Letter || r.Stage != 1 {
		t.Fatalf("%+v", r)
	}
	if r, ok = item.Silent(r, order, item.Letter); ok {
		t.Errorf("after the last way: %+v", r)
	}
	// Without an address for the second channel, the next way is taken.
	r = somebody()
	r.Contacts[2].Postal = ""
	r = item.First(r, order)
	if r, ok = item.Silent(r, order, item.Letter); !ok || r.Address != "b@x.example" {
		t.Errorf("%+v", r)
	}
	// What a person handed over is behind them: a call is next, not the same mail again.
	r = item.First(somebody(), order)
	r.Channel = item.HandedOver
	if r, ok = item.Next(r, order); !ok || r.Channel != item.Phone {
		t.Errorf("%+v", r)
	}
}
