//! Black-box tests: the real binary, real HTTP, other people's tools.

mod corpus_identity;
mod rebuilt_mail;
mod graph_examples;
mod damage;
mod handmade;
mod stranger;
