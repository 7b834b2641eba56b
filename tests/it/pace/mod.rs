//! The service's limits, its absence, and what a run may take of this machine.

mod away;
mod cable;
mod calls;
mod machine;
