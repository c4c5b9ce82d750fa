package account

import "github.com/wakebell/wakebell/internal/base/who/passphrase"

// SetCost makes hashes cheaper, so that tests of everything else are quick.
func (s *Service) SetCost(c passphrase.Cost) { s.cost, s.dummy = c, c.Dummy() }
