package test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// A replica takes over that missed the last invalidation and the last task. The master
// was killed, or stood still and comes back for a while as the master that it was.
func TestAReplicaThatLaggedTakesOver(t *testing.T) {
	t.Parallel()
	for name, thaws := range map[string]bool{"the master is killed": false, "the master is frozen and thaws": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.StartSentinel(t, 1)
			master, replica := s.Nodes()[0], s.Nodes()[1]
			prod := production{env: []string{"REDIS_URL=" + s.URL(), "DATABASE_URL=" + pgtest.Database(t)}}
			prod.database = strings.TrimPrefix(prod.env[1], "DATABASE_URL=")
			mustRun(t, prod.env, "", "migrate", "up")
			mustRun(t, prod.env, password+"\n", "user", "add", userEmail, "--name", "Max")
			mustRun(t, prod.env, password+"\n", "user", "add", adminEmail, "--name", "Chefin", "--role", "admin")
			servers := []*process{start(t, prod.env, "serve"), start(t, prod.env, "serve")} // no mail server: tasks wait
			admin := servers[0].login(t, adminEmail)
			for _, p := range servers {
				isLocal(t, p, "/users/1", admin)
			}
			has := func(node *redistest.Server, what string) func() error {
				return func() error {
					if got := node.CLI(t, "GET", "cache:user:1"); !strings.Contains(got, what) {
						return fmt.Errorf("the node has %q", got)
					}
					return nil
				}
			}
			eventually(t, startTimeout, has(replica, `"Max"`))

			master.CutOff(t, replica)
			conn := psql(t, prod.database)
			execute(t, conn, `UPDATE public.users SET name = 'Neu' WHERE id = 1`)
			ctx, cancel := context.WithTimeout(t.Context(), 2*startTimeout)
			defer cancel()
			for _, p := range servers {
				if _, err := p.untilShown(ctx, "/users/1", "Neu", admin); err != nil {
					t.Fatal(err)
				}
			}
			if r := servers[0].request(t, "POST", "/users", `{"name":"Zoe","email":"zoe@example.com","password":"correct horse"}`); r.status != 201 {
				t.Fatalf("register: %d %s", r.status, r.body)
			}
			tasksAre := func(node *redistest.Server, want int64) {
				t.Helper()
				eventually(t, startTimeout, func() error {
					if n := queueLength(t, node); n != want {
						return fmt.Errorf("%d tasks in Redis, want %d", n, want)
					}
					return nil
				})
			}
			tasksAre(master, 1)
			if err := has(replica, `"Max"`)(); err != nil {
				t.Fatalf("the replica is to have the old value: %v", err)
			}
			if n := queueLength(t, replica); n != 0 {
				t.Fatalf("the replica has %d tasks, want none", n)
			}

			if thaws {
				master.Freeze(t)
			} else {
				master.Kill(t)
			}
			s.AwaitMaster(t, replica)
			if thaws {
				master.Thaw(t)
			}
			back := time.Now()
			showsNothingOldForLong(ctx, t, servers, admin, back)
			eventually(t, startTimeout, func() error {
				if has(replica, `"Max"`)() == nil {
					return fmt.Errorf("the old value is in Redis %v after its return", time.Since(back))
				}
				return nil
			})
			for _, p := range servers {
				isLocal(t, p, "/users/1", admin)
			}
			tasksAre(replica, 1)
			mails := newMailServer(t)
			launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
			mails.wait(t, "zoe@example.com")
			awaitNoDurable(t, conn)
			if n := len(mails.To("zoe@example.com")); n != 1 {
				t.Errorf("%d mails, want 1", n)
			}
		})
	}
}
