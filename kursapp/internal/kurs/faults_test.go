package kurs_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

var errInjected = errors.New("injected fault")

// faultyStore is a real store whose faults are injected. The hooks are set
// before the call that they are meant for.
type faultyStore struct {
	kurs.Store
	calls atomic.Int64
	// down makes every call fail as a database does that is away.
	down atomic.Bool
	// lostAnswer makes writes commit and then fail, as when the connection
	// breaks during the commit.
	lostAnswer atomic.Bool
	// failCommit makes CreateUser fail in the commit, with nothing stored.
	failCommit atomic.Bool
	// lostForGood makes the store go down once CreateUser is over.
	lostForGood atomic.Bool
	// beforePassword runs once, before a new password is stored.
	beforePassword func()
	// These run once, when that call is over and before its answer is used.
	afterAccountByEmail, afterAccount, afterUpdate, afterDelete, afterCreate, afterPassword func()
}

func unavailable() error { return &kurs.Error{Code: kurs.CodeUnavailable, Err: errInjected} }

func (s *faultyStore) enter() error {
	s.calls.Add(1)
	if s.down.Load() {
		return unavailable()
	}
	return nil
}

func (s *faultyStore) leave(err error) error {
	if err == nil && s.lostAnswer.Load() {
		return unavailable()
	}
	return err
}

func runOnce(hook *func()) {
	if f := *hook; f != nil {
		*hook = nil
		f()
	}
}

func (s *faultyStore) User(ctx context.Context, id int64) (kurs.User, error) {
	if err := s.enter(); err != nil {
		return kurs.User{}, err
	}
	return s.Store.User(ctx, id)
}

func (s *faultyStore) Users(ctx context.Context, after int64, limit int) ([]kurs.User, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	return s.Store.Users(ctx, after, limit)
}

func (s *faultyStore) Account(ctx context.Context, id int64) (kurs.Account, error) {
	if err := s.enter(); err != nil {
		return kurs.Account{}, err
	}
	defer runOnce(&s.afterAccount)
	return s.Store.Account(ctx, id)
}

func (s *faultyStore) AccountByEmail(ctx context.Context, email string) (kurs.Account, error) {
	if err := s.enter(); err != nil {
		return kurs.Account{}, err
	}
	defer runOnce(&s.afterAccountByEmail)
	return s.Store.AccountByEmail(ctx, email)
}

func (s *faultyStore) CredentialsVersions(ctx context.Context, ids []int64) (map[int64]int64, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	return s.Store.CredentialsVersions(ctx, ids)
}

func (s *faultyStore) CreateUser(ctx context.Context, n kurs.NewAccount, tasks ...outbox.Task) (kurs.User, error) {
	if err := s.enter(); err != nil {
		return kurs.User{}, err
	}
	defer runOnce(&s.afterCreate)
	defer func() { s.down.Store(s.lostForGood.Load() || s.down.Load()) }()
	if s.failCommit.Load() {
		return kurs.User{}, outcomeUnknown()
	}
	u, err := s.Store.CreateUser(ctx, n, tasks...)
	if err == nil && s.lostAnswer.Load() {
		return kurs.User{}, outcomeUnknown()
	}
	return u, err
}

func (s *faultyStore) ChangePassword(ctx context.Context, id int64, old, next string, tasks ...outbox.Task) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	runOnce(&s.beforePassword)
	if s.failCommit.Load() {
		return false, outcomeUnknown()
	}
	changed, err := s.Store.ChangePassword(ctx, id, old, next, tasks...)
	runOnce(&s.afterPassword)
	if err == nil && s.lostAnswer.Load() {
		return false, outcomeUnknown()
	}
	return changed, err
}

func (s *faultyStore) ResetPassword(ctx context.Context, digest []byte, now time.Time, next string, tasks ...outbox.Task) (kurs.User, error) {
	if err := s.enter(); err != nil {
		return kurs.User{}, err
	}
	runOnce(&s.beforePassword)
	if s.failCommit.Load() {
		return kurs.User{}, outcomeUnknown()
	}
	u, err := s.Store.ResetPassword(ctx, digest, now, next, tasks...)
	if err == nil && s.lostAnswer.Load() {
		return kurs.User{}, outcomeUnknown()
	}
	return u, err
}

func outcomeUnknown() error {
	return &kurs.Error{Code: kurs.CodeUnavailable, Err: errors.Join(kurs.ErrOutcomeUnknown, errInjected)}
}

func (s *faultyStore) UpdateUser(ctx context.Context, id int64, name, email string, notices ...kurs.EmailNotice) (kurs.User, error) {
	if err := s.enter(); err != nil {
		return kurs.User{}, err
	}
	defer runOnce(&s.afterUpdate)
	u, err := s.Store.UpdateUser(ctx, id, name, email, notices...)
	return u, s.leave(err)
}

func (s *faultyStore) RenameUser(ctx context.Context, id int64, name string) (kurs.User, error) {
	if err := s.enter(); err != nil {
		return kurs.User{}, err
	}
	u, err := s.Store.RenameUser(ctx, id, name)
	return u, s.leave(err)
}

func (s *faultyStore) DeleteUser(ctx context.Context, id int64) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer runOnce(&s.afterDelete)
	return s.leave(s.Store.DeleteUser(ctx, id))
}

func (s *faultyStore) RemoveUser(ctx context.Context, id int64) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer runOnce(&s.afterDelete)
	return s.leave(s.Store.RemoveUser(ctx, id))
}

type emailRequest struct {
	userID int64
	email  string
}

// confirmMails stands for the queue of confirmation mails.
type confirmMails struct {
	mu       sync.Mutex
	requests []emailRequest
	version  int64 // of the last one
	refuse   error
}

func (m *confirmMails) RequestConfirmation(_ context.Context, userID int64, newEmail string, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse == nil {
		m.requests = append(m.requests, emailRequest{userID, newEmail})
		m.version = version
	}
	return m.refuse
}

func (m *confirmMails) all() []emailRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.requests)
}
