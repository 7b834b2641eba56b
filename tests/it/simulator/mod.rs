//! `affiant simulate` from outside: the real binary, plain HTTP, what Microsoft's pages promise.

mod bench;

mod directory;
mod limits;
mod mail;
mod reports;
mod sign_in;
mod usage;
mod volume;
