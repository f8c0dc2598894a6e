fn main() -> std::process::ExitCode {
    dering_host::main()
}
