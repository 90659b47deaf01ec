// Made from the OpenAPI document by scripts/types.mjs. DO NOT EDIT.

export interface paths {
    "/api/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read data, ten times a minute
         * @description The 11th request of one client within 60 s is refused until the window ends. `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) say what is left; the latter is absent while nothing is counted.
         */
        get: operations["data"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the audit log, page by page
         * @description Who did what to which account, limit or queue, when and from where. In production for administrators only; in the demo, which answers on loopback alone, for everybody. An entry has an `actor_id` where somebody was logged in, and a `subject_id` where it is about an account. `by` in its detail says how a change was made otherwise: by the code of a mail, from the command line, or in the database itself.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at what the cache has of a user
         * @description It is no read: no counter, no TTL and no order changes.
         */
        get: operations["inspect-cache"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/users/{id}/invalidation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make the cache forget a user */
        post: operations["invalidate-cache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/users/{id}/stampede": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invalidate a user and read it many times at once
         * @description However many read, the database is asked once. One stampede at a time.
         */
        post: operations["stampede"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/users/{id}/warming": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read a user from the database into the cache */
        post: operations["warm-cache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/comparisons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compare reads from the database, from Redis and from memory
         * @description Reads one user many times, one way after another, in this instance and without HTTP. The counters of the cache stay what they are. One comparison at a time, for a minute at most.
         */
        post: operations["start-comparison"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/comparisons/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The comparison that runs, or the last one
         * @description 204 where there was none yet.
         */
        get: operations["comparison"];
        put?: never;
        post?: never;
        /**
         * Cancel the comparison that runs
         * @description One that is over stays as it is.
         */
        delete: operations["cancel-comparison"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/demo/mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the mails of the demo
         * @description The demo sends no mail; it keeps them here. The route does not exist in production.
         */
        get: operations["demo-mails"];
        put?: never;
        /**
         * Have a worker of the demo deliver a mail
         * @description It arrives in the demo's mailbox. The route does not exist in production.
         */
        post: operations["enqueue-demo-mail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/email-confirmations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a new e-mail address into force
         * @description Needs no session: the code shows that its owner reads the mails to that address. It works once.
         */
        post: operations["confirm-email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell that the server is alive
         * @description Always 200. Answers without asking PostgreSQL or Redis; redis is what the last probe in the background found.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the rate limits in force */
        get: operations["list-limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/limits/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forget what somebody was charged under a limit */
        post: operations["reset-limit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/limits/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * See what somebody has left under a limit
         * @description It charges nothing. Whom it is about stands in the body, so that no e-mail address gets into a URL. While Redis is gone, 503.
         */
        post: operations["limit-state"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in and get a token
         * @description The answer to an unknown address and to a wrong password is the same. The demo also accepts `?email=…&password=…` without a body. That form is deprecated: a URL ends up in logs.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a session
         * @description Succeeds for a token that is not, or no longer, known.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/password-resets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a code to replace a forgotten password
         * @description The code comes by mail, works once and for 30 minutes. The answer is the same whether the address has an account or not.
         */
        post: operations["request-password-reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/password-resets/confirmations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace a forgotten password
         * @description Needs no session: the code shows that its owner reads the user's mails. All sessions of the user end. A mail tells the user.
         */
        post: operations["reset-password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the profile of the user who is logged in
         * @description The session and the user come from memory where both are in use. `Cache-Control: no-cache` and `If-None-Match` work as for a user.
         */
        get: operations["profile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profile/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the password of the user who is logged in
         * @description Ends all sessions of the user and begins a new one, whose token takes the place of the one the request came with. Wrong old passwords count as failed logins. A mail tells the user.
         */
        put: operations["change-password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count the tasks of all queues */
        get: operations["list-queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/deletions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete tasks
         * @description Those with the ids, or all that are scheduled, retrying or dead, but none that has left that state meanwhile.
         */
        post: operations["delete-tasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a queue
         * @description What runs goes on; nothing else is started until it is resumed.
         */
        post: operations["pause-queue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume a queue */
        post: operations["resume-queue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/retries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry tasks now
         * @description Those with the ids, or all that are scheduled, retrying or dead; dead ones get all their attempts again. A task that fails meanwhile is not counted twice.
         */
        post: operations["retry-tasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tasks of a queue, page by page
         * @description A task that moves from one state to another meanwhile may be missing or come on two pages.
         */
        get: operations["list-tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/tasks/{task}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task
         * @description 404 when it is done or deleted.
         */
        get: operations["get-task"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of the user who is logged in
         * @description Where and when they began, when they were last used (to the minute), and which one this is.
         */
        get: operations["list-sessions"];
        put?: never;
        post?: never;
        /**
         * End all other sessions of the user who is logged in
         * @description The present one stays.
         */
        delete: operations["end-other-sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one session of the user who is logged in
         * @description It may be the present one.
         */
        delete: operations["end-session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users, page by page
         * @description In production for administrators only. The first page comes through the cache; `Cache-Control: no-cache` on the request reads the database. `If-None-Match` with the `ETag` of an earlier answer gets 304 while nothing has changed.
         */
        get: operations["list-users"];
        put?: never;
        /**
         * Register a user
         * @description Needs no session. A welcome mail follows.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a user, through the cache
         * @description `Cache-Control: no-cache` on the request bypasses the cache and reads the database. `If-None-Match` with the `ETag` of an earlier answer gets 304 while nothing has changed.
         */
        get: operations["get-user"];
        /**
         * Change name and address of a user
         * @description Members of the body besides name and email are ignored, so that a user can be sent back as it was read. In production a user's own new address takes effect once confirmed by mail; the answer shows the address in force.
         */
        put: operations["update-user"];
        post?: never;
        /**
         * Delete a user
         * @description The user's sessions have ended before the answer is sent. In production, 409 where no administrator would be left.
         */
        delete: operations["delete-user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the role of a user, and since when it has been there
         * @description In production for administrators.
         */
        get: operations["get-account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a user an administrator, or none
         * @description For administrators, in the demo too. All sessions of the user end, and the next login has the new role. 409 where no administrator would be left.
         */
        put: operations["change-role"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End all sessions of a user
         * @description For administrators, in the demo too.
         */
        delete: operations["end-user-sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/web/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch this server
         * @description Server-sent events: first `hello` (LiveHello) with the last quarter of an hour, then each second a `sample`, `status` when it changes and every 5 s, and `events` (LiveBatch) as they happen. A reader that is too slow loses some and is told by `gap`. `end` comes last, where the server ends the stream. In production for administrators, and for as long as their session lasts: watching does not prolong it.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/web/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in from a browser
         * @description As /login, with the token in an HttpOnly cookie instead of the answer. The cookie stands in for the Authorization header, except at /logout. The session of a cookie that the request carries ends.
         */
        post: operations["web-login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/web/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out from a browser
         * @description Ends the session of the cookie and clears it. Succeeds without a session.
         */
        post: operations["web-logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/web/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell a browser who is logged in
         * @description Answers 200 to anybody: that nobody is logged in is no error. It prolongs no session.
         */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AccountBody: {
            /** Format: date-time */
            created_at: string;
            /** @description false where nobody can log in with it. */
            has_password: boolean;
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @enum {string} */
            role: "admin" | "user";
        };
        AuditBody: {
            /** @description The newest first. */
            entries: components["schemas"]["AuditEntry"][];
            /** @description Cursor of the next page; absent on the last one. */
            next_cursor?: string;
        };
        AuditEntry: {
            /** @enum {string} */
            action: "registered" | "user_changed" | "password_changed" | "role_changed" | "user_deleted" | "users_truncated" | "login_succeeded" | "login_failed" | "login_limited" | "logged_out" | "session_revoked" | "sessions_revoked" | "password_reset_requested" | "limit_reset" | "queue_paused" | "queue_resumed" | "tasks_retried" | "tasks_deleted";
            /** Format: int64 */
            actor_id?: number;
            /** Format: date-time */
            at: string;
            client_address?: string;
            detail?: {
                [key: string]: unknown;
            };
            /** Format: int64 */
            id: number;
            /** Format: int64 */
            subject_id?: number;
            user_agent?: string;
        };
        BucketBody: {
            /**
             * Format: double
             * @description The longest that is counted here.
             */
            le_us: number;
            /** Format: int64 */
            n: number;
        };
        ComparisonAbout: {
            /**
             * Format: double
             * @description What an empty sample takes. It is in every sample.
             */
            clock_us: number;
            /** Format: int64 */
            cpus: number;
            database: string;
            go: string;
            /** @description What is measured, for people. */
            note: string;
            redis: string;
        };
        ComparisonBody: {
            about: components["schemas"]["ComparisonAbout"];
            /** Format: int64 */
            concurrency: number;
            /** @description Why it failed, for people; else empty. */
            error: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970; 0 while it runs.
             */
            finished_at: number;
            id: string;
            /** Format: int64 */
            requests: number;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            started_at: number;
            /** @enum {string} */
            state: "running" | "done" | "cancelled" | "failed";
            /** Format: int64 */
            user_id: number;
            /** @description Those that have begun, in their order. */
            ways: components["schemas"]["WayBody"][];
        };
        ComparisonRequest: {
            /**
             * Format: int64
             * @description How many of them at the same time.
             * @default 8
             */
            concurrency?: number;
            /**
             * Format: int64
             * @description Reads of each way.
             * @default 1000
             */
            requests?: number;
            /**
             * Format: int64
             * @description The user that is read.
             * @default 1
             */
            user_id?: number;
        } & {
            [key: string]: unknown;
        };
        CountBody: {
            /**
             * Format: int64
             * @description How many tasks were changed.
             */
            count: number;
            /** @description There may be others: one request changes 100,000 at most. */
            more?: boolean;
            /** @description Some stay as they are because they can never run. */
            unfit?: boolean;
        };
        DemoMail: {
            /** @example Hallo Max */
            body?: string;
            /** @description A task that no worker can carry out, so that it dies; the other members do not count. */
            broken?: boolean;
            /** @example Willkommen! */
            subject?: string;
            /** @example max@example.com */
            to?: string;
        } & {
            [key: string]: unknown;
        };
        Device: {
            address: string;
            /** Format: date-time */
            created_at: string;
            current: boolean;
            /** Format: date-time */
            expires_at: string;
            id: string;
            /** Format: date-time */
            last_seen_at: string;
            remembered: boolean;
            user_agent: string;
        };
        DevicesBody: {
            /** @description The newest login first. */
            sessions: components["schemas"]["Device"][];
        };
        EmailConfirmation: {
            /** @description The code from the mail to the new address. */
            token: string;
        } & {
            [key: string]: unknown;
        };
        FieldError: {
            /**
             * @description Where it is: path, query or body, and the name.
             * @example body.email
             */
            location: string;
            /** @description What is wrong with it. */
            message: string;
        };
        HealthBody: {
            /** @description Whether Redis answers. */
            redis: boolean;
            /**
             * @description The process runs and serves.
             * @enum {string}
             */
            status: "ok";
        };
        InspectionBody: {
            /**
             * @description The key in Redis.
             * @example cache:user:1
             */
            key: string;
            /** @description The memory of this instance. */
            local: components["schemas"]["LocalInspectionBody"];
            /**
             * Format: int64
             * @description When this was looked at, in milliseconds since 1970.
             */
            now: number;
            /** @description Null where Redis cannot be asked. */
            redis: components["schemas"]["RedisInspection"] | null;
        };
        LimitOf: {
            /**
             * @description Name of the rule.
             * @example data
             */
            rule: string;
            /** @description Whom it is about, as the rule counts: an address, an e-mail address, or a user's id. Without it, the asker's address. */
            subject?: string;
        } & {
            [key: string]: unknown;
        };
        LimitRule: {
            /** @enum {string} */
            algorithm: "fixed" | "sliding" | "gcra";
            /**
             * Format: int64
             * @description How many at once; 0 but for gcra.
             */
            burst: number;
            /**
             * @description What is charged.
             * @example GET /api/data
             */
            guards: string;
            /**
             * Format: int64
             * @example 10
             */
            limit: number;
            /** @example data */
            name: string;
            /** @description It is not charged. */
            off: boolean;
            /**
             * @description What it counts by: a client's address, an e-mail address, or a user's id.
             * @enum {string}
             */
            subject: "address" | "account" | "user";
            /**
             * Format: int64
             * @example 60000
             */
            window_ms: number;
            /**
             * @description What it does while Redis is gone: let everything pass, nothing, or count in the process.
             * @enum {string}
             */
            without_redis: "open" | "closed" | "local";
        };
        LimitStateBody: {
            /**
             * @description Where Redis counts.
             * @example rate:data:{127.0.0.1}
             */
            key: string;
            /** Format: int64 */
            limit: number;
            /**
             * Format: int64
             * @description What would still be admitted now.
             */
            remaining: number;
            /**
             * Format: int64
             * @description Until nothing counts any more; 0 where nothing does.
             */
            reset_ms: number;
            /**
             * Format: int64
             * @description Until a request would be admitted; 0 where that is now.
             */
            retry_after_ms: number;
            rule: string;
            /** @description As it stands in the key: e-mail addresses are hashed. */
            subject: string;
            /**
             * Format: int64
             * @description How long the key will be there; 0 where it is not, -1 where it has no end.
             */
            ttl_ms: number;
        };
        LimitsBody: {
            /** @description Limits are decided without Redis at the moment. */
            degraded: boolean;
            rules: components["schemas"]["LimitRule"][];
            /**
             * @description The asker's address, as limits by address count it.
             * @example 127.0.0.1
             */
            you: string;
        };
        LiveAbout: {
            /** Format: int64 */
            cpus: number;
            database: string;
            go: string;
            redis: string;
        };
        LiveBacklog: {
            /** Format: int64 */
            waiting: number;
        };
        LiveBatch: {
            events: components["schemas"]["LiveLogEvent"][];
            /**
             * Format: int64
             * @description How much more happened than is shown.
             */
            left_out: number;
        };
        LiveCacheWork: {
            /** Format: int64 */
            collapsed: number;
            /** Format: int64 */
            evictions: number;
            /** Format: int64 */
            fills: number;
            /** Format: int64 */
            fills_refused: number;
            /** Format: int64 */
            invalidated: number;
            /** Format: int64 */
            load_errors: number;
            /** Format: int64 */
            loads: number;
            /** Format: int64 */
            unconfirmed: number;
        };
        LiveEnd: {
            /**
             * @description The server stops, or who watches may no longer.
             * @enum {string}
             */
            reason: "stop" | "session";
        };
        LiveFeature: {
            /** @enum {string} */
            name: "cache" | "sessions" | "limits" | "tasks";
            /** @enum {string} */
            state: "ok" | "degraded" | "down";
        };
        LiveGap: {
            /** Format: int64 */
            lost: number;
        };
        LiveHealth: {
            error: string;
            /** @description Null before it was asked. */
            ok: boolean | null;
            /**
             * Format: int64
             * @description How long the last answer took.
             */
            ping_us: number;
            /**
             * Format: int64
             * @description When that began, in milliseconds since 1970.
             */
            since: number;
        };
        LiveHello: {
            about: components["schemas"]["LiveAbout"];
            events: components["schemas"]["LiveLogEvent"][];
            /** Format: int64 */
            interval_ms: number;
            /** @enum {string} */
            mode: "demo" | "production";
            /** Format: int64 */
            now: number;
            samples: components["schemas"]["LiveSample"][];
            /** Format: int64 */
            started_at: number;
            status: components["schemas"]["LiveStatus"];
            version: string;
        };
        LiveInstance: {
            /** Format: int64 */
            uptime_ms: number;
            version: string;
        };
        LiveLatencies: {
            database: components["schemas"]["LiveLatency"] | null;
            local: components["schemas"]["LiveLatency"] | null;
            redis: components["schemas"]["LiveLatency"] | null;
        };
        LiveLatency: {
            /** Format: int64 */
            n: number;
            /** Format: int64 */
            p50_us: number;
            /** Format: int64 */
            p99_us: number;
        };
        LiveLimitWork: {
            /** Format: int64 */
            admitted: number;
            /** Format: int64 */
            denied: number;
            /**
             * Format: int64
             * @description Of the denied, those for which Redis was not asked.
             */
            remembered: number;
            /** Format: int64 */
            without_redis: number;
        };
        LiveLocalTier: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            entries: number;
            ready: boolean;
        };
        LiveLogEvent: {
            /** @description What went wrong, if anything. */
            error: string;
            /** @description The key in Redis, or its prefix where the whole cache is meant; of a task its queue, a slash and its id. */
            key: string;
            /**
             * @description What happened: to a task where it begins with task_, else in a cache.
             * @enum {string}
             */
            kind: "hit" | "miss" | "load" | "fill" | "fill_refused" | "invalidate" | "unconfirmed" | "breaker_opened" | "breaker_closed" | "local_ready" | "local_lost" | "stale" | "task_done" | "task_failed" | "task_postponed" | "task_dead" | "task_handed_back" | "task_reaped" | "task_lost" | "task_hanging";
            /**
             * @description Why a miss is one; else empty.
             * @enum {string}
             */
            reason: "miss" | "bypass" | "unavailable" | "undecodable" | "stale" | "";
            /** Format: int64 */
            seq: number;
            /**
             * Format: int64
             * @description In milliseconds since 1970.
             */
            t: number;
            /**
             * @description Who was asked; empty where it is not one.
             * @enum {string}
             */
            tier: "local" | "redis" | "database" | "";
            /**
             * Format: int64
             * @description How long it took in microseconds; 0 where that was not measured.
             */
            us: number;
        };
        LiveQueueState: {
            /** Format: int64 */
            dead: number;
            /** Format: int64 */
            died: number;
            /** Format: int64 */
            failed: number;
            /**
             * Format: int64
             * @description How long the oldest task that waits has waited.
             */
            latency_ms: number;
            name: string;
            paused: boolean;
            /** Format: int64 */
            processed: number;
            /** Format: int64 */
            retrying: number;
            /** Format: int64 */
            running: number;
            /** Format: int64 */
            scheduled: number;
            /** Format: int64 */
            waiting: number;
            /** Format: int64 */
            workers: number;
        };
        LiveReads: {
            /** Format: int64 */
            database: number;
            /**
             * Format: int64
             * @description Reads that nobody could answer.
             */
            error: number;
            /** Format: int64 */
            local: number;
            /** Format: int64 */
            redis: number;
            /**
             * Format: int64
             * @description Answers that are over their time, because the database failed.
             */
            stale: number;
        };
        LiveRequests: {
            /**
             * Format: int64
             * @description Answers with a status of 500 or more.
             */
            errors: number;
            /** Format: int64 */
            n: number;
            /**
             * Format: int64
             * @description Null where there was no request.
             */
            p50_us: number | null;
            /**
             * Format: int64
             * @description Null where there was no request.
             */
            p99_us: number | null;
        };
        LiveSample: {
            /** @description Whether a cache does without Redis, because Redis does not answer. */
            breaker_open: boolean;
            cache: components["schemas"]["LiveCacheWork"];
            /** Format: int64 */
            goroutines: number;
            /** Format: int64 */
            heap_bytes: number;
            http: components["schemas"]["LiveRequests"];
            latency: components["schemas"]["LiveLatencies"];
            limits: components["schemas"]["LiveLimitWork"];
            local: components["schemas"]["LiveLocalTier"];
            /** @description Null where the database cannot be asked. */
            outbox: components["schemas"]["LiveBacklog"] | null;
            /** @description Asked every two seconds; null where Redis cannot be asked. */
            queues: components["schemas"]["LiveQueueState"][] | null;
            reads: components["schemas"]["LiveReads"];
            sessions: components["schemas"]["LiveSessionWork"];
            /**
             * Format: int64
             * @description When the second ended, in milliseconds since 1970.
             */
            t: number;
        };
        LiveSessionWork: {
            /** Format: int64 */
            created: number;
            /**
             * Format: int64
             * @description Revocations; all sessions of a user at once count as one.
             */
            ended: number;
            /** Format: int64 */
            lookups_local: number;
            /** Format: int64 */
            lookups_redis: number;
        };
        LiveStatus: {
            database: components["schemas"]["LiveHealth"];
            features: components["schemas"]["LiveFeature"][];
            instance: components["schemas"]["LiveInstance"];
            redis: components["schemas"]["LiveHealth"];
            /** Format: int64 */
            t: number;
            worker: components["schemas"]["LiveWorkerHealth"];
        };
        LiveWorkerHealth: {
            /** @description Null where Redis cannot be asked. */
            ok: boolean | null;
            /**
             * Format: int64
             * @description When that began, in milliseconds since 1970.
             */
            since: number;
            /** Format: int64 */
            workers: number;
        };
        LocalInspectionBody: {
            /** @description What it remembers is that there is no such user. */
            absent: boolean;
            /** @description There is a local tier. */
            enabled: boolean;
            /** @description A read would be answered from it. */
            present: boolean;
            /** @description It may be used now. */
            ready: boolean;
            /** Format: int64 */
            ttl_ms: number;
        };
        Login: {
            /** @example max@example.com */
            email: string;
            /** @example test123 */
            password: string;
            /** @description Whether the session is to outlive the browser: for 14 days without a request, and 30 days at most. Otherwise it is half an hour, and a day. */
            remember?: boolean;
        } & {
            [key: string]: unknown;
        };
        Mail: {
            body: string;
            /** Format: date-time */
            received_at: string;
            subject: string;
            to: string;
        };
        MailsBody: {
            /** @description The newest first. */
            mails: components["schemas"]["Mail"][];
        };
        MeBody: {
            may: components["schemas"]["MeMay"];
            /** @enum {string} */
            mode: "demo" | "production";
            /**
             * Format: date-time
             * @description The server's clock.
             */
            now: string;
            /** @description Null where nobody is logged in. */
            session: components["schemas"]["MeSession"] | null;
            /** @description Redis could not be asked, so user says nothing. */
            session_unknown: boolean;
            /** @description Who is logged in, as at the login; null for nobody. */
            user: components["schemas"]["MeUser"] | null;
            version: string;
        };
        MeMay: {
            /** @description What only an administrator may who is logged in. */
            administer: boolean;
            /** @description Look at caches, limits and queues, and steer them. */
            operate: boolean;
        };
        MeSession: {
            /** Format: date-time */
            began_at: string;
            /** Format: date-time */
            ends_at: string;
            id: string;
            /**
             * Format: date-time
             * @description When it ends unless it is used. Asking here is no use of it.
             */
            idle_ends_at: string;
        };
        MeUser: {
            email: string;
            /** Format: int64 */
            id: number;
            name: string;
            /** @enum {string} */
            role: "admin" | "user";
        };
        MessageBody: {
            message: string;
        };
        PasswordChange: {
            /**
             * @description 8 to 128 characters, and none of the most common passwords.
             * @example another horse battery
             */
            new_password: string;
            /** @example correct horse battery */
            old_password: string;
        } & {
            [key: string]: unknown;
        };
        PasswordChangeBody: {
            message: string;
            /** @description Takes the place of the token of the request. Absent where the request came with the cookie: then the cookie has it. */
            token?: string;
        };
        PasswordReset: {
            /**
             * @description 8 to 128 characters, and none of the most common passwords.
             * @example another horse battery
             */
            password: string;
            /** @description The code from the mail. */
            token: string;
        } & {
            [key: string]: unknown;
        };
        PasswordResetRequest: {
            /** @example max@example.com */
            email: string;
        } & {
            [key: string]: unknown;
        };
        Problem: {
            /** @description What went wrong, for people, in the client's language. */
            detail: string;
            /** @description The invalid parts of the request, one by one. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int64
             * @description The HTTP status of the answer.
             */
            status: number;
            /** @description What kind of problem it is, in the client's language. */
            title: string;
            /**
             * Format: uri
             * @description Which problem it is, for programs: https://iana.org/assignments/http-problem-types#quota-exceeded with status 429, else absent.
             */
            type?: string;
            /** @description The limits of RateLimit-Policy that were exceeded, where there is that header. */
            "violated-policies"?: string[];
        };
        ProfileBody: {
            /** @example max@example.com */
            email: string;
            /** @example Max */
            name: string;
            /**
             * @description Id of the user, as a string.
             * @example 1
             */
            user_id: string;
        };
        QueueState: {
            /** Format: int64 */
            dead: number;
            /**
             * Format: int64
             * @description Tasks that were given up, since ever.
             */
            died: number;
            /**
             * Format: int64
             * @description Runs that ended in an error, since ever.
             */
            failed: number;
            /**
             * Format: int64
             * @description How long the oldest waiting task has waited.
             */
            latency_ms: number;
            /** @example email_queue */
            name: string;
            paused: boolean;
            /**
             * Format: int64
             * @description Runs that succeeded, since ever.
             */
            processed: number;
            /** Format: int64 */
            retrying: number;
            /** Format: int64 */
            running: number;
            /** Format: int64 */
            scheduled: number;
            /** Format: int64 */
            waiting: number;
            /** Format: int64 */
            workers: number;
        };
        QueuesBody: {
            queues: components["schemas"]["QueueState"][];
        };
        RedisInspection: {
            /** @description It says that there is no such user. */
            absent: boolean;
            /**
             * Format: int64
             * @description How long it is.
             */
            bytes: number;
            /** @description Somebody, in any instance, is loading the user. */
            loading: boolean;
            /** @description There is something under the key. */
            present: boolean;
            /** @description The very string that lies there. */
            raw: string;
            /**
             * @description Why a read would ask the database in spite of it; none: it would not.
             * @enum {string}
             */
            reason: "none" | "miss" | "unavailable" | "undecodable" | "stale";
            /**
             * Format: int64
             * @description 0 where the key has no end, or there is nothing.
             */
            ttl_ms: number;
        };
        Registration: {
            /**
             * @description Unique without regard to case.
             * @example max@example.com
             */
            email: string;
            /**
             * @description 1 to 200 characters.
             * @example Max
             */
            name: string;
            /**
             * @description 8 to 128 characters, and none of the most common passwords.
             * @example correct horse battery
             */
            password: string;
        } & {
            [key: string]: unknown;
        };
        RoleChange: {
            /**
             * @example admin
             * @enum {string}
             */
            role: "admin" | "user";
        } & {
            [key: string]: unknown;
        };
        StampedeBody: {
            /**
             * Format: int64
             * @description Readers that shared somebody else's load.
             */
            collapsed: number;
            /**
             * Format: int64
             * @description Until the last one had its answer.
             */
            duration_us: number;
            /** Format: int64 */
            errors: number;
            /**
             * Format: int64
             * @description Readers that found it in memory.
             */
            from_local: number;
            /**
             * Format: int64
             * @description Readers that found the entry in Redis.
             */
            from_redis: number;
            /**
             * Format: int64
             * @description How often the database was asked.
             */
            loads: number;
            /** Format: int64 */
            readers: number;
        };
        StampedeRequest: {
            /**
             * Format: int64
             * @description How many read at once.
             * @default 100
             */
            readers?: number;
        } & {
            [key: string]: unknown;
        };
        Task: {
            /**
             * Format: int64
             * @description Runs that ended in an error.
             */
            attempts: number;
            /**
             * Format: int64
             * @description Runs whose worker vanished.
             */
            crashes: number;
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            died_at?: string;
            /** Format: date-time */
            due_at?: string;
            /** @description What went wrong last. */
            error: string;
            id: string;
            /**
             * Format: int64
             * @description After how many it is given up.
             */
            max_attempts: number;
            /** @description What its producer wrote, as text; values of members that are named like a password, token, secret, key, code or link are left out, in JSON within strings too. In a list, its first 4 KiB. */
            payload: string;
            queue: string;
            /**
             * Format: int64
             * @description Size of the payload in bytes.
             */
            size: number;
            /** Format: date-time */
            started_at?: string;
            /** @enum {string} */
            state: "waiting" | "running" | "scheduled" | "retrying" | "dead";
            type: string;
            /** @description Who runs it. */
            worker?: string;
        };
        TaskIDBody: {
            /** @description Id of the task in email_queue. */
            id: string;
        };
        TaskSelection: {
            /** @description Ids of tasks, 1,000 at most. */
            ids?: string[];
            /**
             * @description All tasks that are. Either this or ids.
             * @example dead
             * @enum {string}
             */
            state?: "scheduled" | "retrying" | "dead" | "";
        } & {
            [key: string]: unknown;
        };
        TasksBody: {
            /** @description Cursor of the next page; absent on the last one. */
            next_cursor?: string;
            tasks: components["schemas"]["Task"][];
        };
        TokenBody: {
            message: string;
            /** @description For Authorization: Bearer. At least 32 characters. */
            token: string;
        };
        User: {
            /** @example max@example.com */
            email: string;
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @example Max */
            name: string;
        };
        UserChange: {
            /**
             * @description Unique without regard to case.
             * @example max@example.com
             */
            email: string;
            /**
             * @description 1 to 200 characters.
             * @example Max
             */
            name: string;
        } & {
            [key: string]: unknown;
        };
        UserPage: {
            /** @description Cursor of the next page; absent on the last one. */
            next_cursor?: string;
            /** @description By id. */
            users: components["schemas"]["User"][];
        };
        WayBody: {
            /**
             * Format: int64
             * @description Reads that were measured.
             */
            done: number;
            /** Format: double */
            duration_us: number;
            /**
             * Format: int64
             * @description Reads that another way answered, for instance because the entry had just ended. They are in no other figure.
             */
            elsewhere: number;
            /**
             * Format: int64
             * @description Reads without an answer, or with a wrong one.
             */
            errors: number;
            /** @description Logarithmic buckets that are not empty. */
            histogram: components["schemas"]["BucketBody"][];
            /** Format: double */
            max_us: number;
            /** Format: double */
            mean_us: number;
            /** Format: double */
            min_us: number;
            /** Format: double */
            p50_us: number;
            /** Format: double */
            p90_us: number;
            /** Format: double */
            p99_us: number;
            /**
             * Format: int64
             * @description How many reads lie between two looks at the clock; each counts with their mean.
             */
            reads_per_sample: number;
            /**
             * Format: double
             * @description Measured reads a second.
             */
            throughput: number;
            /** @enum {string} */
            way: "database" | "redis" | "local";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    data: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description Entries on the page. */
                limit?: number;
                /** @description next_cursor of the page before; without it the newest. */
                cursor?: string;
                /** @description Only entries about this user, or caused by it. */
                user?: number;
                /** @description Only entries with one of these actions, separated by commas. */
                kind?: ("registered" | "user_changed" | "password_changed" | "role_changed" | "user_deleted" | "users_truncated" | "login_succeeded" | "login_failed" | "login_limited" | "logged_out" | "session_revoked" | "sessions_revoked" | "password_reset_requested" | "limit_reset" | "queue_paused" | "queue_resumed" | "tasks_retried" | "tasks_deleted")[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "inspect-cache": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InspectionBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "invalidate-cache": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stampede: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StampedeRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StampedeBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "warm-cache": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "start-comparison": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ComparisonRequest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparisonBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    comparison: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparisonBody"];
                };
            };
            /** @description No comparison yet */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "cancel-comparison": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparisonBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "demo-mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "enqueue-demo-mail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DemoMail"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskIDBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "confirm-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailConfirmation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthBody"];
                };
            };
        };
    };
    "list-limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "reset-limit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LimitOf"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "limit-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LimitOf"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitStateBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenBody"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "request-password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordResetRequest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profile: {
        parameters: {
            query?: never;
            header?: {
                /** @description no-cache reads the database. */
                "Cache-Control"?: string;
                /** @description ETags the client has. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileBody"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordChangeBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuesBody"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "delete-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskSelection"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "pause-queue": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "resume-queue": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "retry-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskSelection"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-tasks": {
        parameters: {
            query?: {
                /** @description Only tasks that are; without it all, one after another. */
                state?: "waiting" | "running" | "scheduled" | "retrying" | "dead";
                /** @description Tasks on the page. */
                limit?: number;
                /** @description next_cursor of the page before; without it the first page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TasksBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-task": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the queue. */
                name: string;
                /** @description Id of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DevicesBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "end-other-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "end-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the session, from GET /sessions. It is not the token. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-users": {
        parameters: {
            query?: {
                /** @description Users on the page. */
                limit?: number;
                /** @description next_cursor of the page before; without it the first page. */
                cursor?: string;
                /** @description Only users whose name or e-mail address contains this, without regard to case. Such pages come from the database. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-user": {
        parameters: {
            query?: never;
            header?: {
                /** @description no-cache reads the database. */
                "Cache-Control"?: string;
                /** @description ETags the client has. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Id of the user.
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    /** @description RFC 9211: hit or why not, and the tier (local, redis, database). */
                    "Cache-Status"?: string;
                    /** @description Names this state. */
                    ETag?: string;
                    /** @description Milliseconds that the cache and the database took. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "update-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "delete-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-account": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "change-role": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "end-user-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the user. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["LiveHello"] | components["schemas"]["LiveSample"] | components["schemas"]["LiveStatus"] | components["schemas"]["LiveBatch"] | components["schemas"]["LiveGap"] | components["schemas"]["LiveEnd"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "web-login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "web-logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
