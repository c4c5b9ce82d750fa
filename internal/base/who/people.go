package who

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// escaped keeps the signs of LIKE from meaning more than themselves.
var escaped = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

const personColumns = `id, name, email, phone, webhook, department, function_name, deputy, zone, roles, active, version`

// Person returns one person. Permission directory.read, or own.read for
// oneself. Webhook is empty for others without directory.edit.
func (s *Service) Person(ctx context.Context, by Identity, id string) (Person, error) {
	need := PermDirectoryRead
	if by.Person != "" && by.Person == id {
		need = PermOwnRead
	}
	if err := Check(by, need); err != nil {
		return Person{}, err
	}
	p, err := s.PersonTx(ctx, s.db, id)
	return shown(by, p), err
}

// shown leaves out what this viewer may not see: the address calls are posted to often carries a secret of its own.
// Whoever keeps the directory sees it, and the person.
func shown(by Identity, p Person) Person {
	if !by.Has(PermDirectoryEdit) && (by.Person == "" || by.Person != p.ID) {
		p.Webhook = ""
	}
	return p
}

// PersonTx reads one person for other rooms, without a permission. NotFound
// when there is none.
func (s *Service) PersonTx(ctx context.Context, r store.Reader, id string) (Person, error) {
	p, err := scanPerson(r.QueryRow(ctx, `SELECT `+personColumns+` FROM person WHERE id=?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, fault.New(fault.NotFound, "There is no such person")
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %s: %w", id, err)
	}
	return p, nil
}

// PersonByEmailTx reads the person with an e-mail address, in any case of
// letters. NotFound when there is none.
func (s *Service) PersonByEmailTx(ctx context.Context, r store.Reader, email string) (Person, error) {
	p, err := scanPerson(r.QueryRow(ctx, `SELECT `+personColumns+` FROM person WHERE email_key=?`, strings.ToLower(email)))
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, fault.New(fault.NotFound, "There is no such person")
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person by e-mail: %w", err)
	}
	return p, nil
}

// ActiveByRoleTx returns the active people who hold a role, ordered by name,
// for other rooms, without a permission.
func (s *Service) ActiveByRoleTx(ctx context.Context, r store.Reader, role Role) ([]Person, error) {
	return readPeople(ctx, r, `SELECT `+personColumns+` FROM person WHERE active=1 AND roles LIKE ?
		ORDER BY name_key, id`, "%,"+string(role)+",%")
}

// People lists people by name. Permission directory.read. next is "" on the
// last page. Webhook is empty as in Person.
func (s *Service) People(ctx context.Context, by Identity, f Filter, cursor string, limit int) (people []Person, next string, err error) {
	if err := Check(by, PermDirectoryRead); err != nil {
		return nil, "", err
	}
	if f.Role != "" && !f.Role.Valid() {
		return nil, "", fault.InvalidField("role", "is not a role")
	}
	keys, err := by.OpenCursor(cursor, f, 2)
	if err != nil {
		return nil, "", err
	}
	limit = Limit(limit)
	q, args := `SELECT `+personColumns+` FROM person WHERE 1=1`, []any{}
	if f.Role != "" {
		q, args = q+` AND roles LIKE ?`, append(args, "%,"+string(f.Role)+",%")
	}
	if f.Department != "" {
		q, args = q+` AND department=?`, append(args, f.Department)
	}
	if f.ActiveOnly {
		q += ` AND active=1`
	}
	if words := strings.ToLower(strings.TrimSpace(f.Q)); words != "" {
		like := "%" + escaped.Replace(words) + "%"
		q += ` AND (name_key LIKE ? ESCAPE '!' OR email_key LIKE ? ESCAPE '!' OR LOWER(department) LIKE ? ESCAPE '!'
			OR LOWER(function_name) LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!')`
		args = append(args, like, like, like, like, like)
	}
	if keys != nil {
		q, args = q+` AND (name_key>? OR (name_key=? AND id>?))`, append(args, keys[0], keys[0], keys[1])
	}
	people, err = readPeople(ctx, s.db, q+` ORDER BY name_key, id LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(people) > limit {
		people = people[:limit]
		last := people[limit-1]
		next = by.Cursor(f, strings.ToLower(last.Name), last.ID)
	}
	for i := range people {
		people[i] = shown(by, people[i])
	}
	return people, next, nil
}

func readPeople(ctx context.Context, r store.Reader, q string, args ...any) ([]Person, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	defer rows.Close()
	var people []Person
	for rows.Next() {
		p, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("list people: %w", err)
		}
		people = append(people, p)
	}
	return people, rows.Err()
}

func scanPerson(row interface{ Scan(...any) error }) (Person, error) {
	var p Person
	var roles string
	var active int
	err := row.Scan(&p.ID, &p.Name, &p.Email, &p.Phone, &p.Webhook, &p.Department, &p.Function,
		&p.Deputy, &p.Zone, &roles, &active, &p.Version)
	p.Roles, p.Active = splitRoles(roles), active == 1
	return p, err
}

// joinRoles stores roles as ",a,b," so that LIKE finds whole ones.
func joinRoles(roles []Role) string {
	if len(roles) == 0 {
		return ","
	}
	var b strings.Builder
	b.WriteByte(',')
	for _, r := range roles {
		b.WriteString(string(r) + ",")
	}
	return b.String()
}

func splitRoles(s string) []Role {
	roles := []Role{}
	for r := range strings.SplitSeq(strings.Trim(s, ","), ",") {
		if r != "" {
			roles = append(roles, Role(r))
		}
	}
	return roles
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
