//! Black-box tests: the real binary, real HTTP, other people's tools.
#![allow(clippy::print_stderr, reason = "a test that skips says so")]

mod tenant;

mod access_lost;
mod access_rows;
mod bad_input;
mod bad_sign_in;
mod by_hand;
mod check;
mod chosen;
mod corpus_identity;
mod crash;
mod damage;
mod doctor;
mod faults;
mod foreign_authority;
mod graph_examples;
mod handmade;
mod house;
mod left_out;
mod loadfile;
mod main_job;
mod must_handle;
mod no_secrets;
mod npm;
mod pace;
mod random;
mod real_mail;
mod rebuilt_mail;
mod reports;
mod resume;
mod retry;
mod sealed;
mod signing_in;
mod stranger;
mod supplement;
mod unlisted;
mod users;
mod simulator;
mod ways_in;
