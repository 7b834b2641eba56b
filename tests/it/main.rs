//! Black-box tests: the real binary, real HTTP, other people's tools.
#![allow(clippy::print_stderr, reason = "a test that skips says so")]

mod corpus_identity;
mod rebuilt_mail;
mod graph_examples;
mod by_hand;
mod damage;
mod handmade;
mod house;
mod stranger;
