//! The package as a whole: what each kill leaves, what other tools say, what never changes.
