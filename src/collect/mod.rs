//! Placeholder: replaced by this module's author.

pub mod rebuild;
