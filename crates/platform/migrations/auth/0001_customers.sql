-- Who may do something: organizations that buy, their people, and the operator's people.

create table customers (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null default now()
);

create table members (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    email text not null constraint member_email_is_taken unique
        constraint member_email_is_in_lower_case check (email = lower(email)),
    first_name text not null,
    last_name text not null,
    role text not null default 'owner'
        constraint member_role_is_known check (role in ('owner', 'admin', 'member')),
    -- In the PHC format of argon2. Members that staff made have none until they choose one.
    password_hash text,
    -- When the address was proven; nobody logs in before.
    verified_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create index members_of_customer on members (customer_id, id);

create table staff (
    id uuid primary key,
    email text not null constraint staff_email_is_taken unique
        constraint staff_email_is_in_lower_case check (email = lower(email)),
    password_hash text not null,
    created_at timestamptz not null default now()
);
