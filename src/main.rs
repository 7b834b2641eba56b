//! The binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    affiant::cli::main()
}
