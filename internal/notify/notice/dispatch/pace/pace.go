// Package pace says when the next message may go: so many a second to the whole server, so
// many to one domain of recipients. It keeps a mass notice (policy 003, "timely manner")
// from being taken for spam by those who receive many of its copies. It is pure arithmetic:
// the caller brings the time. It must not import anything of the house.
package pace

import "time"

// Pace holds the buckets. The zero rates mean "as fast as it goes". It is not safe for
// concurrent use; the caller's queue has a lock of its own.
type Pace struct {
	server    bucket
	perDomain float64
	domains   map[string]*bucket
}

// New returns the buckets for a rate to the server and one to each domain, per second.
func New(perSecond, perDomain float64) *Pace {
	return &Pace{server: bucket{rate: perSecond}, perDomain: perDomain, domains: map[string]*bucket{}}
}

type bucket struct {
	rate float64
	free time.Time // when the next one may go
}

// wait is how long until the next may go; 0: now.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.rate <= 0 {
		return 0
	}
	return max(0, b.free.Sub(now))
}

func (b *bucket) take(now time.Time) {
	if b.rate <= 0 {
		return
	}
	if b.free.Before(now) {
		b.free = now
	}
	b.free = b.free.Add(time.Duration(float64(time.Second) / b.rate))
}

// Take returns 0 and takes the turn, or how long to wait.
func (p *Pace) Take(now time.Time, domain string) time.Duration {
	d := p.domain(domain)
	if w := max(p.server.wait(now), d.wait(now)); w > 0 {
		return w
	}
	p.server.take(now)
	d.take(now)
	return 0
}

// ServerWait is how long nobody's turn comes, whatever the domain.
func (p *Pace) ServerWait(now time.Time) time.Duration { return p.server.wait(now) }

func (p *Pace) domain(name string) *bucket {
	if p.perDomain <= 0 {
		return &bucket{}
	}
	d := p.domains[name]
	if d == nil {
		d = &bucket{rate: p.perDomain}
		p.domains[name] = d
	}
	return d
}
