package search_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

func TestZZ(t *testing.T) {
	cfg := storetest.Fresh(t, store.Postgres)
	db := storetest.OpenConfig(t, cfg)
	write(t, db, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO search_doc SELECT i*2048, 'incident', 'id-'||i, i, 'Alert suspicious login on host h'||i||'.acme.com',
		 array_to_tsvector(array['=kincident','=vall','=vteam-'||(i%7),'alert','suspicious','login','on','host','h'||i||'.acme.com','h'||i,'acme.com','acme','com','several','failed','attempts','before','success','rule',(i%5000)::text,'matched','see','log','excerpt','needle'||(i%10007),'mod'||(i%100)] || case when i%1000=3 then array['=vrare'] else array[]::text[] end)
		 FROM generate_series(1,600000) i`)
		return err
	})
	write(t, db, func(tx *store.Tx) error { _, err := tx.Exec("ANALYZE search_doc"); return err })
	cfg2 := cfg
	cfg2.URL += "&plan_cache_mode=force_custom_plan"
	db2 := storetest.OpenConfig(t, cfg2)
	for _, d := range []*store.DB{db, db2} {
		for i := range 14 {
			t0 := time.Now()
			search.Search(t.Context(), d, search.Query{Words: fmt.Sprintf("h%d.acme.com", 100+i), Visible: []string{"all"}})
			fmt.Println(time.Since(t0))
		}
		fmt.Println()
	}
	rows, _ := db.Query(t.Context(), "SELECT generic_plans, custom_plans, statement FROM pg_prepared_statements")
	for rows.Next() {
		var a, b int
		var s string
		rows.Scan(&a, &b, &s)
		fmt.Println(a, b, s)
	}
	rows.Close()
}
