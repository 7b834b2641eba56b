//! Affiant.

pub mod terms;
pub mod monitor;
pub mod cloud;
pub mod config;

pub mod session;
pub mod graph;
pub mod directory;
pub mod delegation;
pub mod collect;
pub mod package;
pub mod custody;
pub mod identity;
pub mod verify;

pub mod simulator;
pub mod cli;
