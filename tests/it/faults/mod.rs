//! Faults of the service: whatever it does, the balance closes and the bytes are those that were served.

mod bench;
mod items;
mod listing;
mod mailbox;
mod mixed;
mod passing;
mod schedules;
