package bound_test

import (
	"reflect"
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/bound"
)

func content() bound.Content {
	return bound.Content{
		Notice: "n", Audience: "customer", Purpose: "first", Follows: "1",
		Texts: []bound.Text{{"en", "", "Subject", "Body"}, {"de", "retail", "Betreff", "Text"}}, List: "l",
		Variants: []bound.Variant{{Name: "phone", Channels: []string{"phone"}}, {Name: "retail", Kinds: []string{"customer"}, Countries: []string{"DE"}, Labels: []string{"shop"}, Channels: []string{"email"}}},
		Files:    []bound.File{{"a.pdf", "application/pdf", "aa"}, {"b.pdf", "application/pdf", "bb"}}, Channels: []string{"email", "page"},
		EmbargoAt: 1, Canary: 2, SecondAfterHours: 3, Second: "phone", ReplyTo: "r@example.com",
	}
}

// TestEveryPartCounts changes one part after the other, whatever parts there are.
func TestEveryPartCounts(t *testing.T) {
	t.Parallel()
	base := content().Hash()
	seen := map[string]string{base: "nothing"}
	note := func(name, hash string) {
		if was, ok := seen[hash]; ok {
			t.Errorf("%s gives the same hash as %s", name, was)
		}
		seen[hash] = name
	}
	for i := range reflect.TypeFor[bound.Content]().NumField() {
		c := content()
		f := reflect.ValueOf(&c).Elem().Field(i)
		name := reflect.TypeFor[bound.Content]().Field(i).Name
		switch f.Kind() {
		case reflect.String:
			f.SetString(f.String() + "x")
		case reflect.Int, reflect.Int64:
			f.SetInt(f.Int() + 1)
		case reflect.Slice:
			f.SetLen(f.Len() - 1)
		default:
			t.Fatalf("%s is a %s: say how to change it", name, f.Kind())
		}
		note(name, c.Hash())
	}
	for i := range reflect.TypeFor[bound.Text]().NumField() {
		c := content()
		reflect.ValueOf(&c.Texts[1]).Elem().Field(i).SetString("other")
		note("text "+reflect.TypeFor[bound.Text]().Field(i).Name, c.Hash())
	}
	for i := range reflect.TypeFor[bound.File]().NumField() {
		c := content()
		reflect.ValueOf(&c.Files[1]).Elem().Field(i).SetString("other")
		note("file "+reflect.TypeFor[bound.File]().Field(i).Name, c.Hash())
	}
	for i := range reflect.TypeFor[bound.Variant]().NumField() {
		c := content()
		switch f := reflect.ValueOf(&c.Variants[1]).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("other")
		default:
			f.Set(reflect.ValueOf([]string{"other"}))
		}
		note("variant "+reflect.TypeFor[bound.Variant]().Field(i).Name, c.Hash())
	}
	c := content()
	c.Variants[1].Kinds, c.Variants[1].Countries = c.Variants[1].Countries, c.Variants[1].Kinds
	note("a condition of another sort", c.Hash())
	c = content()
	c.Channels[0], c.Channels[1] = c.Channels[1], c.Channels[0]
	note("order of channels", c.Hash())
	// What is cut elsewhere is not the same.
	c = content()
	c.Texts[0].Subject, c.Texts[0].Body = "SubjectB", "ody"
	note("another cut", c.Hash())
	c = content()
	c.Second, c.ReplyTo = "phoner", "@example.com"
	note("another cut of the settings", c.Hash())
}

func TestOrderOfPartsDoesNotCount(t *testing.T) {
	t.Parallel()
	c := content()
	c.Texts[0], c.Texts[1] = c.Texts[1], c.Texts[0]
	c.Files[0], c.Files[1] = c.Files[1], c.Files[0]
	c.Variants[0], c.Variants[1] = c.Variants[1], c.Variants[0]
	if c.Hash() != content().Hash() {
		t.Error("the order in which texts and files were added changes the hash")
	}
	if c.Texts[0].Lang != "de" {
		t.Error("the hash changed the order of the caller's texts")
	}
}

func FuzzBytes(f *testing.F) {
	f.Add("en", "Subject", "Body", "en", "Subjec", "tBody")
	f.Fuzz(func(t *testing.T, l1, s1, b1, l2, s2, b2 string) {
		one := bound.Content{Texts: []bound.Text{{Lang: l1, Subject: s1, Body: b1}}}
		two := bound.Content{Texts: []bound.Text{{Lang: l2, Subject: s2, Body: b2}}}
		if same := one.Texts[0] == two.Texts[0]; same != (string(one.Bytes()) == string(two.Bytes())) {
			t.Errorf("equal %v, but the bytes say otherwise", same)
		}
	})
}
