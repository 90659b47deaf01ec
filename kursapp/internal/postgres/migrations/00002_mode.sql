-- +goose Up

-- What kind of server this database belongs to: the row mode is demo or
-- production, and each kind refuses the other's. The demo writes its mark
-- before it migrates (see mode.go), so the table may be there already.
CREATE TABLE IF NOT EXISTS public.kursapp_meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);

-- The users that the demo made, so that `kursapp migrate undemo` deletes
-- precisely these, whatever somebody renamed them to.
CREATE TABLE public.demo_users (
    id bigint PRIMARY KEY,

    CONSTRAINT demo_users_id_fkey FOREIGN KEY (id) REFERENCES public.users (id) ON DELETE CASCADE
);
