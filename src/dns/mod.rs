//! One question to DNS: the TXT records under a name, as the public keys of mail signers are kept there.
//!
//! A stub that asks a recursive resolver over UDP, over TCP where the answer is too long, and reports what it said: the
//! text, that there is none, or nothing. It validates nothing itself; the resolver's own word that it did (the AD bit) is
//! handed on. It must not know mail, nor keep anything.

mod resolver;
mod system;
mod wire;

pub use resolver::{Answer, NoAnswer, Resolver, ResolverError};
