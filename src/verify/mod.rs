//! Placeholder: replaced by this module's author.
