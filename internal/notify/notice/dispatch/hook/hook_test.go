package hook

import "testing"

// A post goes to the public internet, or nowhere.
func TestOutside(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"127.0.0.1:443", "10.1.2.3:443", "172.16.0.1:443", "192.168.1.1:443", "169.254.169.254:443", "100.64.0.1:443", "0.0.0.0:443", "255.255.255.255:443",
		"224.0.0.1:443", "[::1]:443", "[::]:443", "[fe80::1]:443", "[fe80::1%eth0]:443", "[fd00::1]:443", "[fec0::1]:443", "[ff02::1]:443",
		"[::ffff:127.0.0.1]:443", "[::ffff:169.254.169.254]:443", "[::127.0.0.1]:443", "[::10.0.0.1]:443", "[::ffff:0:10.0.0.1]:443",
		"[64:ff9b::a00:1]:443", "[64:ff9b::a00:1%eth0]:443", "[2002:a00:1::]:443", "[2002:a00:1::%1]:443", "name.example:443", "",
	} {
		if outside(at) == nil {
			t.Errorf("%s is taken for a public address", at)
		}
	}
	for _, at := range []string{"93.184.216.34:443", "[2606:2800:220:1:248:1893:25c8:1946]:443"} {
		if err := outside(at); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}
